"""Fixtures of the console's tests."""

from collections.abc import Iterator

import pytest

from tests.live_registry import LiveRegistry
from tests.tui_registry.scene import Scene


@pytest.fixture
def scene(registry: LiveRegistry) -> Iterator[Scene]:
    """An empty inbox at the shared registry, and people to fill it."""
    scene = Scene(registry)
    try:
        yield scene
    finally:
        scene.close()
