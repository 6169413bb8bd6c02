"""Showing people where to sign in, and with which code, in a terminal."""

import shutil
import sys
from typing import TYPE_CHECKING

from tui_registry.commands.output import note, picture

if TYPE_CHECKING:
    from tui_registry.session.openid import DeviceCode

LINES_OF_TEXT = 6


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
    if lines and len(lines[0]) <= size.columns and len(lines) + LINES_OF_TEXT <= size.lines:
        picture(lines)
