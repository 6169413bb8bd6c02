"""What systemd is notified of a service of Type=notify: sd_notify(3), in so far as it is needed here."""

import asyncio
import contextlib
import os
import socket


def notify(*assignments: str) -> None:
    """Tell the service manager, if there is one, such as ``READY=1``."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # an abstract socket
        address = f"\0{address[1:]}"
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.sendto("\n".join(assignments).encode(), address)


async def keep_alive() -> None:
    """Say that the event loop still turns, as often as the service manager wants to hear it; for ever."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return
    while True:
        notify("WATCHDOG=1")
        await asyncio.sleep(int(microseconds) / 2_000_000)
