"""Fixtures of the console's tests."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import RenderableType
from textual import _wait
from textual._compositor import Compositor
from textual._context import active_app
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

from tests.live_registry import FORKED_VARIABLE, LiveRegistry, serving
from tests.tui_registry.access_fixture import AccessFixture
from tests.tui_registry.samples import Samples
from tests.tui_registry.terminal_process import UNWANTED
from tui_registry.app import ConsoleApp


@pytest.fixture(scope="session", autouse=True)
def parse_styles_once() -> Iterator[None]:
    """Cache parsed stylesheets across consoles with the same theme: Textual parses them for each, a sixth of the time
    of these tests."""
    read = Stylesheet._parse_rules
    known: dict[object, list[RuleSet]] = {}

    def parse_rules(sheet: Stylesheet, css: str, *where: Any, **scope: Any) -> list[RuleSet]:
        key = (css, where, *sorted(scope.items()), *sorted(sheet._variables.items()))
        if key not in known:
            known[key] = read(sheet, css, *where, **scope)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parse_rules)
        yield


@pytest.fixture(scope="session", autouse=True)
def draw_what_is_read() -> Iterator[None]:
    """In .ci/run, draw a frame when a test reads the screen's text, as it does again and again while it waits, and no
    others: in the pilot nobody sees them, and they take a quarter of the time of these tests."""
    draw = Compositor.render_update

    def render_update(compositor: Compositor, full: bool = False, **how: Any) -> RenderableType | None:
        if full or not compositor._dirty_regions or not isinstance(active_app.get(), ConsoleApp):
            return draw(compositor, full, **how)
        compositor._dirty_regions.clear()
        return ""

    with pytest.MonkeyPatch.context() as patch:
        if os.environ.get(FORKED_VARIABLE):
            patch.setattr(Compositor, "render_update", render_update)
        yield


@pytest.fixture(scope="session", autouse=True)
def short_idle_checks() -> Iterator[None]:
    """Before and after each key Textual waits until the process is idle: it measures for 20 ms, in which at most 1 ms
    of CPU time may be used, so that most keys take several checks. Half of that is enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_wait, "SLEEP_GRANULARITY", 0.01)
        patch.setattr(_wait, "SLEEP_IDLE", 0.001)
        patch.setattr(_wait.wait_for_idle, "__defaults__", (0.01, 1))
        yield


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """A registry used only by the console's tests: what they see on the screen is all that is in it."""
    with serving(tmp_path_factory.mktemp("console-registry")) as live:
        yield live


@pytest.fixture
def samples(registry: LiveRegistry) -> Iterator[Samples]:
    """An empty inbox of the shared registry, and users to fill it."""
    samples = Samples(registry)
    try:
        yield samples
    finally:
        samples.close()


@pytest.fixture
def command_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without profiles, and nothing in the environment that names a registry."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in [name for name in os.environ if name.startswith(UNWANTED)]:
        monkeypatch.delenv(variable)
    return tmp_path


@pytest.fixture
def access_data(samples: Samples) -> Iterator[AccessFixture]:
    access_data = AccessFixture(samples)
    yield access_data
    access_data.close()


@pytest.fixture(autouse=True)
def own_states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How places were arranged is not kept from one test to the next."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "states"))
