"""A write that waits for another process's transaction has the permissions of when its turn comes."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from sqlalchemy import Connection, delete, select, update

from tests.live_registry import LiveRegistry
from tests.server.api import Answer, Api
from tests.server.database_state import changing
from tests.server.directory import create_user
from tui_registry_server.store import counters
from tui_registry_server.store.tables import memberships, principals, tokens
from tui_registry_server.wire.principal import ADMINS

SENT = 0.5  # seconds until a request is waiting for the lock
CREATE = "/mlflow/registered-models/create"


@pytest.fixture
def admin(fresh_registry: LiveRegistry) -> Iterator[Api]:
    with Api(fresh_registry.url, fresh_registry.admin_token) as api:
        yield api


def meanwhile(
    registry: LiveRegistry, change: Callable[[Connection], None], ask: Callable[[], Answer], *, wait: float = SENT
) -> Answer:
    """The answer to a request that waits while another transaction changes something."""
    answers: list[Answer] = []
    asking = threading.Thread(target=lambda: answers.append(ask()))
    with changing(registry.database) as connection:
        change(connection)
        counters.advance(connection, counters.IDENTITY)
        asking.start()
        time.sleep(wait)
        assert not answers, "it waits"
    asking.join(60)
    return answers[0]


def revoke(connection: Connection) -> None:
    of_eve = select(principals.c.id).where(principals.c.name == "eve").scalar_subquery()
    connection.execute(delete(tokens).where(tokens.c.principal_id == of_eve))


def deactivate(connection: Connection) -> None:
    connection.execute(update(principals).where(principals.c.name == "eve").values(active=False))


def demote(connection: Connection) -> None:
    of_eve = select(principals.c.id).where(principals.c.name == "eve").scalar_subquery()
    connection.execute(delete(memberships).where(memberships.c.member_id == of_eve))


def nothing(connection: Connection) -> None:
    pass


@pytest.mark.parametrize("taken_away", [revoke, deactivate, demote])
def test_rights_that_are_taken_away_meanwhile(
    fresh_registry: LiveRegistry, admin: Api, taken_away: Callable[[Connection], None]
) -> None:
    with Api(fresh_registry.url, fresh_registry.token("eve", admin=True)) as eve:
        create_user(eve, "before")
        answer = meanwhile(fresh_registry, taken_away, lambda: eve.post("/preview/scim/v2/Users", userName="after"))
        if taken_away is demote:
            answer.denied()
        else:
            answer.refused(401, "UNAUTHENTICATED")
        named = admin.get("/preview/scim/v2/Users", filter='userName eq "after"').ok()
        assert named["totalResults"] == 0


def test_rights_that_are_given_meanwhile(fresh_registry: LiveRegistry, admin: Api) -> None:
    token = fresh_registry.token("eve")

    def promote(connection: Connection) -> None:
        (eve,) = connection.execute(select(principals.c.id).where(principals.c.name == "eve")).scalars()
        (group,) = connection.execute(select(principals.c.id).where(principals.c.name == ADMINS)).scalars()
        connection.execute(memberships.insert().values(group_id=group, member_id=eve))

    admin.post(CREATE, name="hers").ok()
    with Api(fresh_registry.url, token) as eve:
        eve.patch("/mlflow/registered-models/update", name="hers", description="before").missing()
        change = partial(eve.patch, "/mlflow/registered-models/update", name="hers", description="after")
        meanwhile(fresh_registry, promote, change).ok()


def test_a_token_that_expires_meanwhile(fresh_registry: LiveRegistry, admin: Api) -> None:
    made = admin.post("/token/create", lifetime_seconds=2).ok()
    with Api(fresh_registry.url, made["token_value"]) as api:
        answer = meanwhile(fresh_registry, nothing, lambda: api.post(CREATE, name="late"), wait=2.2)
    assert "expired" in answer.refused(401, "UNAUTHENTICATED")
    admin.get("/mlflow/registered-models/get", name="late").missing()


def test_the_time_of_a_change_is_that_of_its_turn(fresh_registry: LiveRegistry, admin: Api) -> None:
    asked = time.time_ns() // 1_000_000
    made = meanwhile(fresh_registry, nothing, lambda: admin.post(CREATE, name="late")).ok()["registered_model"]
    assert made["creation_timestamp"] >= asked + SENT * 1000 * 0.9
