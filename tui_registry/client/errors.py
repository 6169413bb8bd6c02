"""What can go wrong with a call.

CallError
├── Refused            the server answered with an error; ``error_code`` and ``status`` are its own
│   └── Unauthenticated   401: the token is not, or no longer, valid
├── ReadOnly           nothing was sent: the profile is for reading only
├── Unreachable        nothing was sent: there is nobody to talk to
├── LostAnswer         it was sent, and no answer came: what was asked for may have happened or not
└── Misunderstood      the answer is not what a registry says
"""


class CallError(Exception):
    """Its text is for people; what the server said in it is as the server sent it."""


class Refused(CallError):
    """``retry_after``: seconds that the server wants to be left alone for."""

    def __init__(self, status: int, error_code: str, message: str, *, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.status = status
        self.error_code = error_code


class Unauthenticated(Refused):
    pass


class ReadOnly(CallError):
    pass


class Unreachable(CallError):
    pass


class LostAnswer(CallError):
    pass


class Misunderstood(CallError):
    pass
