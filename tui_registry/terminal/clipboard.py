"""Copying, over SSH and inside tmux.

OSC 52 asks the terminal itself to copy, wherever it runs; tmux drops it unless asked in its own way. Neither says
whether it worked.
"""

import asyncio
import os

LONGEST = 74_994  # bytes that terminals take
LIMIT = 2.0  # seconds


def cut(text: str) -> str:
    """What of the text terminals take."""
    return text.encode()[:LONGEST].decode(errors="ignore")


async def copy_in_tmux(text: str) -> bool:
    """Hand the text to tmux, which passes it on to the terminal; whether there was a tmux that took it."""
    if "TMUX" not in os.environ:
        return False
    try:
        tmux = await asyncio.create_subprocess_exec(
            *("tmux", "load-buffer", "-w", "-"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(LIMIT):
            await tmux.communicate(text.encode())
    except TimeoutError:
        tmux.kill()
    return await tmux.wait() == 0
