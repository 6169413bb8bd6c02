"""Cursors: encrypted sequence numbers of changes, 32 characters. Plain numbers would show clients how many changes they
may not see.

The encryption is deterministic and authenticated (SIV: P. Rogaway and T. Shrimpton, Deterministic
Authenticated-Encryption, 2006): an event has the same id at every server, and a forged id is detected.
"""

import base64
import hmac
import secrets

_MAC_BYTES = 12  # the length of salt and number
_SALT_BYTES = 4
_ZERO_SALT = bytes(_SALT_BYTES)


def encode_cursor(number: int, key: bytes, *, fresh: bool = False) -> str:
    """The cursor of a number: always the same, or, if ``fresh``, a different one each time."""
    content = (secrets.token_bytes(_SALT_BYTES) if fresh else _ZERO_SALT) + number.to_bytes(_MAC_BYTES - _SALT_BYTES)
    mac = _mac(key, content)
    return base64.urlsafe_b64encode(mac + _xor_mask(key, mac, content)).decode()


def decode_cursor(cursor: str, key: bytes) -> int | None:
    """The number of a cursor, or None if it is not one of this registry's."""
    try:
        decoded = base64.b64decode(cursor, altchars=b"-_", validate=True)
    except ValueError:
        return None
    mac, content = decoded[:_MAC_BYTES], _xor_mask(key, decoded[:_MAC_BYTES], decoded[_MAC_BYTES:])
    if len(decoded) != 2 * _MAC_BYTES or not hmac.compare_digest(mac, _mac(key, content)):
        return None
    return int.from_bytes(content[_SALT_BYTES:])


def _mac(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, b"code" + content, "sha256")[:_MAC_BYTES]


def _xor_mask(key: bytes, mac: bytes, content: bytes) -> bytes:
    mask = hmac.digest(key, b"mask" + mac, "sha256")
    return bytes(one ^ other for one, other in zip(content, mask, strict=False))
