"""Fixtures of the console's tests."""

from collections.abc import Iterator

import pytest

from tests.live_registry import LiveRegistry, serving
from tests.tui_registry.scene import Scene


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """A registry of the console's tests alone: what they see on the screen is all that is in it."""
    with serving(tmp_path_factory.mktemp("console-registry")) as live:
        yield live


@pytest.fixture
def scene(registry: LiveRegistry) -> Iterator[Scene]:
    """An empty inbox at the shared registry, and people to fill it."""
    scene = Scene(registry)
    try:
        yield scene
    finally:
        scene.close()
