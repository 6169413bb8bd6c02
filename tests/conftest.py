"""Fixtures for all tests: a real registry, shared or of one's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live_registry import LiveRegistry, serving


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """A registry shared by all tests of the run: name models, users and groups so that they meet nobody else's."""
    with serving(tmp_path_factory.mktemp("registry")) as live:
        yield live


@pytest.fixture
def fresh_registry(tmp_path: Path) -> Iterator[LiveRegistry]:
    """An empty registry of the test's own."""
    with serving(tmp_path) as live:
        yield live
