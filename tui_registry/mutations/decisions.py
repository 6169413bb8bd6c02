"""Deciding a transition request: approve, reject or cancel, once, and then tell what is true.

The target is frozen when the question is asked. Before writing, the server is asked whether the request is still what
it was; a write is sent once and never again; if its answer is lost, the server is read until it says what happened.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from tui_registry.client.errors import CallError, Refused, Unauthenticated
from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Verdict, find_out, may_have_happened, not_sent
from tui_registry.terminal.sanitize import visible
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.transition_request import InboxRequest, RequestAction


class Decision(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"


NEEDS = {
    Decision.APPROVE: RequestAction.APPROVE,
    Decision.REJECT: RequestAction.REJECT,
    Decision.CANCEL: RequestAction.CANCEL,
}
"""What the server must have said the caller may do."""


EXCLUSIVE = (Stage.STAGING, Stage.PRODUCTION)
"""Stages that one version at a time usually has: whatever else is there can be archived."""

DOING = {Decision.APPROVE: "approving", Decision.REJECT: "rejecting", Decision.CANCEL: "cancelling"}


@dataclass(frozen=True, slots=True)
class Target:
    """A request as it was when the question was asked. ``also`` are others who asked for the same: approving or
    rejecting settles theirs too."""

    id: str
    name: str
    version: str
    from_stage: Stage
    to_stage: Stage
    creator: str
    displaces: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    @classmethod
    def of(cls, request: InboxRequest, also: Iterable[str] = ()) -> "Target":
        return cls(
            request.id,
            request.name,
            request.version,
            request.from_stage,
            request.to_stage,
            request.user_id,
            displaced(request),
            tuple(also),
        )

    def __str__(self) -> str:
        return f"{visible(self.name)} version {self.version}, {self.from_stage} → {self.to_stage}"


def displaced(request: InboxRequest) -> tuple[str, ...]:
    """The versions that hold the stage asked for, besides the one that is to go there."""
    return tuple(version for version in request.displaces if version != request.version)


@dataclass(frozen=True, slots=True)
class Outcome:
    """``error`` is what the server or the way to it said, if that is why it was refused."""

    target: Target
    verdict: Verdict
    told: str
    error: CallError | None = None


async def decide(
    client: RegistryClient,
    target: Target,
    decision: Decision,
    *,
    archive_existing_versions: bool,
    comment: str,
    progress: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Never raises a CallError: whatever happens is the outcome. ``progress`` is told what is being done."""
    progress(DOING[decision])
    try:
        problem = await _changed_meanwhile(client, target, holders_matter=archive_existing_versions)
    except CallError as error:
        return Outcome(target, Verdict.REFUSED, not_sent(error), error)
    if problem:
        return Outcome(target, Verdict.REFUSED, problem)
    try:
        await _send(client, target, decision, archive_existing_versions=archive_existing_versions, comment=comment)
    except CallError as error:
        if may_have_happened(error):
            progress("answer lost, checking")
            return await _find_out(client, target, decision)
        told = str(error) if isinstance(error, Refused) else not_sent(error)
        return Outcome(target, Verdict.REFUSED, told, error)
    try:
        what = await _read_back(client, target)
        return Outcome(target, Verdict.DONE, what.told if what.kind else f"{_DEEDS[decision]}. {what.told}")
    except CallError:
        return Outcome(target, Verdict.DONE, f"{_DEEDS[decision]}, but it could not be read back.")


async def _send(
    client: RegistryClient, target: Target, decision: Decision, *, archive_existing_versions: bool, comment: str
) -> None:
    if decision is Decision.APPROVE:
        await client.requests.approve(
            target.name,
            target.version,
            target.to_stage,
            archive_existing_versions=archive_existing_versions,
            comment=comment,
        )
    elif decision is Decision.REJECT:
        await client.requests.reject(target.name, target.version, target.to_stage, comment=comment)
    else:
        await client.requests.cancel(
            target.name, target.version, target.to_stage, creator=target.creator, comment=comment
        )


async def _changed_meanwhile(client: RegistryClient, target: Target, *, holders_matter: bool) -> str:
    """What is no longer as it was when the question was asked; empty if nothing. The holders of the stage matter if
    they are to be archived: nobody has agreed to lose another."""
    try:
        requests = await client.requests.of_version(target.name, target.version)
    except Refused as error:
        if isinstance(error, Unauthenticated):
            raise
        return f"Nothing was sent: {error}"
    for request in requests:
        if request.id != target.id:
            continue
        if request.from_stage is not target.from_stage:
            return (
                f"Nothing was sent: version {target.version} has moved to {request.from_stage} meanwhile. Look again."
            )
        if holders_matter and not set(displaced(request)) <= set(target.displaces):
            holders = ", ".join(displaced(request))
            return f"Nothing was sent: {target.to_stage} holds version {holders} meanwhile. Look again."
        return ""
    return "Nothing was sent: somebody has decided or cancelled this request meanwhile."


async def _find_out(client: RegistryClient, target: Target, decision: Decision) -> Outcome:
    async def look() -> Outcome | None:
        requests = await client.requests.of_version(target.name, target.version)
        if any(request.id == target.id for request in requests):
            return None
        return _found(target, decision, await _read_back(client, target))

    found = await find_out(look, "the request is still open")
    return Outcome(target, Verdict.UNKNOWN, found) if isinstance(found, str) else found


@dataclass(frozen=True, slots=True)
class _Settlement:
    """What ended a request, as the server tells it; ``kind`` is the activity's type, empty if it tells none."""

    kind: str
    told: str


def _found(target: Target, decision: Decision, what: _Settlement) -> Outcome:
    if what.kind == KINDS[decision]:
        return Outcome(target, Verdict.DONE, f"The answer was lost, but the request is settled. {what.told}")
    if what.kind:
        return Outcome(target, Verdict.REFUSED, f"The answer was lost, and something else happened. {what.told}")
    return Outcome(target, Verdict.UNKNOWN, f"The answer was lost, and the request is no longer open. {what.told}")


async def _read_back(client: RegistryClient, target: Target) -> _Settlement:
    version = await client.versions.get(target.name, target.version)
    page = await client.activities.search(name=target.name, version=target.version, max_results=20)
    where = f"version {target.version} is in {version.current_stage}."
    for activity in page.activities:
        kind = activity.activity_type.value
        if activity.to_stage is target.to_stage and kind in _SETTLING:
            who = f" by {activity.user_id}" if activity.user_id else ""
            return _Settlement(kind, f"{_SETTLING[kind]}{who}; {where}")
    return _Settlement("", where.capitalize())


KINDS = {
    Decision.APPROVE: "APPROVED_REQUEST",
    Decision.REJECT: "REJECTED_REQUEST",
    Decision.CANCEL: "CANCELLED_REQUEST",
}
_SETTLING = {
    "APPROVED_REQUEST": "Approved",
    "REJECTED_REQUEST": "Rejected",
    "CANCELLED_REQUEST": "Cancelled",
    "APPLIED_TRANSITION": "Moved",
}
_DEEDS = {decision: _SETTLING[kind] for decision, kind in KINDS.items()}
