"""Repeating calls that fail for the moment. Only for what may be done twice: reads, and imports."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tui_registry.client.errors import CallError, LostAnswer, Refused, Unreachable

T = TypeVar("T")

ATTEMPTS = 7  # over a minute: a server may take that long to restart
FIRST_PAUSE, LAST_PAUSE = 0.5, 20.0  # seconds; each pause is twice the one before
_FOR_THE_MOMENT = {408, 429, 502, 503, 504}


async def retried(call: Callable[[], Awaitable[T]]) -> T:
    """What the call answers. Raises CallError: its last error, or the first that will not go away."""
    pause = FIRST_PAUSE
    for _ in range(ATTEMPTS - 1):
        try:
            return await call()
        except CallError as error:
            if not _passes(error):
                raise
            wait = error.retry_after if isinstance(error, Refused) else 0.0
        await asyncio.sleep(max(pause, wait))
        pause = min(2 * pause, LAST_PAUSE)
    return await call()


def _passes(error: CallError) -> bool:
    return isinstance(error, Unreachable | LostAnswer) or (
        isinstance(error, Refused) and error.status in _FOR_THE_MOMENT
    )
