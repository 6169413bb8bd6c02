"""Changing the registry: once, and then telling what is true.

A write is frozen when it is asked for. Before it is sent, the server is asked whether things are still as they were; it
is sent once and never again; if its answer is lost, the server is read until it shows what happened.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from tui_registry.client.errors import CallError, LostAnswer, Misunderstood, ReadOnly, Refused, Unreachable

CHECKS = 32  # readings after a lost answer at most, over a minute: a server may take that long to come back
UNCHANGED_CHECKS = (
    6  # of them that find things as they were, over six seconds or more, until nothing is awaited any more
)
FIRST_PAUSE, LAST_PAUSE = 0.25, 2.0  # seconds between the readings: each pause is twice the one before

Found = TypeVar("Found")


class Verdict(StrEnum):
    """done: it happened. refused: it did not, and the reason is known. unknown: nobody can tell yet."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a write, and what to tell about it. ``error`` is what the server or the way to it said, if that is
    why it was refused."""

    verdict: Verdict
    told: str
    error: CallError | None = None


async def _nothing() -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One change.

    title: what it is about, such as "churn version 3". doing: "moving". done: "Moved to Staging.".
    send: sends it. happened: whether the server shows it done.
    changed_meanwhile: what is no longer as it was when the question was asked, in words; empty if nothing.
    inverse: the write that takes exactly this one back, if there is one.
    """

    title: str
    doing: str
    done: str
    send: Callable[[], Awaitable[object]]
    happened: Callable[[], Awaitable[bool]]
    changed_meanwhile: Callable[[], Awaitable[str]] = _nothing
    inverse: "Write | None" = None


async def perform(write: Write, progress: Callable[[str], None] = lambda _: None) -> Result:
    """Never raises a CallError: whatever happens is the result. ``progress`` is told what is being done."""
    progress(write.doing)
    try:
        if problem := await write.changed_meanwhile():
            return Result(Verdict.REFUSED, f"Nothing was sent: {problem}")
    except CallError as error:
        return Result(Verdict.REFUSED, not_sent(error), error)
    try:
        await write.send()
    except CallError as error:
        if may_have_happened(error):
            progress("answer lost, checking")
            return await _find_out(write)
        return Result(Verdict.REFUSED, str(error) if isinstance(error, Refused) else not_sent(error), error)
    return Result(Verdict.DONE, write.done)


def not_sent(error: CallError) -> str:
    """Why something was not even tried, for people."""
    return str(error) if isinstance(error, ReadOnly) else f"Nothing was sent: {error}"


def may_have_happened(error: CallError) -> bool:
    """Whether the server may have done it all the same: what answers in its place, such as a proxy that has waited
    long enough, does not know."""
    return isinstance(error, LostAnswer | Misunderstood) or (isinstance(error, Refused) and error.status >= 500)


async def _find_out(write: Write) -> Result:
    async def look() -> Result | None:
        if not await write.happened():
            return None
        return Result(Verdict.DONE, f"The answer was lost, but it is done. {write.done}")

    found = await find_out(look, "nothing has changed so far")
    return Result(Verdict.UNKNOWN, found) if isinstance(found, str) else found


async def find_out(look: Callable[[], Awaitable[Found | None]], unchanged: str) -> Found | str:
    """Read what became of a write whose answer was lost: what ``look`` finds, or, if it finds nothing, what to tell.

    ``look`` gives None, or raises a CallError, as long as there is nothing to be found. ``unchanged`` says what is so
    if it stays like that.
    """
    pause, same = FIRST_PAUSE, 0
    for _ in range(CHECKS):
        try:
            if (found := await look()) is not None:
                return found
            same += 1
            if same == UNCHANGED_CHECKS:
                return f"The answer was lost, and {unchanged}: look again."
        except (Unreachable, LostAnswer, Misunderstood):
            pass
        except Refused as error:
            if error.status < 500:
                return f"The answer was lost, and the server does not say: {error}"
        await asyncio.sleep(pause)
        pause = min(2 * pause, LAST_PAUSE)
    return (
        "The answer was lost and the server does not say what happened. "
        "Look again when it is back, before you repeat it."
    )
