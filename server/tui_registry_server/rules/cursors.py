"""Cursors: encrypted sequence numbers of changes, so that clients cannot tell how many changes there are that they may
not see. A number would; these are 32 letters that nobody can read or make without the registry's key.

The number is encrypted under its own code (SIV: P. Rogaway and T. Shrimpton, Deterministic Authenticated-Encryption,
2006), so that an event has the same id at every server, and an id that was made up is known for what it is.
"""

import base64
import hmac
import secrets

_MAC_BYTES = 12  # bytes; as many as a salt and a number have
_SALT_BYTES = 4
_ZERO_SALT = bytes(_SALT_BYTES)


def encode_cursor(number: int, key: bytes, *, fresh: bool = False) -> str:
    """A place as letters; always the same, or if ``fresh`` others each time."""
    content = (secrets.token_bytes(_SALT_BYTES) if fresh else _ZERO_SALT) + number.to_bytes(_MAC_BYTES - _SALT_BYTES)
    mac = _mac(key, content)
    return base64.urlsafe_b64encode(mac + _xor_mask(key, mac, content)).decode()


def decode_cursor(place: str, key: bytes) -> int | None:
    """The number of a place, or None if it is not one of this registry's."""
    try:
        given = base64.b64decode(place, altchars=b"-_", validate=True)
    except ValueError:
        return None
    mac, content = given[:_MAC_BYTES], _xor_mask(key, given[:_MAC_BYTES], given[_MAC_BYTES:])
    if len(given) != 2 * _MAC_BYTES or not hmac.compare_digest(mac, _mac(key, content)):
        return None
    return int.from_bytes(content[_SALT_BYTES:])


def _mac(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, b"code" + content, "sha256")[:_MAC_BYTES]


def _xor_mask(key: bytes, mac: bytes, content: bytes) -> bytes:
    mask = hmac.digest(key, b"mask" + mac, "sha256")
    return bytes(one ^ other for one, other in zip(content, mask, strict=False))
