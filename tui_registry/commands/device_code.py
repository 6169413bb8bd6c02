"""Showing people where to sign in, and with which code, in a terminal."""

import os
import shutil
import sys
from typing import TYPE_CHECKING

import click

from tui_registry.commands.output import note

if TYPE_CHECKING:
    from tui_registry.session.openid import DeviceCode

BLACK_ON_WHITE, RESET = "\x1b[30;107m", "\x1b[0m"


def show(code: "DeviceCode") -> None:
    """On stderr: page and code and, in a terminal that has room for it, the same as a QR code."""
    if sys.stderr.isatty():
        _show_qr_code(code.verification_uri_complete or code.verification_uri)
    note(f"To sign in, open {code.verification_uri}\nand enter the code {code.user_code}")
    note(f"Waiting up to {max(1, code.expires_in // 60)} min (Ctrl-C ends it) ...")


def _show_qr_code(address: str) -> None:
    from tui_registry.terminal.qr_code import qr_code

    lines = qr_code(address)
    size = shutil.get_terminal_size()
    if len(lines[0]) > size.columns or len(lines) + 6 > size.lines or not _can_draw(lines):
        return
    inverted = str.maketrans("█▀▄ ", " ▄▀█")
    for line in lines:
        # With colours of its own it is the same in light and in dark terminals.
        plain = bool(os.environ.get("NO_COLOR"))
        click.echo(line if plain else f"{BLACK_ON_WHITE}{line.translate(inverted)}{RESET}", err=True, color=not plain)


def _can_draw(lines: list[str]) -> bool:
    try:
        "".join(lines).encode(sys.stderr.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
