"""Encryption of webhooks' secrets at rest, by a key that is not in the database: Fernet, which is AES-128-CBC with
HMAC-SHA256.

The key is read from the variable TUI_REGISTRY_WEBHOOK_KEY or from a file that only its owner can read. Several keys,
separated by white space, allow for a change of keys: the first one encrypts, all decrypt.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tui_registry_server.rules.errors import InvalidParameterValue, InvalidState

if TYPE_CHECKING:
    from cryptography import fernet

VARIABLE = "TUI_REGISTRY_WEBHOOK_KEY"

HOW_TO_MAKE_A_KEY = "Create one with: (umask 077; openssl rand -base64 32 | tr '+/' '-_' > webhook.key)"


class SecretBox:
    """Encrypts and decrypts. Without keys, it refuses to."""

    def __init__(self, keys: str = "") -> None:
        """``keys``: Fernet keys, separated by white space. Raises InvalidParameterValue, which does not quote them."""
        self._fernet: fernet.MultiFernet | None = None
        if not keys.strip():
            return
        from cryptography.fernet import Fernet, MultiFernet  # takes longer to import than most servers need it

        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys.split()])
        except ValueError:
            raise InvalidParameterValue(
                f"The key for webhooks' secrets is not valid: a key is 32 bytes in URL-safe base64. {HOW_TO_MAKE_A_KEY}"
            ) from None

    def seal(self, text: str) -> str:
        """Raises InvalidState without a key."""
        if self._fernet is None:
            raise InvalidState(
                "This server has no key to encrypt webhooks' secrets with, so it takes none. Its operator gives one by "
                f"serve --webhook-key-file FILE, or in {VARIABLE}. {HOW_TO_MAKE_A_KEY}"
            )
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises InvalidState without the key that it was encrypted with."""
        from cryptography.fernet import InvalidToken

        try:
            if self._fernet is not None:
                return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            pass
        raise InvalidState(
            "The webhook's secret cannot be decrypted: this server has no key, or another one. Give the key by serve "
            f"--webhook-key-file FILE, or in {VARIABLE}; or set the secret again."
        )


def is_exposed(file: os.stat_result) -> bool:
    """Whether others than this process's user and root may read or write a file with a secret. As for PostgreSQL's
    keys, a group may read one that belongs to root: so systemd, Kubernetes and others give secrets to a service."""
    is_given = file.st_uid == 0 and os.geteuid() != 0
    return bool(stat.S_IMODE(file.st_mode) & (0o037 if is_given else 0o077))


def secret_box(file: Path | None, environment: Mapping[str, str] = os.environ) -> SecretBox:
    """By the keys in a file that only its owner may read, or else in the environment. Raises InvalidParameterValue."""
    if file is None:
        return SecretBox(environment.get(VARIABLE, ""))
    try:
        with file.open() as stream:
            if is_exposed(os.fstat(stream.fileno())):
                raise InvalidParameterValue(f"Others can read {file}. Change that with: chmod 600 {file}")
            keys = stream.read()
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "it is not text"
        raise InvalidParameterValue(f"The key file {file} could not be read: {why}. {HOW_TO_MAKE_A_KEY}") from None
    if not keys.strip():
        raise InvalidParameterValue(f"The key file {file} is empty. {HOW_TO_MAKE_A_KEY}")
    return SecretBox(keys)
