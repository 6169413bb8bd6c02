"""Test keyrings: a backend that stores passwords in memory, and backends that fail as real ones do."""

import threading

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class MemoryKeyring(KeyringBackend):
    """Stores passwords in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring's own
        self.passwords: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.passwords[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.passwords:
            raise PasswordDeleteError(username)
        del self.passwords[service, username]


class NotStoringKeyring(MemoryKeyring):
    """Accepts passwords and stores nothing, as keyring's own null backend does."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class LockedKeyring(MemoryKeyring):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("The vault is locked.")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("The vault is locked.")


class HangingKeyring(MemoryKeyring):
    """Waits to be unlocked, which never happens."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.ended.wait(60)
        return None
