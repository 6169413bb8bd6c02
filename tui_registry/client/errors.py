"""What can go wrong with a call.

CallError
├── Refused            the server answered with an error: ``error_code`` and ``status``
│   ├── Unauthenticated   401: the token is not, or no longer, valid
│   └── UnknownEndpoint   404: the server has no such endpoint, as it is older
├── ReadOnly           nothing was sent: the profile is read-only
├── Unreachable        nothing was sent: the server cannot be reached
├── LostAnswer         it was sent, and no answer came: the change may have happened or not
└── Misunderstood      the answer is not a registry's
"""

from typing import Self

from tui_registry_server.wire.error import EXPIRED, NOT_ACCEPTED

_REASONS = {
    EXPIRED: "no longer accepts this access token: it has expired",
    NOT_ACCEPTED: "does not accept this access token: it is mistyped, or was revoked",
}


class CallError(Exception):
    """Its text is for people. Parts from the server are as sent: not sanitized."""


class Refused(CallError):
    """``retry_after``: seconds to wait before the next call, as the server asks."""

    def __init__(self, status: int, error_code: str, message: str, *, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.status = status
        self.error_code = error_code


class Unauthenticated(Refused):
    """Its text is this program's own: what a server says of headers helps only those who write clients."""

    @classmethod
    def of(cls, server: str, said: str, advice: str, *, error_code: str, retry_after: float) -> Self:
        """server: what was called. said: the server's message, empty if the answer was not a registry's; of an unknown
        one, the first sentence is shown. advice: what to do, a sentence."""
        reason = next(
            (reason for message, reason in _REASONS.items() if said.startswith(message)),
            f"answered 401 Unauthorized{f': {said}' if (said := said.partition('. ')[0].rstrip('.')) else ''}",
        )
        return cls(401, error_code, f"{server} {reason}. {advice}", retry_after=retry_after)


class UnknownEndpoint(Refused):
    """Asking again is of no use until the server is upgraded."""

    @classmethod
    def of(cls, server: str, method: str, path: str, *, error_code: str) -> Self:
        """What was called, and by which method and path."""
        return cls(
            404,
            error_code,
            f"{server} does not know {method} {path}: it is older than this program, unless its URL is wrong. Upgrade "
            "it, or use the version of this program that came with it.",
        )


class ReadOnly(CallError):
    pass


class Unreachable(CallError):
    pass


class LostAnswer(CallError):
    pass


class Misunderstood(CallError):
    pass
