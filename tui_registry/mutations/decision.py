"""Deciding a transition request: approve, reject or cancel."""

from collections.abc import Iterable, Mapping, Sequence
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
    created: int = 0
    """When it was requested, in milliseconds since the epoch."""

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
            request.creation_timestamp,
        )

    @property
    def ids(self) -> list[str]:
        """Of the chosen requests."""
        return [self.id, *(request.id for request in self.also)]

    @property
    def count(self) -> int:
        """How many requests it settles, whether they were chosen or not."""
        return len(self.ids) + len(self.unchosen)

    def __str__(self) -> str:
        return f"{visible(self.name)} version {self.version}, {self.from_stage} → {self.to_stage}"


def displaced(request: InboxRequest) -> tuple[str, ...]:
    """The versions in the requested stage, besides the one that is to go there."""
    return tuple(version for version in request.displaces if version != request.version)


def subject_of(name: str, version: str, stage: Stage) -> str:
    """What one decision settles: every request to move this version to this stage."""
    return f"{name}/{version}/{stage}"


def by_subject(requests: Iterable[InboxRequest]) -> dict[str, list[InboxRequest]]:
    """Requests by what one decision settles."""
    found: dict[str, list[InboxRequest]] = {}
    for request in requests:
        found.setdefault(subject_of(request.name, request.version, request.to_stage), []).append(request)
    return found


def targets_of(
    chosen: Iterable[InboxRequest], known: Mapping[str, Sequence[InboxRequest]], decision: Decision
) -> list[Target]:
    """The targets of a decision. Approving and rejecting close every request for a version and stage, whoever requested
    it: these are one target, however many of them are chosen. ``known``: all requests, by their subjects."""
    if decision is Decision.CANCEL:
        return [Target.of(request) for request in chosen]
    targets: list[Target] = []
    for subject, (first, *also) in by_subject(chosen).items():
        ids = {first.id, *(request.id for request in also)}
        targets.append(Target.of(first, also, [each for each in known.get(subject, ()) if each.id not in ids]))
    return targets


def decide(
    client: RegistryClient, target: Target, decision: Decision, *, archive_existing_versions: bool, comment: str
) -> Mutation:
    """The result says what settled the request, if that was something else, and in which stage the version is."""
    name, version, stage = target.name, target.version, target.to_stage
    archive_existing_versions = archives(stage, wanted=archive_existing_versions)
    own: Activity | None = None
    count = target.count

    async def check() -> str:
        nonlocal count
        requests = await client.requests.of_version(name, version)
        request = next((each for each in requests if each.id == target.id), None)
        if request is None:
            return "this request was already decided or cancelled."
        if request.from_stage is not target.from_stage:
            return f"version {version} was moved to {request.from_stage} by someone else. Review it again."
        if decision is not Decision.CANCEL:
            count = sum(each.to_stage is stage for each in requests)  # others may have requested it since then
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
        what = f" {count} requests" if is_meant and count > 1 else ""
        return Result(verdict, f"{_PAST_TENSE[settled.activity_type]}{what}{by}; {where}", count=count)

    if decision is Decision.APPROVE:
        archived = target.displaces if archive_existing_versions else ()
        inverse, undo_note = back(client, VersionStage(name, version, target.from_stage), stage, archived)
        undo_note = undo_note or ("The requests stay closed." if target.count > 1 else "The request stays closed.")
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
        count=target.count,
    )


async def _settling_activity(client: RegistryClient, target: Target) -> Activity | None:
    """The newest activity that can have settled the request."""
    page = await client.activities.search(
        name=target.name, version=target.version, activity_type=[each.value for each in _PAST_TENSE], max_results=20
    )
    return next((each for each in page.activities if each.to_stage is target.to_stage), None)
