"""Fixtures of the server's tests: callers with every level, the state of the database, a server with small limits."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.live_registry import LiveRegistry, serving
from tests.server.api import Api
from tests.server.callers import Callers
from tests.server.database_state import DatabaseState
from tests.server.small_limits import SERVE_OPTIONS
from tests.server.workspace_callers import Outsider, insiders_of, make_workspaces, outsider_of


@pytest.fixture
def admin(registry: LiveRegistry) -> Iterator[Api]:
    with Api(registry.url, registry.admin_token) as api:
        yield api


@pytest.fixture
def anyone(registry: LiveRegistry) -> Iterator[Api]:
    """A user without any rights of their own."""
    with Api(registry.url, registry.token("reader")) as api:
        yield api


@pytest.fixture(scope="session")
def callers(registry: LiveRegistry) -> Iterator[Callers]:
    everybody = Callers(registry)
    yield everybody
    everybody.close()


@pytest.fixture(scope="session")
def database_state(registry: LiveRegistry) -> Iterator[DatabaseState]:
    with DatabaseState(registry.database) as look:
        yield look


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """A server with small limits."""
    with serving(tmp_path_factory.mktemp("small"), *SERVE_OPTIONS) as live:
        yield live


@pytest.fixture
def small_admin(small: LiveRegistry) -> Iterator[Api]:
    """The administrator of the server with small limits, who must still be served after the test."""
    with Api(small.url, small.admin_token) as api:
        yield api
        api.get("/health").ok()


@pytest.fixture(scope="session")
def separated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """A registry with two workspaces besides the default one."""
    with serving(tmp_path_factory.mktemp("workspaces")) as live:
        make_workspaces(live)
        yield live


@pytest.fixture(scope="session")
def insiders(separated: LiveRegistry) -> Iterator[Callers]:
    with closing(insiders_of(separated)) as everybody:
        yield everybody


@pytest.fixture(scope="session")
def outsider(separated: LiveRegistry, insiders: Callers) -> Iterator[Outsider]:
    with outsider_of(separated, insiders) as somebody:
        yield somebody
