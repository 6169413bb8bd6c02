"""Fixtures of the server's tests: people with every level, and a look into the database."""

from collections.abc import Iterator

import pytest

from tests.live_registry import LiveRegistry
from tests.server.api import Api
from tests.server.callers import People
from tests.server.database_state import Contents


@pytest.fixture
def admin(registry: LiveRegistry) -> Iterator[Api]:
    with Api(registry.url, registry.admin_token) as api:
        yield api


@pytest.fixture(scope="session")
def people(registry: LiveRegistry) -> Iterator[People]:
    everybody = People(registry)
    yield everybody
    everybody.close()


@pytest.fixture(scope="session")
def contents(registry: LiveRegistry) -> Iterator[Contents]:
    with Contents(registry.database) as look:
        yield look
