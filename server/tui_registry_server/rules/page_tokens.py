"""Page tokens: where the next page of a search begins (keyset pagination).

A token is opaque to clients: URL-safe base64 of a JSON array, a digest of the search followed by the last row's values
of the keys of the order. The next page begins after that row, whatever was added or deleted since. The digest binds a
token to its search; MLflow's, an offset, would continue in the middle of another. Tokens are neither secret nor signed:
a forged one can only begin elsewhere. Values that would leak something about invisible rows are encrypted before: see
rules.cursors.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Sequence

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.wire.fields import MAX_INT64

_IMPOSSIBLE = re.compile("[\x00\ud800-\udfff]")

Position = tuple[str | int, ...]


def digest(*parts: object) -> str:
    """Identifies a search: 16 hex digits."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def write_token(search: str, position: Sequence[str | int]) -> str:
    """The token of the page after ``position`` in the search with this digest."""
    content = json.dumps([search, *position], separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def read_token(token: str, search: str, kinds: Sequence[type[str] | type[int]]) -> Position:
    """The position in a token of this search, of values of these kinds. Raises InvalidParameterValue."""
    try:
        content = json.loads(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise InvalidParameterValue(
            "The page_token is malformed. Send next_page_token as the last page had it, or none for the first page."
        ) from None
    if not isinstance(content, list) or content[:1] != [search] or not _fits(content[1:], kinds):
        raise InvalidParameterValue(
            "The page_token belongs to another search. Send it with the same filter and order_by as before, or none "
            "for the first page."
        )
    return tuple(content[1:])


def _fits(position: Sequence[object], kinds: Sequence[type[str] | type[int]]) -> bool:
    return [type(value) for value in position] == list(kinds) and all(map(_comparable, position))


def _comparable(value: object) -> bool:
    """Whether every database can compare with it: texts without NUL or lone surrogates, integers of 64 bits."""
    if isinstance(value, str):
        return _IMPOSSIBLE.search(value) is None
    return isinstance(value, int) and abs(value) <= MAX_INT64
