"""A bug in the console itself: the terminal is as it was, and a report without secrets is left for who fixes it."""

import re
import stat
import sys
from pathlib import Path

import pytest

from tests.tui_registry.samples import Samples
from tests.tui_registry.terminal_process import terminal
from tui_registry_server import crash

FAILING = """
import sys
from tui_registry import cli
from tui_registry.screens.dialogs import help
class Failing(help.Help):
    def compose(self):
        others = "Bearer abc.def-ghi dapi0123456789abcdef"
        raise RuntimeError(f"There is no help with {self.app.connection.opened.token} and {others}")
help.Help = Failing
sys.exit(cli.main())
"""
"""The console, with a place that cannot be shown."""


def variables(samples: Samples, home: Path) -> dict[str, str]:
    return {"HOME": str(home), "TUI_REGISTRY_URL": samples.url, "TUI_REGISTRY_TOKEN": samples.token}


def test_the_terminal_is_as_it_was_and_a_report_is_kept(samples: Samples, tmp_path: Path) -> None:
    model = samples.pending("mistaken")
    with terminal(
        variables=variables(samples, tmp_path), program=(sys.executable, "-c", FAILING), size=(120, 40)
    ) as shown:
        shown.shows(model, "● live")
        shown.press("?")
        assert shown.ends() == 1
    said = shown.raw.decode()
    for off, on in (("\x1b[?1049l", "\x1b[?1049h"), ("\x1b[?25h", "\x1b[?25l"), ("\x1b[?1000l", "\x1b[?1000h")):
        assert said.rfind(off) > said.rfind(on)
    after = " ".join(said[said.rfind("\x1b[?1049l") :].split())
    assert "tui-registry crashed because of a bug: RuntimeError: There is no help with …" in after
    (report,) = (tmp_path / ".local" / "state" / "tui-registry" / "log").glob("crash-*.txt")
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert report.name in said.replace("\r\n", "").replace(" ", "")
    text = report.read_text()
    assert "in compose" in text, "where it happened"
    assert re.search(r"^textual: \d", text, re.MULTILINE)
    for secret in (samples.token, "abc.def-ghi", "dapi0123456789abcdef"):
        assert secret not in text
        assert secret not in said


def test_a_report_that_cannot_be_kept_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no folder for it."""
    file = tmp_path / "a file"
    file.touch()
    for name in ("HOME", "TMPDIR", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(file / "below"))
    monkeypatch.setattr("tempfile.tempdir", str(file / "below"))
    text = crash.report(ValueError("wrong"))
    assert crash.keep(text) is None
    assert "ValueError: wrong" in crash.message_for(text, None)
    assert not (file / "below").exists()
