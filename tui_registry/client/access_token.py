"""Access tokens as people and programs pass them."""

import re

WHITESPACE = " \t\r\n\v\f\ufeff"  # the last one is a byte order mark, which some editors write


class TokenError(Exception):
    """The text cannot be a token. The message names its source, and reveals nothing of its content."""


def clean(text: str, source: str) -> str:
    """Strip a token of the whitespace around it, as ``$(cat token)`` leaves it; the result may be empty.

    source: where the token is from, at the start of a sentence. Raises TokenError on characters that no header can
    hold.
    """
    token = text.strip(WHITESPACE)
    if (strange := re.search("[^!-~]", token)) is not None:
        raise TokenError(
            f"{source} cannot be a token: character {strange.start() + 1} of {len(token)} is a blank or not ASCII. "
            "Copy it again."
        )
    return token
