"""Fixtures for all tests: a real registry, shared or of one's own."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.live_registry import BUNDLED, DATABASE_VARIABLE, LiveRegistry, serving, templates
from tests.postgresql import bundled_server

os.environ["LC_ALL"] = "C.UTF-8"  # what is drawn depends on it


def pytest_configure(config: pytest.Config) -> None:
    """The bundled PostgreSQL, if it was asked for: one for all workers, which find its URL in the same variable."""
    if os.environ.get(DATABASE_VARIABLE) == BUNDLED and not config.option.collectonly:
        stack = ExitStack()
        os.environ[DATABASE_VARIABLE] = stack.enter_context(bundled_server()).url
        config.add_cleanup(stack.close)
    config.add_cleanup(templates.close)


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """A registry shared by all tests of the run: name models, users and groups so that they meet nobody else's."""
    # Tests try thousands of bad tokens from one address.
    with serving(tmp_path_factory.mktemp("registry"), "--limit", "failed_attempts=1000000") as live:
        yield live


@pytest.fixture
def fresh_registry(tmp_path: Path) -> Iterator[LiveRegistry]:
    """An empty registry of the test's own."""
    with serving(tmp_path) as live:
        yield live
