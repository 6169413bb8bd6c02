"""Deciding a transition request: approve, reject or cancel."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.effect import archives
from tui_registry.mutations.mutation import Mutation
from tui_registry.mutations.result import Result, Verdict
from tui_registry.mutations.transition import VersionStage, back, not_as_shown
from tui_registry.terminal.sanitize import visible
from tui_registry_server.wire.activity import Activity, ActivityType
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.transition_request import InboxRequest, RequestAction


class Decision(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"


NEEDED_ACTIONS = {
    Decision.APPROVE: RequestAction.APPROVE,
    Decision.REJECT: RequestAction.REJECT,
    Decision.CANCEL: RequestAction.CANCEL,
}
"""What the server must have said the caller may do."""

ACTIVITY_TYPES = {
    Decision.APPROVE: ActivityType.APPROVED_REQUEST,
    Decision.REJECT: ActivityType.REJECTED_REQUEST,
    Decision.CANCEL: ActivityType.CANCELLED_REQUEST,
}

_IRREVERSIBLE = {
    Decision.REJECT: "A rejected request cannot be opened again: only a new one can be made.",
    Decision.CANCEL: "A cancelled request cannot be opened again: only a new one can be made.",
}
_PROGRESS = {Decision.APPROVE: "approving", Decision.REJECT: "rejecting", Decision.CANCEL: "cancelling"}
_PAST_TENSE = {
    ActivityType.APPROVED_REQUEST: "Approved",
    ActivityType.REJECTED_REQUEST: "Rejected",
    ActivityType.CANCELLED_REQUEST: "Cancelled",
    ActivityType.APPLIED_TRANSITION: "Moved",
}
"""What settles a request."""
PRESENT_TENSE = {Decision.APPROVE: "approves", Decision.REJECT: "rejects", Decision.CANCEL: "cancels"}
PARTICIPLES = {decision: _PAST_TENSE[kind].lower() for decision, kind in ACTIVITY_TYPES.items()}


@dataclass(frozen=True, slots=True)
class Target:
    """A request as it was when the user was asked. Approving or rejecting settles every request for the same, whoever
    made it: ``also`` are the others that were chosen, ``unchosen`` the rest."""

    id: str
    name: str
    version: str
    from_stage: Stage
    to_stage: Stage
    creator: str
    displaces: tuple[str, ...] = ()
    leaves_empty: bool = False
    comment: str = ""
    also: tuple[InboxRequest, ...] = ()
    unchosen: tuple[InboxRequest, ...] = ()

    @classmethod
    def of(
        cls, request: InboxRequest, also: Iterable[InboxRequest] = (), unchosen: Iterable[InboxRequest] = ()
    ) -> "Target":
        return cls(
            request.id,
            request.name,
            request.version,
            request.from_stage,
            request.to_stage,
            request.user_id,
            displaced(request),
            request.leaves_empty,
            request.comment or "",
            tuple(also),
            tuple(unchosen),
        )

    @property
    def ids(self) -> list[str]:
        """Of the chosen requests."""
        return [self.id, *(request.id for request in self.also)]

    def __str__(self) -> str:
        return f"{visible(self.name)} version {self.version}, {self.from_stage} → {self.to_stage}"


def displaced(request: InboxRequest) -> tuple[str, ...]:
    """The versions in the requested stage, besides the one that is to go there."""
    return tuple(version for version in request.displaces if version != request.version)


def subject_of(name: str, version: str, stage: Stage) -> str:
    """What one decision settles: every request to move this version to this stage."""
    return f"{name}/{version}/{stage}"


def decide(
    client: RegistryClient, target: Target, decision: Decision, *, archive_existing_versions: bool, comment: str
) -> Mutation:
    """The result says what settled the request, if that was something else, and in which stage the version is."""
    name, version, stage = target.name, target.version, target.to_stage
    archive_existing_versions = archives(stage, wanted=archive_existing_versions)
    own: Activity | None = None

    async def check() -> str:
        requests = await client.requests.of_version(name, version)
        request = next((each for each in requests if each.id == target.id), None)
        if request is None:
            return "this request was already decided or cancelled."
        if request.from_stage is not target.from_stage:
            return f"version {version} was moved to {request.from_stage} by someone else. Review it again."
        return not_as_shown(stage, displaced(request), target.displaces) if archive_existing_versions else ""

    async def send() -> None:
        nonlocal own
        if decision is Decision.APPROVE:
            own = await client.requests.approve(
                name, version, stage, archive_existing_versions=archive_existing_versions, comment=comment
            )
        elif decision is Decision.REJECT:
            own = await client.requests.reject(name, version, stage, comment=comment)
        else:
            own = await client.requests.cancel(name, version, stage, creator=target.creator, comment=comment)

    async def happened() -> bool:
        requests = await client.requests.of_version(name, version)
        return all(request.id != target.id for request in requests)

    async def read_back() -> Result:
        settled = own or await _settling_activity(client, target)
        now = (await client.versions.get(name, version)).current_stage
        where = f"version {version} {'stays' if now is target.from_stage else 'is now'} in {now}."
        if settled is None:
            return Result(Verdict.UNKNOWN, f"The request is no longer open; {where}")
        by = f" by {settled.user_id}" if own is None and settled.user_id else ""
        is_meant = settled.activity_type is ACTIVITY_TYPES[decision]
        verdict = Verdict.DONE if is_meant else Verdict.REFUSED
        return Result(verdict, f"{_PAST_TENSE[settled.activity_type]}{by}; {where}")

    if decision is Decision.APPROVE:
        archived = target.displaces if archive_existing_versions else ()
        inverse, undo_note = back(client, VersionStage(name, version, target.from_stage), stage, archived)
        undo_note = undo_note or "The request stays closed."
    else:
        inverse, undo_note = None, _IRREVERSIBLE[decision]
    return Mutation(
        title=f"{name} version {version}",
        action=f"{decision} {name} version {version} → {stage}",
        progress=_PROGRESS[decision],
        done=f"{_PAST_TENSE[ACTIVITY_TYPES[decision]]}.",
        check=check,
        send=send,
        happened=happened,
        read_back=read_back,
        inverse=inverse,
        undo_note=undo_note,
        subject=subject_of(name, version, stage),
        count=len(target.ids),
    )


async def _settling_activity(client: RegistryClient, target: Target) -> Activity | None:
    """The newest activity that can have settled the request."""
    page = await client.activities.search(
        name=target.name, version=target.version, activity_type=[each.value for each in _PAST_TENSE], max_results=20
    )
    return next((each for each in page.activities if each.to_stage is target.to_stage), None)
