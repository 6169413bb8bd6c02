"""Every kind of change against the real server over a bad network: once, reported as it was, undone where possible."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests.tui_registry.faulty_transport import (
    Fault,
    FaultyTransport,
    answer_is_html,
    answer_is_lost,
    lost_on_the_way,
    nobody_listens,
    passes,
    proxy_gives_up,
)
from tests.tui_registry.samples import Samples
from tui_registry.client.registry import RegistryClient
from tui_registry.mutations import comment, lost_answer, model, transition, version
from tui_registry.mutations.alias import alias
from tui_registry.mutations.description import describe
from tui_registry.mutations.mutation import Mutation, run
from tui_registry.mutations.result import Verdict
from tui_registry.mutations.subject import Subject
from tui_registry.mutations.tag import tag
from tui_registry_server.wire.stage import Stage

Make = Callable[[RegistryClient, Samples, str], Awaitable[Mutation]]


@pytest.fixture(autouse=True)
def _short_retry_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter pauses between the readings; together they still last longer than what comes late."""
    monkeypatch.setattr(lost_answer, "FIRST_PAUSE", 0.02)


async def described(client: RegistryClient, _scene: Samples, name: str) -> Mutation:
    return describe(client, Subject(name), "before", "after")


async def version_described(client: RegistryClient, _scene: Samples, name: str) -> Mutation:
    return describe(client, Subject(name, "1"), "", "after")


async def tagged(client: RegistryClient, _scene: Samples, name: str) -> Mutation:
    return tag(client, Subject(name), "team", None, "risk")


async def untagged(client: RegistryClient, _scene: Samples, name: str) -> Mutation:
    return tag(client, Subject(name, "1"), "there", "yes", None)


async def named(client: RegistryClient, _scene: Samples, name: str) -> Mutation:
    return alias(client, name, "champion", None, "1")


async def renamed(client: RegistryClient, samples: Samples, name: str) -> Mutation:
    return model.rename(client, name, f"{name}-new")


async def created(client: RegistryClient, samples: Samples, name: str) -> Mutation:
    return model.create(client, f"{name}-other", "what it is for")


async def deleted(client: RegistryClient, _scene: Samples, name: str) -> Mutation:
    return model.delete(client, name, (await client.models.get(name)).id)


async def added(client: RegistryClient, _scene: Samples, name: str) -> Mutation:
    return version.add(client, name, "s3://models/2", newest=1)


async def version_deleted(client: RegistryClient, _scene: Samples, name: str) -> Mutation:
    return version.delete(client, await client.versions.get(name, "1"))


async def moved(client: RegistryClient, _scene: Samples, name: str) -> Mutation:
    found = await client.versions.get(name, "1")
    return transition.transition(
        client, found, Stage.STAGING, displaces=(), archive_existing_versions=True, comment="seen"
    )


async def asked(client: RegistryClient, _scene: Samples, name: str) -> Mutation:
    found = await client.versions.get(name, "1")
    return transition.request(client, found, Stage.PRODUCTION, user=await client.caller.name(), comment="please")


async def commented(client: RegistryClient, _scene: Samples, name: str) -> Mutation:
    return comment.add(client, Subject(name, "1"), "well done", known=frozenset())


async def comment_edited(client: RegistryClient, _scene: Samples, name: str) -> Mutation:
    made = await client.comments.create(name, "1", "first")
    return comment.edit(client, Subject(name, "1"), made, "second")


async def comment_deleted(client: RegistryClient, _scene: Samples, name: str) -> Mutation:
    made = await client.comments.create(name, "1", "first")
    return comment.delete(client, Subject(name, "1"), made)


UNDOABLE: list[Make] = [described, version_described, tagged, untagged, named, renamed, moved, asked, comment_edited]
EVERY: list[Make] = [*UNDOABLE, created, deleted, added, version_deleted, commented, comment_deleted]


def subject_of(samples: Samples) -> str:
    name = samples.model("changed", description="before")
    samples.version(name, tags=[{"key": "there", "value": "yes"}])
    return name


@pytest.mark.parametrize("make", EVERY)
async def test_it_happens_once(samples: Samples, make: Make) -> None:
    transport = FaultyTransport(passes)
    async with RegistryClient(samples.url, samples.token, transport=transport) as client:
        write = await make(client, samples, subject_of(samples))
        before = transport.tried
        assert not await write.happened()
        result = await run(write)
        assert (result.verdict, result.message) == (Verdict.DONE, write.done)
        assert transport.tried == before + 1
        assert await write.happened()
        if write.inverse is not None:
            assert (await run(write.inverse)).verdict is Verdict.DONE
            assert await write.inverse.happened()
    assert (write.inverse is not None) == (make in UNDOABLE)


@pytest.mark.parametrize("fault", [answer_is_lost, answer_is_html, proxy_gives_up])
@pytest.mark.parametrize("make", EVERY)
async def test_a_lost_answer_is_found_out(samples: Samples, make: Make, fault: Fault) -> None:
    transport = FaultyTransport(passes)
    async with RegistryClient(samples.url, samples.token, transport=transport) as client:
        write = await make(client, samples, subject_of(samples))
        before = transport.tried
        transport.writing = fault
        result = await run(write)
        assert result.verdict is Verdict.DONE, result
        assert "The answer was lost" in result.message
        assert transport.tried == before + 1


@pytest.mark.parametrize("make", [described, moved, created, commented])
async def test_what_never_arrived_is_not_claimed_nor_sent_again(samples: Samples, make: Make) -> None:
    transport = FaultyTransport(passes)
    async with RegistryClient(samples.url, samples.token, transport=transport) as client:
        write = await make(client, samples, subject_of(samples))
        before = transport.tried
        transport.writing = lost_on_the_way
        result = await run(write)
        assert result.verdict is Verdict.UNKNOWN
        assert "nothing has changed so far" in result.message
        assert transport.tried == before + 1
        transport.writing = nobody_listens
        result = await run(write)
        assert (result.verdict, result.message[:16]) == (Verdict.REFUSED, "Nothing was sent")


@pytest.mark.parametrize("make", [described, tagged, named, moved, deleted, version_deleted, comment_edited])
async def test_what_has_check_is_left_alone(samples: Samples, make: Make) -> None:
    transport = FaultyTransport(passes)
    name = subject_of(samples)
    async with RegistryClient(samples.url, samples.token, transport=transport) as client:
        write = await make(client, samples, name)
        await client.models.set_description(name, "by another")
        await client.models.set_tag(name, "team", "another's")
        await client.models.set_alias(name, "champion", await _second(client, name))
        await client.versions.transition(name, "1", Stage.ARCHIVED, archive_existing_versions=False, comment="")
        for said in await client.comments.of_version(name, "1"):
            await client.comments.update(said.id, "by another")
        if make is deleted:
            await client.models.delete(name)
            await client.models.create(name)
        before = transport.tried
        result = await run(write)
        assert result.verdict is Verdict.REFUSED, result
        assert result.message.startswith("Nothing was sent: ")
        assert transport.tried == before


async def _second(client: RegistryClient, name: str) -> str:
    return (await client.versions.create(name, "s3://models/2")).version


async def test_a_read_only_client_sends_nothing(samples: Samples) -> None:
    transport = FaultyTransport(passes)
    async with RegistryClient(samples.url, samples.token, transport=transport) as client:
        client.read_only = True
        name = subject_of(samples)
        for make in (described, tagged, created, moved):
            result = await run(await make(client, samples, name))
            assert (result.verdict, result.message) == (Verdict.REFUSED, "This profile is read-only: nothing was sent.")
    assert transport.tried == 0


async def test_a_transition_does_not_displace_what_nobody_saw(samples: Samples) -> None:
    name = subject_of(samples)
    async with RegistryClient(samples.url, samples.token, transport=httpx.AsyncHTTPTransport()) as client:
        write = await moved(client, samples, name)
        incoming = samples.version(name, "Staging")
        result = await run(write)
        assert result.verdict is Verdict.REFUSED
        assert f"Staging now holds version {incoming}" in result.message
    assert samples.stage(name, incoming) == "Staging"
