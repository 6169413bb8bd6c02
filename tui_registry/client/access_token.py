"""What people and programs give as an access token."""

import re

BLANKS = " \t\r\n\v\f\ufeff"  # the last one begins a file, as some editors write it


class TokenError(Exception):
    """It cannot be one. Its text says where it is from, and nothing of what it holds."""


def clean(text: str, source: str) -> str:
    """A token without the blanks and line ends around it, as ``$(cat token)`` leaves them; empty, if there is no more.

    source: where it is from, as a sentence begins. Raises TokenError, if it holds what no header can.
    """
    token = text.strip(BLANKS)
    if (strange := re.search("[^!-~]", token)) is not None:
        raise TokenError(
            f"{source} cannot be a token: character {strange.start() + 1} of {len(token)} is a blank or not ASCII. "
            "Copy it again."
        )
    return token
