"""Fixtures of the server's tests: people with every level, and a look into the database."""

from collections.abc import Iterator

import pytest

from tests.live_registry import LiveRegistry
from tests.server.api import Api
from tests.server.callers import Callers
from tests.server.database_state import DatabaseState


@pytest.fixture
def admin(registry: LiveRegistry) -> Iterator[Api]:
    with Api(registry.url, registry.admin_token) as api:
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
