"""Fixtures for all tests: a real registry, shared by all tests or for a single one."""

import gc
import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.live_registry import BUNDLED, DATABASE_VARIABLE, LiveRegistry, serving, templates
from tests.openid.provider import Provider, provider
from tests.postgresql import bundled_server

HERE = Path(__file__).parent

os.environ["LC_ALL"] = "C.UTF-8"  # the console's screens depend on it


def pytest_configure(config: pytest.Config) -> None:
    """Start the bundled PostgreSQL, if requested: one for all workers, which find its URL in the same variable."""
    if os.environ.get(DATABASE_VARIABLE) == BUNDLED and not config.option.collectonly:
        stack = ExitStack()
        os.environ[DATABASE_VARIABLE] = stack.enter_context(bundled_server()).url
        config.add_cleanup(stack.close)
    config.add_cleanup(templates.close)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Search nothing for garbage while modules are imported and tests collected: each worker would look at a million
    objects a dozen times, a sixth of the time that it takes to collect. Later, what is there by then is not looked at,
    and the rest less often than by default: that took a quarter of the time of the console's tests."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 10, 10)
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the files of each folder evenly over the run: those that mostly wait, such as for MLflow and for killed
    servers, are run beside those that need the processors, such as the console's."""
    folders: dict[str, dict[Path, int]] = {}
    for item in items:
        files = folders.setdefault(item.path.relative_to(HERE).parts[0], {})
        files.setdefault(item.path, len(files))

    def place(item: pytest.Item) -> float:
        files = folders[item.path.relative_to(HERE).parts[0]]
        return files[item.path] / len(files)

    items.sort(key=place)


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """A registry shared by all tests of the run: give models, users and groups names that no other test uses."""
    # Tests try thousands of invalid tokens from one address.
    with serving(tmp_path_factory.mktemp("registry"), "--limit", "failed_attempts=1000000") as live:
        yield live


@pytest.fixture
def fresh_registry(tmp_path: Path) -> Iterator[LiveRegistry]:
    """An empty registry for a single test."""
    with serving(tmp_path) as live:
        yield live


@pytest.fixture(scope="session")
def openid_provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    """A real OpenID provider, shared by all tests of the run: give people names that no other test uses."""
    if shutil.which("npm") is None and not os.environ.get("CI"):
        pytest.skip("the OpenID provider of the tests needs Node.js with npm")
    with provider(request.config.cache) as found:
        yield found
