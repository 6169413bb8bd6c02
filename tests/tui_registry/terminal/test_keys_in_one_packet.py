"""Keys that arrive together, as from a fast typist on a slow line: in their order, and never agreeing to the unseen."""

import base64
import sys
import time

import pytest

from tests.tui_registry.console import SIZES
from tests.tui_registry.samples import Samples
from tests.tui_registry.terminal_process import Terminal, terminal
from tests.variants import variant

BUSY = """
import time
from tui_registry.cli import main
from tui_registry.terminal.driver import TerminalDriver
write = TerminalDriver.write
def write_slowly(driver, data):
    write(driver, data)
    if "Approve this request?" in data:
        time.sleep(1)
TerminalDriver.write = write_slowly
main()
"""
"""The console on a machine so busy that a dialog is on the screen for a second before the console continues."""
REST_SECONDS = 1.0  # in which a key that should have done nothing does its harm


def opened(samples: Samples) -> dict[str, str]:
    return {"TUI_REGISTRY_URL": samples.url, "TUI_REGISTRY_TOKEN": samples.token}


def rest(shown: Terminal) -> None:
    until = time.monotonic() + REST_SECONDS
    shown.until(lambda: time.monotonic() > until, "nothing")


def test_enter_acts_where_it_was_pressed(samples: Samples) -> None:
    model = samples.pending("churn")
    with terminal(variables=opened(samples)) as shown:
        shown.shows(model, "a approve", "● live")
        shown.child.send("\r?")
        shown.shows(f"Models › {model}", "Keyboard shortcuts")
        rest(shown)
        assert "Approve this request?" not in shown.text
        shown.press("ctrl+q")
        assert shown.ends() == 0


def test_a_key_is_taken_from_when_its_dialog_can_be_seen(samples: Samples) -> None:
    model = samples.pending("churn")
    with terminal(variables=opened(samples), program=[sys.executable, "-P", "-c", BUSY]) as shown:
        shown.shows(model, "a approve", "● live")
        shown.press("a")
        shown.shows("Approve this request?", "y yes")
        shown.press("y")
        shown.shows("No open requests")
        shown.child.send("?\x11")  # which quits from everywhere, also what is not seen
        assert shown.ends() == 0
    assert samples.stage(model) == "Staging"


@pytest.mark.parametrize(
    "keys", ["ay", variant("ry"), variant("xy"), "a\t\t\t\r", variant("?\r"), "?rej\ry", variant("1ay")]
)
def test_nothing_unseen_is_agreed_to(samples: Samples, keys: str) -> None:
    model = samples.pending("churn")
    with terminal(variables=opened(samples)) as shown:
        shown.shows(model, "a approve", "● live")
        shown.child.send(keys)
        rest(shown)
        assert len(samples.requests()) == 1, shown.text
        shown.press("ctrl+q")
        assert shown.ends() == 0
    assert (samples.stage(model), len(samples.activities(model, "REQUESTED_TRANSITION"))) == ("None", 1)


def test_a_dialog_that_is_seen_takes_its_keys(samples: Samples) -> None:
    model = samples.pending("churn")
    with terminal(variables=opened(samples)) as shown:
        shown.shows(model, "a approve", "● live")
        shown.child.send("ay")
        shown.shows("Approve this request?")
        rest(shown)
        shown.press("y")
        shown.shows("No open requests")
        shown.press("q")
        assert shown.ends() == 0
    assert samples.stage(model) == "Staging"


def test_no_form_is_saved_unseen(samples: Samples) -> None:
    name = f"unseen-{samples.id}"
    with terminal(variables=opened(samples)) as shown:
        shown.shows("No open requests", "● live")
        shown.press("2")
        shown.shows("Models (0)", "n new")
        shown.child.send(f"n{name}\r\r\x13")
        shown.shows(name)
        rest(shown)
        assert samples.call("GET", "/mlflow/registered-models/search").get("registered_models", []) == []
        shown.press("ctrl+q")
        assert shown.ends() == 0


@pytest.mark.parametrize("typed", ["chu", "\x1b[200~chu\x1b[201~"], ids=["typed", "pasted"])
def test_what_is_typed_goes_on_in_what_it_opens(samples: Samples, typed: str) -> None:
    model = samples.model("churn")
    other = samples.model("fraud")
    with terminal(variables=opened(samples)) as shown:
        shown.shows("No open requests", "● live")
        shown.child.send(f"2/{typed}")
        shown.shows("matching “chu” (1)", model)
        shown.until(lambda: other not in shown.text, "the other one is gone")
        shown.press("ctrl+q")
        assert shown.ends() == 0


@SIZES
def test_ctrl_c_says_how_to_quit(samples: Samples, size: tuple[int, int]) -> None:
    """Once in the status line, however often it is pressed."""
    with terminal(variables=opened(samples), size=size) as shown:
        shown.shows("No open requests", "● live")
        for _ in range(2):
            shown.press("\x03")
            shown.shows("✗ Ctrl+C does not quit: press q or type :q. ctrl+q quits from everywhere.", "? help")
        rest(shown)
        assert shown.text.count("does not quit") == 1
        assert "Do you want to quit" not in shown.text
        shown.press("ctrl+q")
        assert shown.ends() == 0


@pytest.mark.parametrize(
    ("key", "title"), [("?", "Keyboard shortcuts"), (":", "Go to"), ("a", "Approve this request?")]
)
def test_ctrl_c_says_how_to_quit_above_a_dialog(samples: Samples, key: str, title: str) -> None:
    samples.pending("churn")
    with terminal(variables=opened(samples)) as shown:
        shown.shows("a approve", "● live")
        shown.press(key)
        shown.shows(title)
        assert "does not quit" not in shown.text
        shown.press("\x03")
        shown.shows(title, "Ctrl+C does not quit: press q")
        shown.press("ctrl+q")
        assert shown.ends() == 0


def test_ctrl_c_copies_what_is_selected(samples: Samples) -> None:
    samples.model("churn")
    with terminal(variables=opened(samples)) as shown:
        shown.shows("No open requests", "● live")
        shown.press("2")
        shown.shows("Models (1)", "n new")
        shown.press("n")
        shown.shows("Name")
        shown.type("fraud")
        shown.shows("fraud")
        shown.press("\x1b[1;2D", "\x1b[1;2D", "\x1b[1;2D", "\x03")  # Shift and ←
        copied = base64.b64encode(b"aud").decode()
        shown.until(lambda: f"\x1b]52;c;{copied}" in shown.raw.decode(), "the text for the clipboard")
        assert "does not quit" not in shown.text
        shown.press("ctrl+q")
        assert shown.ends() == 0
