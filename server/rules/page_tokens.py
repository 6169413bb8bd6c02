"""Page tokens: where the next page begins, after the last row of this one.

A token holds that row's sort values and a digest of the query, so that a page costs the same at the end of a list as
at its start, and a token of another query is refused instead of skipping rows silently.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from server.rules.errors import InvalidParameterValue


def encode(query: str, position: Sequence[int | str]) -> str:
    """An opaque token, safe in a URL."""
    content = json.dumps([_digest(query), *position], separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode()


def decode(token: str, query: str, types: Sequence[type]) -> tuple[Any, ...]:
    """The position in a token; its values have been seen to be of these types."""
    try:
        digest, *position = json.loads(base64.b64decode(token.encode(), altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error):
        raise _invalid() from None
    if digest != _digest(query) or [type(value) for value in position] != list(types):
        raise _invalid()
    return tuple(position)


def _digest(query: str) -> str:
    return hashlib.sha256(query.encode()).hexdigest()[:16]


def _invalid() -> InvalidParameterValue:
    return InvalidParameterValue(
        "Invalid page token. Send the next_page_token of the last answer, with the same filter and order; leave it out "
        "for the first page."
    )
