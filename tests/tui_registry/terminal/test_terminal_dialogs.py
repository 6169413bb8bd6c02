"""Dialogs over SSH, in a real terminal: few bytes, fields with edges, and what is decided stays on the screen."""

import time

import pytest

from tests.tui_registry.samples import Samples
from tests.tui_registry.terminal_process import Terminal, terminal
from tests.variants import variant

MAX_BYTES = {(80, 24): 2_600, (120, 40): 4_500, (200, 50): 7_500}
"""Of a dialog that opens: about as many as its own cells, and none for what is beside it."""


def settle(shown: Terminal) -> None:
    """Read until nothing was written for half a second."""
    quiet_until = time.monotonic() + 0.5
    while time.monotonic() < quiet_until:
        before = len(shown.raw)
        assert shown.read()
        if len(shown.raw) > before:
            quiet_until = time.monotonic() + 0.5


@pytest.mark.parametrize("size", [(80, 24), variant((120, 40)), variant((200, 50))], ids=["80x24", "120x40", "200x50"])
def test_a_dialog_costs_little_and_hides_nothing_that_is_decided(samples: Samples, size: tuple[int, int]) -> None:
    model = samples.pending("churn", "Production", comment="Better in every region.")
    samples.version(model, "Production")
    for number in range(12):
        samples.pending(f"other-{number}")
    variables = {"TUI_REGISTRY_URL": samples.url, "TUI_REGISTRY_TOKEN": samples.token, "SSH_TTY": "/dev/pts/0"}
    with terminal(variables=variables, size=size) as shown:
        shown.shows("Inbox (13)", "● live")
        shown.press("G")
        shown.shows("now in Production", "Better in every region.", "compared with version 2")
        settle(shown)
        before = len(shown.raw)
        beside = [line.rpartition("│")[2] for line in shown.text.split("\n")]
        below = [line for line in beside if not line.startswith("▎")]  # but the row, which the dialog may cover
        details = [line.strip() for line in below if "Better in every region." in line or "now in" in line]
        shown.press("a")
        shown.shows("Approve this request?", f"Type {model}", "|Comment (optional)")
        settle(shown)
        assert len(shown.raw) - before < MAX_BYTES[size]
        shown.shows(*details)
        assert "● live" in shown.text
        shown.press("n")
        for key, dialog in ((":", "model, place, action"), ("V", "copy all"), ("?", "Keyboard shortcuts")):
            settle(shown)
            before = len(shown.raw)
            shown.press(key)
            shown.shows(dialog, "Inbox (13)", "● live")
            assert len(shown.raw) - before < 2 * MAX_BYTES[size]
            shown.press("escape")
            shown.until(lambda dialog=dialog: dialog not in shown.text, "it is closed")  # type: ignore[misc]  # mypy sees no defaults of lambdas
        shown.press("q")
        assert shown.ends() == 0
