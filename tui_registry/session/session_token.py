"""A console's token for the embedded registry: it expires after LIFETIME, and is renewed before."""

import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from tui_registry.session import credentials

DAYS = 7
LIFETIME = DAYS * 24 * 60 * 60.0  # seconds
RENEWAL_AGE = LIFETIME / 2  # seconds: a console with the previous token continues to use it until it expires


@dataclass(frozen=True, slots=True)
class SessionToken:
    """``expiry`` is in seconds since the epoch."""

    value: str = field(repr=False)
    expiry: float

    @property
    def is_due(self) -> bool:
        """Whether it should be renewed. One that is valid for too long was created when the clock was wrong."""
        return not LIFETIME - RENEWAL_AGE < self.expiry - time.time() <= LIFETIME

    @classmethod
    def stored(cls, account: str) -> Self | None:
        """The token in the keyring, if any. One of an older release, which never expires, is due."""
        with suppress(credentials.NoKeyringError):
            text = credentials.load(account)
            if text is None:
                return None
            try:
                content = json.loads(text)
                return cls(str(content["token"]), float(content["expiry"]))
            except (ValueError, KeyError, TypeError):
                return cls(text, 0.0)
        return None

    def store(self, account: str) -> None:
        """Store it in the keyring, replacing the previous one; without a keyring it is in memory only."""
        with suppress(credentials.NoKeyringError):
            credentials.store(account, json.dumps({"token": self.value, "expiry": self.expiry}))
