"""Copying, over SSH and inside tmux.

OSC 52 makes the terminal itself copy, wherever it runs; tmux drops it, but has a command for it. Neither reports
whether it worked.
"""

import asyncio
import os

MAX_BYTES = 74_994  # the most that terminals accept
TMUX_TIMEOUT = 2.0  # seconds


def truncate(text: str) -> str:
    """Cut the text to what terminals accept."""
    return text.encode()[:MAX_BYTES].decode(errors="ignore")


async def copy_in_tmux(text: str) -> bool:
    """Pass the text to tmux, which passes it on to the terminal; whether that worked."""
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
        async with asyncio.timeout(TMUX_TIMEOUT):
            await tmux.communicate(text.encode())
    except TimeoutError:
        tmux.kill()
    return await tmux.wait() == 0
