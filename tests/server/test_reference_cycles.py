"""Requests leave nothing behind that only the garbage collector frees: its runs took a tenth of the server's time."""

import os
import signal
from pathlib import Path

import pytest

from tests.live_registry import serving
from tests.server.api import Api
from tests.waiting import until

COUNTING = """
import collections, gc, pathlib, signal

def begin(*_):
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.garbage.clear()

def end(*_):
    gc.collect()
    kinds = collections.Counter(type(each).__name__ for each in gc.garbage)
    pathlib.Path({file!r}).write_text(str(dict(kinds)))

signal.signal(signal.SIGUSR1, begin)
signal.signal(signal.SIGUSR2, end)
"""
"""The server's sitecustomize module: counts, between two signals, what was found in reference cycles."""
REQUESTS = 50


def test_requests_make_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modules, found = tmp_path / "modules", tmp_path / "found"
    modules.mkdir()
    (modules / "sitecustomize.py").write_text(COUNTING.format(file=str(found)))
    monkeypatch.setenv("PYTHONPATH", str(modules))
    with serving(tmp_path) as live, Api(live.url, live.admin_token) as api:

        def ask(number: int) -> None:
            api.post("/mlflow/registered-models/set-tag", name="m", key="n", value=str(number)).ok()
            api.get("/mlflow/registered-models/get", name="m").ok()
            api.get("/mlflow/registered-models/search", filter="tags.n != 'x'").ok()
            api.get("/mlflow/registered-models/get", name="other").missing()

        api.post("/mlflow/registered-models/create", name="m").ok()
        ask(-1)
        os.kill(live.pid, signal.SIGUSR1)
        for number in range(REQUESTS):
            ask(number)
        os.kill(live.pid, signal.SIGUSR2)
        until(lambda: found.exists() and found.read_text(), "the garbage to be counted")
        assert found.read_text() == "{}"
