"""Places in the order of all changes, as clients get them: without telling how many changes there are that they may not
see. A number would; these are 32 letters that nobody can read or make without the registry's key.

The number is encrypted under its own code (SIV: P. Rogaway and T. Shrimpton, Deterministic Authenticated-Encryption,
2006), so that an event has the same id at every server, and an id that was made up is known for what it is.
"""

import base64
import hmac
import secrets

_CODE = 12  # bytes; as many as a salt and a number have
_SALT = 4
_NONE = bytes(_SALT)


def conceal(number: int, key: bytes, *, fresh: bool = False) -> str:
    """A place as letters; always the same, or if ``fresh`` others each time."""
    content = (secrets.token_bytes(_SALT) if fresh else _NONE) + number.to_bytes(_CODE - _SALT)
    code = _code(key, content)
    return base64.urlsafe_b64encode(code + _masked(key, code, content)).decode()


def reveal(place: str, key: bytes) -> int | None:
    """The number of a place, or None if it is not one of this registry's."""
    try:
        given = base64.b64decode(place, altchars=b"-_", validate=True)
    except ValueError:
        return None
    code, content = given[:_CODE], _masked(key, given[:_CODE], given[_CODE:])
    if len(given) != 2 * _CODE or not hmac.compare_digest(code, _code(key, content)):
        return None
    return int.from_bytes(content[_SALT:])


def _code(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, b"code" + content, "sha256")[:_CODE]


def _masked(key: bytes, code: bytes, content: bytes) -> bytes:
    mask = hmac.digest(key, b"mask" + code, "sha256")
    return bytes(one ^ other for one, other in zip(content, mask, strict=False))
