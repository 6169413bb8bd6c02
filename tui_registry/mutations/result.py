"""What comes of a mutation."""

from dataclasses import dataclass
from enum import StrEnum

from tui_registry.client.errors import CallError


class Verdict(StrEnum):
    """done: it happened. refused: it did not, and the reason is known. unknown: it is not known yet."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a mutation. ``message`` is for people; ``error`` is what the server or the way to it said, if that
    is why it was refused; ``count`` is how many things it settled, if that is not what the mutation says."""

    verdict: Verdict
    message: str
    error: CallError | None = None
    count: int | None = None
