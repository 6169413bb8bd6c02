"""Decisions against the real server over a bad network: written once at most, and what is reported is true."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.tui_registry.faulty_transport import (
    Fault,
    FaultyTransport,
    answer_is_empty,
    answer_is_garbled,
    answer_is_half,
    answer_is_html,
    answer_is_lost,
    answer_takes_too_long,
    lost_on_the_way,
    nobody_listens,
    passes,
    proxy_gives_up,
    proxy_has_no_server,
    server_fails_afterwards,
)
from tests.tui_registry.samples import ASKER, OWNER, SECOND_ASKER, Samples
from tui_registry.client.registry import RegistryClient
from tui_registry.mutations import lost_answer
from tui_registry.mutations.decision import Decision, Target, decide
from tui_registry.mutations.mutation import run
from tui_registry.mutations.result import Result, Verdict
from tui_registry_server.wire.stage import Stage

SETTLED = {
    Decision.APPROVE: ("APPROVED_REQUEST", "Approved", "Staging"),
    Decision.REJECT: ("REJECTED_REQUEST", "Rejected", "None"),
    Decision.CANCEL: ("CANCELLED_REQUEST", "Cancelled", "None"),
}


@pytest.fixture(autouse=True)
def _short_retry_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter pauses between the readings; together they still last longer than what comes late."""
    monkeypatch.setattr(lost_answer, "FIRST_PAUSE", 0.02)


async def target_of(client: RegistryClient, model: str) -> Target:
    (request,) = [request for request in (await client.requests.inbox()).requests if request.name == model]
    return Target.of(request)


async def decided(
    samples: Samples, transport: FaultyTransport, decision: Decision = Decision.APPROVE, *, meanwhile: str = ""
) -> tuple[str, Result]:
    """A new model, and the outcome of a decision on it. ``meanwhile`` is what another does before it is written."""
    model = samples.pending("decided")
    async with RegistryClient(samples.url, samples.token, transport=transport) as client:
        target = await target_of(client, model)
        if meanwhile:
            path = f"/mlflow/transition-requests/{meanwhile}"
            more: dict[str, Any] = {"archive_existing_versions": False} if meanwhile == "approve" else {}
            samples.call("POST", path, name=model, version="1", stage="Staging", **more)
        outcome = await run(decide(client, target, decision, archive_existing_versions=False, comment="seen"))
    return model, outcome


@pytest.mark.parametrize("decision", Decision)
async def test_a_decision_is_told_with_who_and_where(samples: Samples, decision: Decision) -> None:
    model, outcome = await decided(samples, FaultyTransport(passes), decision)
    kind, verb, stage = SETTLED[decision]
    where = "is now in" if decision is Decision.APPROVE else "stays in"
    assert outcome.verdict is Verdict.DONE
    assert outcome.message == f"{verb}; version 1 {where} {stage}."
    (activity,) = samples.activities(model, kind)
    assert (activity["user_id"], activity["comment"]) == (OWNER, "seen")
    assert samples.stage(model) == stage


@pytest.mark.parametrize(
    ("fault", "decision"),
    [
        (answer_is_lost, Decision.APPROVE),
        (answer_is_lost, Decision.REJECT),
        (answer_is_lost, Decision.CANCEL),
        (proxy_gives_up, Decision.APPROVE),
        (server_fails_afterwards, Decision.REJECT),
        (answer_is_html, Decision.CANCEL),
        (answer_is_half, Decision.APPROVE),
        (answer_is_empty, Decision.APPROVE),
        (answer_is_garbled, Decision.APPROVE),
    ],
)
async def test_what_happened_is_found_out_without_its_answer(
    samples: Samples, fault: Fault, decision: Decision
) -> None:
    transport = FaultyTransport(fault)
    model, outcome = await decided(samples, transport, decision)
    assert len(transport.written) == transport.tried == 1
    assert outcome.verdict is Verdict.DONE, outcome.message
    assert SETTLED[decision][1] in outcome.message
    assert "Nothing was sent" not in outcome.message
    assert len(samples.activities(model, SETTLED[decision][0])) == 1


@pytest.mark.parametrize("fault", [answer_is_lost, answer_is_html])
async def test_it_is_found_out_when_the_server_is_back(samples: Samples, fault: Fault) -> None:
    transport = FaultyTransport(fault, reading=[nobody_listens, proxy_has_no_server, answer_is_html, lost_on_the_way])
    _, outcome = await decided(samples, transport)
    assert len(transport.written) == 1
    assert outcome.verdict is Verdict.DONE, outcome.message


async def test_nothing_is_claimed_while_the_server_is_gone(samples: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost_answer, "MAX_READS", 4)
    transport = FaultyTransport(answer_is_lost, reading=[nobody_listens] * 100)
    _, outcome = await decided(samples, transport)
    assert len(transport.written) == 1
    assert outcome.verdict is Verdict.UNKNOWN


async def test_a_deed_that_comes_late_is_not_called_undone(samples: Samples) -> None:
    """The first reading after a timeout may find the request still open, although the server is about to settle it."""
    transport = FaultyTransport(answer_takes_too_long)
    model, outcome = await decided(samples, transport)
    assert len(transport.written) == 1
    assert outcome.verdict is Verdict.DONE, outcome.message
    assert samples.stage(model) == "Staging"


@pytest.mark.parametrize("fault", [lost_on_the_way, proxy_has_no_server])
async def test_what_did_not_arrive_is_not_called_done(samples: Samples, fault: Fault) -> None:
    transport = FaultyTransport(fault)
    model, outcome = await decided(samples, transport)
    assert transport.tried == 1
    assert outcome.verdict is not Verdict.DONE
    assert "nothing has changed so far" in outcome.message
    assert samples.stage(model) == "None"


async def test_without_a_connection_nothing_is_sent(samples: Samples) -> None:
    transport = FaultyTransport(nobody_listens)
    model, outcome = await decided(samples, transport)
    assert transport.tried == 1
    assert outcome.verdict is Verdict.REFUSED
    assert outcome.message.startswith("Nothing was sent")
    assert samples.stage(model) == "None"


@pytest.mark.parametrize("meanwhile", ["approve", "reject"])
async def test_what_was_decided_meanwhile_is_not_decided_again(samples: Samples, meanwhile: str) -> None:
    transport = FaultyTransport(passes)
    _, outcome = await decided(samples, transport, Decision.REJECT, meanwhile=meanwhile)
    assert transport.tried == 0
    assert outcome.verdict is Verdict.REFUSED
    assert "already decided or cancelled" in outcome.message


async def test_another_decision_is_not_taken_for_ones_own(samples: Samples) -> None:
    """The approval is lost on its way, and another has rejected the request by the time it is looked for."""
    model = samples.pending("crossed")

    async def crossed(transport: FaultyTransport, request: httpx.Request) -> httpx.Response:
        samples.call("POST", "/mlflow/transition-requests/reject", name=model, version="1", stage="Staging")
        return await lost_on_the_way(transport, request)

    transport = FaultyTransport(crossed)
    async with RegistryClient(samples.url, samples.token, transport=transport) as client:
        target = await target_of(client, model)
        outcome = await run(decide(client, target, Decision.APPROVE, archive_existing_versions=False, comment=""))
    assert outcome.verdict is not Verdict.DONE
    assert f"Rejected by {OWNER}" in outcome.message


async def test_a_version_that_has_moved_is_not_decided(samples: Samples) -> None:
    model = samples.pending("moved")
    transport = FaultyTransport(passes)
    async with RegistryClient(samples.url, samples.token, transport=transport) as client:
        target = await target_of(client, model)
        samples.call("POST", "/mlflow/model-versions/transition-stage", name=model, version="1", stage="Archived")
        outcome = await run(decide(client, target, Decision.APPROVE, archive_existing_versions=False, comment=""))
    assert transport.tried == 0
    assert outcome.verdict is Verdict.REFUSED
    assert "moved to Archived" in outcome.message or "already decided or cancelled" in outcome.message


async def test_nobody_is_displaced_that_was_not_shown(samples: Samples) -> None:
    model = samples.pending("displacing", "Production")
    transport = FaultyTransport(passes)
    async with RegistryClient(samples.url, samples.token, transport=transport) as client:
        target = await target_of(client, model)
        incoming = samples.version(model, "Production")
        outcome = await run(decide(client, target, Decision.APPROVE, archive_existing_versions=True, comment=""))
        assert transport.tried == 0
        assert outcome.verdict is Verdict.REFUSED
        assert f"holds version {incoming}" in outcome.message
        outcome = await run(decide(client, target, Decision.APPROVE, archive_existing_versions=False, comment=""))
        assert outcome.verdict is Verdict.DONE


async def test_what_was_archived_meanwhile_is_not_put_back_by_an_undo(samples: Samples) -> None:
    model = samples.pending("displacing", "Production")
    former = samples.version(model, "Production")
    transport = FaultyTransport(passes)
    async with RegistryClient(samples.url, samples.token, transport=transport) as client:
        target = await target_of(client, model)
        assert target.displaces == (former,)
        samples.move(model, former, "Archived")
        outcome = await run(decide(client, target, Decision.APPROVE, archive_existing_versions=True, comment=""))
    assert transport.tried == 0
    assert (outcome.verdict, outcome.message) == (
        Verdict.REFUSED,
        "Nothing was sent: Production now holds no version. Review it again.",
    )


async def test_a_version_or_model_that_is_gone_is_reported(samples: Samples) -> None:
    model = samples.pending("gone")
    transport = FaultyTransport(passes)
    async with RegistryClient(samples.url, samples.token, transport=transport) as client:
        target = await target_of(client, model)
        samples.delete(model)
        outcome = await run(decide(client, target, Decision.APPROVE, archive_existing_versions=False, comment=""))
    assert transport.tried == 0
    assert outcome.verdict is Verdict.REFUSED


async def test_who_may_not_decide_is_refused(samples: Samples) -> None:
    model = samples.pending("not-allowed")
    transport = FaultyTransport(passes)
    async with RegistryClient(samples.url, samples.registry.token(ASKER), transport=transport) as client:
        target = await target_of(client, model)
        outcome = await run(decide(client, target, Decision.APPROVE, archive_existing_versions=False, comment=""))
    assert outcome.verdict is Verdict.REFUSED
    assert samples.stage(model) == "None"


async def test_a_token_that_is_refused_is_reported(samples: Samples) -> None:
    model = samples.pending("refused")
    async with RegistryClient(samples.url, samples.token) as client:
        target = await target_of(client, model)
        client.use_token("tr_nothing")
        outcome = await run(decide(client, target, Decision.APPROVE, archive_existing_versions=False, comment=""))
    assert outcome.verdict is Verdict.REFUSED
    assert outcome.message.startswith("Nothing was sent")


async def test_of_two_who_decide_at_once_one_does(samples: Samples) -> None:
    model = samples.pending("both")
    samples.ask(model, "1", by=SECOND_ASKER)
    async with (
        RegistryClient(samples.url, samples.token) as one,
        RegistryClient(samples.url, samples.registry.admin_token) as other,
    ):
        request = (await one.requests.of_version(model, "1"))[0]
        outcomes = await asyncio.gather(
            run(decide(one, Target.of(request), Decision.APPROVE, archive_existing_versions=False, comment="")),
            run(decide(other, Target.of(request), Decision.REJECT, archive_existing_versions=False, comment="")),
        )
    assert sorted(outcome.verdict for outcome in outcomes) == [Verdict.DONE, Verdict.REFUSED]
    approved = outcomes[0].verdict is Verdict.DONE
    assert samples.stage(model) == (Stage.STAGING if approved else Stage.NONE)
    assert samples.requests() == []
