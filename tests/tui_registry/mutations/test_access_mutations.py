"""Levels, accounts, groups, tokens changed over a bad network: once, reported as it was, undone where possible."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from tests.live_registry import LiveRegistry
from tests.tui_registry.faulty_transport import (
    Fault,
    FaultyTransport,
    answer_is_half,
    answer_is_lost,
    lost_on_the_way,
    passes,
    proxy_gives_up,
)
from tui_registry.access.access_list import NONE
from tui_registry.access.directory import DirectoryEntry
from tui_registry.access.grants import model_object, read
from tui_registry.access.principal import Principal
from tui_registry.client.registry import RegistryClient
from tui_registry.mutations import account, group, level, lost_answer, token
from tui_registry.mutations.mutation import Mutation, run
from tui_registry.mutations.result import Verdict
from tui_registry_server.wire.principal import PrincipalKind
from tui_registry_server.wire.scim import User


@dataclass
class Case:
    """A model, a user and a group of the test's own, over a network that can be made bad."""

    client: RegistryClient
    network: FaultyTransport
    id: str
    model: str
    user: User
    group_id: str
    values: list[str] = field(default_factory=list)

    @property
    def group(self) -> str:
        return f"group-{self.id}"

    async def level(self, wanted: str) -> Mutation:
        target = await model_object(self.client, self.model)
        access_list = await read(self.client, target)
        return level.give(self.client, target, access_list, Principal(PrincipalKind.GROUP, self.group), wanted)


Make = Callable[[Case], Awaitable[Mutation]]


@pytest.fixture(autouse=True)
def _short_retry_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter pauses between the readings."""
    monkeypatch.setattr(lost_answer, "FIRST_PAUSE", 0.02)


@pytest.fixture
async def case(registry: LiveRegistry) -> AsyncIterator[Case]:
    network = FaultyTransport(passes)
    async with RegistryClient(registry.url, registry.admin_token, transport=network) as client:
        name = uuid.uuid4().hex[:6]
        await client.models.create(f"written-{name}")
        user = await client.users.create(f"user-{name}")
        made = await client.groups.create(f"group-{name}")
        yield Case(client, network, name, f"written-{name}", user, made.id)
        network.writing = passes
        await client.models.delete(f"written-{name}")


async def granted(case: Case) -> Mutation:
    return await case.level("CAN_EDIT")


async def taken_away(case: Case) -> Mutation:
    await run(await case.level("CAN_EDIT"))
    return await case.level(NONE)


async def user_made(case: Case) -> Mutation:
    return account.create(account.users(case.client), f"new-{case.id}", "New")


async def program_made(case: Case) -> Mutation:
    return account.create(account.service_principals(case.client), f"bot-{case.id}", "")


async def deactivated(case: Case) -> Mutation:
    return account.set_active(account.users(case.client), DirectoryEntry.of(case.user), active=False)


async def group_made(case: Case) -> Mutation:
    return group.create(case.client, f"other-{case.id}")


async def group_deleted(case: Case) -> Mutation:
    return group.delete(case.client, case.group_id, case.group)


async def joined(case: Case) -> Mutation:
    return group.membership(case.client, case.group_id, case.group, case.user.id, f"user-{case.id}", joins=True)


async def left(case: Case) -> Mutation:
    await case.client.groups.add_members(case.group_id, [case.user.id])
    return group.membership(case.client, case.group_id, case.group, case.user.id, f"user-{case.id}", joins=False)


async def token_made(case: Case) -> Mutation:
    before = {each.token_id for each in await token.of_maker(case.client, "")}
    return token.create(case.client, "me", "", case.id, 3600, before, case.values.append)


async def token_revoked(case: Case) -> Mutation:
    made = await case.client.tokens.create(comment=case.id)
    return token.revoke(case.client, made.token_info.token_id, "me", is_admin=True)


UNDOABLE: list[Make] = [granted, taken_away, deactivated, joined, left]
EVERY: list[Make] = [*UNDOABLE, user_made, program_made, group_made, group_deleted, token_made, token_revoked]


@pytest.mark.parametrize("make", EVERY)
async def test_it_happens_once_and_is_taken_back(case: Case, make: Make) -> None:
    write = await make(case)
    tried = case.network.tried
    assert not await write.happened()
    assert (await run(write)).verdict is Verdict.DONE
    assert case.network.tried == tried + 1
    assert await write.happened()
    assert (write.inverse is not None) == (make in UNDOABLE)
    if write.inverse is not None:
        assert (await run(write.inverse)).verdict is Verdict.DONE
        assert not await write.happened()
        assert (await run(write.inverse)).verdict is Verdict.REFUSED  # things are no longer as the change left them


@pytest.mark.parametrize("fault", [answer_is_lost, answer_is_half, proxy_gives_up])
@pytest.mark.parametrize("make", EVERY)
async def test_a_lost_answer_is_found_out(case: Case, make: Make, fault: Fault) -> None:
    write = await make(case)
    tried = case.network.tried
    case.network.writing = fault
    result = await run(write)
    assert result.verdict is Verdict.DONE, result
    assert "The answer was lost" in result.message
    assert case.network.tried == tried + 1
    assert case.values == []  # the value of a token is lost with the answer


@pytest.mark.parametrize("make", EVERY)
async def test_what_never_arrived_is_not_claimed(case: Case, make: Make) -> None:
    write = await make(case)
    tried = case.network.tried
    case.network.writing = lost_on_the_way
    assert (await run(write)).verdict is Verdict.UNKNOWN
    assert case.network.tried == tried + 1


@pytest.mark.parametrize("make", [each for each in EVERY if each is not token_made])
async def test_what_is_done_already_is_not_done_again(case: Case, make: Make) -> None:
    write = await make(case)
    assert (await run(write)).verdict is Verdict.DONE
    tried = case.network.tried
    result = await run(write)
    assert result.verdict is Verdict.REFUSED
    assert result.message.startswith("Nothing was sent: ")
    assert case.network.tried == tried
