"""The token that a console has for the embedded registry: it ends after LIFETIME, and is renewed before."""

import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from tui_registry.session import credentials

DAYS = 7
LIFETIME = DAYS * 24 * 60 * 60.0  # seconds
RENEWED_AFTER = LIFETIME / 2  # seconds: a console that has the one before works on with it until it ends


@dataclass(frozen=True, slots=True)
class SessionToken:
    """``expiry`` is a time in seconds."""

    value: str = field(repr=False)
    expiry: float

    @property
    def is_due(self) -> bool:
        """Whether it should be renewed. One that would be valid for too long was made by a clock that was wrong."""
        return not LIFETIME - RENEWED_AFTER < self.expiry - time.time() <= LIFETIME

    @classmethod
    def kept(cls, account: str) -> Self | None:
        """The one in the keyring, if there are both. One of an older release, which never ends, is due."""
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

    def keep(self, account: str) -> None:
        """Put it in the keyring, in the place of the one before; if there is no keyring, it is in memory only."""
        with suppress(credentials.NoKeyringError):
            credentials.store(account, json.dumps({"token": self.value, "expiry": self.expiry}))
