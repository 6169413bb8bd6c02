"""A sign-in with an OpenID provider: a token that is renewed before it expires, by a refresh token that is in the
keyring and nowhere else.

Several consoles and commands share it. Providers revoke a sign-in whose refresh token is used twice, so that only one
process renews it at a time, and the others take what it has stored.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self

from tui_registry.session import credentials, file_lock
from tui_registry.session.openid import OpenIdError, Provider, Tokens

MAX_RENEWAL_AGE = 120.0  # seconds before its expiry in which a token is renewed, or half of its life
LOCK_TIMEOUT = 20.0  # seconds; another process that renews it takes that long at most


@dataclass(frozen=True, slots=True)
class OpenIdSession:
    """``token`` is what the registry accepts until ``expiry``, in seconds since the epoch, of ``lifetime`` seconds.
    ``account``: of the keyring; empty if it is stored nowhere, and ends with this process."""

    provider: Provider
    token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expiry: float
    lifetime: float
    account: str = ""

    @classmethod
    def begun(cls, provider: Provider, tokens: Tokens) -> Self:
        """Right after the sign-in. Raises OpenIdError."""
        lifetime = float(max(tokens.expires_in, 1))
        token = provider.accepted(tokens)
        return cls(provider, token, tokens.refresh_token, time.time() + lifetime, lifetime)

    @classmethod
    def read(cls, text: str, account: str) -> Self | None:
        """What the keyring has; None if that is an access token."""
        if not text.startswith("{"):
            return None
        try:
            content = json.loads(text)
            provider = Provider(**content.pop("provider"))
            return cls(provider=provider, account=account, **content)
        except (ValueError, TypeError, KeyError):
            return None

    def store(self, account: str) -> "OpenIdSession":
        """Store it in the keyring, in place of what is there. Raises NoKeyringError."""
        content = asdict(self)
        del content["account"]
        credentials.store(account, json.dumps(content))
        return replace(self, account=account)

    @property
    def is_due(self) -> bool:
        """Whether it should be renewed. One that seems to last too long was stored when the clock was wrong."""
        left = self.expiry - time.time()
        return left < min(MAX_RENEWAL_AGE, self.lifetime / 2) or left > self.lifetime

    @property
    def is_expired(self) -> bool:
        return self.expiry <= time.time()

    def renewed(self, folder: Path, *, refused: bool = False) -> "OpenIdSession":
        """Itself with a new token, or as another process has renewed it. ``folder``: for the lock. ``refused``: the
        registry no longer accepts the token. Blocks. Raises OpenIdError."""
        with _locked(folder):
            current = self._stored() or self
            if current.token != self.token and not current.is_due:
                return current
            if not refused and not current.is_due:
                return current
            if not current.refresh_token:
                raise OpenIdError(f"{self.provider.issuer} returned no refresh token, so it cannot be renewed.")
            tokens = current.provider.renew(current.refresh_token)
            following = replace(
                OpenIdSession.begun(current.provider, tokens),
                refresh_token=tokens.refresh_token or current.refresh_token,
            )
            if not self.account:
                return following
            with suppress(credentials.NoKeyringError):
                return following.store(self.account)
            return following

    def end(self) -> None:
        """Tell the provider, if it can be reached."""
        if self.refresh_token:
            with suppress(OpenIdError):
                self.provider.revoke(self.refresh_token)

    def _stored(self) -> "OpenIdSession | None":
        if not self.account:
            return None
        with suppress(credentials.NoKeyringError):
            return OpenIdSession.read(credentials.load(self.account) or "", self.account)
        return None


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / "sign-in.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with suppress(OSError):  # some file systems have no locks
            file_lock.acquire(descriptor, fcntl.LOCK_EX, timeout=LOCK_TIMEOUT)
        yield
    finally:
        os.close(descriptor)
