"""A mutation whose answer was lost: the server is read until it shows what became of it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from tui_registry.client.errors import CallError, LostAnswer, Misunderstood, Refused, Unreachable
from tui_registry.mutations.result import Result, Verdict

MAX_READS = 32  # after a lost answer, over a minute: a server may take that long to restart
MAX_UNCHANGED_READS = 6  # of them that show nothing changed, over six seconds or more, until it is given up
FIRST_PAUSE, LAST_PAUSE = 0.25, 2.0  # seconds between the reads: each pause is twice the one before


_PREFIXES = {
    Verdict.DONE: "The answer was lost, but it is done.",
    Verdict.REFUSED: "The answer was lost, and something else happened.",
    Verdict.UNKNOWN: "The answer was lost, and the server does not say what happened.",
}


async def resolve(happened: Callable[[], Awaitable[bool]], read_back: Callable[[], Awaitable[Result]]) -> Result:
    """The result that ``read_back`` gives once the server shows that it ``happened``; UNKNOWN, if it does not. Both may
    raise CallError. Takes a minute at most."""
    pause, unchanged = FIRST_PAUSE, 0
    gone: CallError | None = None
    for _ in range(MAX_READS):
        try:
            if await happened():
                result = await read_back()
                return replace(result, message=f"{_PREFIXES[result.verdict]} {result.message}")
            unchanged += 1
            if unchanged == MAX_UNCHANGED_READS:
                text = "The answer was lost, and nothing has changed so far: refresh before you repeat it."
                return Result(Verdict.UNKNOWN, text)
        except (Unreachable, LostAnswer, Misunderstood) as error:
            gone = error
        except Refused as error:
            if error.status < 500:
                return Result(
                    Verdict.UNKNOWN, f"The answer was lost, and the server does not say what happened: {error}"
                )
        await asyncio.sleep(pause)
        pause = min(2 * pause, LAST_PAUSE)
    text = "The answer was lost, and the server does not answer: refresh when it is back, before you repeat it."
    return Result(Verdict.UNKNOWN, text, gone)
