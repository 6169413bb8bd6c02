"""Stage transitions of versions, directly or by request and approval.

Any transition of a version to a stage closes its open requests for that stage.
"""

import json
import uuid
from collections.abc import Sequence
from typing import Any

from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.record import record, reference, without_empty
from tui_registry_server.operations.subjects import RequestSubject, TransitionSubject
from tui_registry_server.rules.errors import (
    Conflict,
    InvalidParameterValue,
    ResourceAlreadyExists,
    ResourceDoesNotExist,
)
from tui_registry_server.rules.permissions import level_name, request_actions
from tui_registry_server.rules.stages import check_archiving
from tui_registry_server.store import model_versions, transition_requests
from tui_registry_server.store.model_versions import VersionRow
from tui_registry_server.store.principals import named
from tui_registry_server.store.transition_requests import ClosedRequest, RequestRow
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.model_version import TransitionStage, TransitionStageDatabricks
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.transition_request import (
    ApproveTransitionRequest,
    CreateTransitionRequest,
    DeleteTransitionRequest,
    RejectTransitionRequest,
)


def transition(call: Call, body: TransitionStage, subject: TransitionSubject) -> Answer:
    """Move a version at once."""
    _move(call, subject, ActivityType.APPLIED_TRANSITION, archive=body.archive_existing_versions, comment=None)
    answer = model_versions.read(call.connection, call.principal, subject.version.name, subject.version.version)
    if answer is None:
        raise Conflict("The version was deleted concurrently.")
    return answer


def transition_databricks(call: Call, body: TransitionStageDatabricks, subject: TransitionSubject) -> Answer:
    """Move a version at once, with a comment; the answer has the caller's level and the other open requests."""
    version = subject.version
    _move(call, subject, ActivityType.APPLIED_TRANSITION, archive=body.archive_existing_versions, comment=body.comment)
    document = json.loads(model_versions.read_document(call.connection, version.model_id, version.version))
    document.pop("aliases", None)  # Databricks' entity has none
    open_requests = [request_entity(call, row) for row in _open_requests(call, version)]
    return {
        "model_version_databricks": document
        | without_empty({"permission_level": level_name(subject.level), "open_requests": open_requests})
    }


def request(call: Call, body: CreateTransitionRequest, subject: TransitionSubject) -> Answer:
    """Request a transition that somebody else has to approve."""
    version, target = subject.version, subject.target
    if version.stage is target:
        raise InvalidParameterValue(
            f"Version {version.version} of '{version.name}' is in {target} already. Request another stage."
        )
    if any(row.to_stage is target and row.principal_id == call.principal.id for row in _open_requests(call, version)):
        raise ResourceAlreadyExists(
            f"You have already requested to move version {version.version} of '{version.name}' to {target}. Wait for "
            "the decision, or cancel that request first."
        )
    request_id = uuid.uuid4().hex
    transition_requests.add(
        call.connection,
        request_id=request_id,
        model_id=version.model_id,
        version=version.version,
        stage=target,
        principal=call.principal,
        comment=body.comment or None,
        now=call.now,
    )
    _record(call, ActivityType.REQUESTED_TRANSITION, version, target, body.comment)
    for row in _open_requests(call, version):
        if row.id == request_id:
            return {"request": request_entity(call, row)}
    raise Conflict("The request was decided before it could be read.")


def approve(call: Call, body: ApproveTransitionRequest, subject: TransitionSubject) -> Answer:
    """Approve all open requests of the version for that stage, and move the version."""
    activity = _move(
        call,
        subject,
        ActivityType.APPROVED_REQUEST,
        archive=body.archive_existing_versions,
        comment=body.comment,
    )
    return {"activity": activity}


def reject(call: Call, body: RejectTransitionRequest, subject: TransitionSubject) -> Answer:
    """Reject all open requests of the version for that stage."""
    closed = _close_requests(call, subject.version, subject.target)
    if not closed:
        raise _none_open(subject)
    activity = _record(
        call,
        ActivityType.REJECTED_REQUEST,
        subject.version,
        subject.target,
        body.comment,
        closed=closed,
    )
    return {"activity": activity}


def cancel(call: Call, body: DeleteTransitionRequest, subject: RequestSubject) -> Answer:
    """Cancel one user's request."""
    row = subject.request
    if not transition_requests.remove(call.connection, row.id):
        raise Conflict("Somebody else has just decided or cancelled this request. Nothing was changed; read it again.")
    activity = record(
        call,
        ActivityType.CANCELLED_REQUEST,
        model_id=row.model_id,
        model_name=row.name,
        version=row.version,
        from_stage=row.from_stage,
        to_stage=row.to_stage,
        comment=body.comment or None,
        system_comment=None if subject.author else requested_by([row]),
        detail=detail_of_requests(call, [row]),
    )
    return {"activity": activity}


def request_entity(call: Call, row: RequestRow) -> dict[str, Any]:
    """An open request as the wire shows it, with what the caller may do with it."""
    return without_empty(
        {
            "id": row.id,
            "activity_type": ActivityType.REQUESTED_TRANSITION.value,
            "creation_timestamp": row.creation_timestamp,
            "last_updated_timestamp": row.creation_timestamp,
            "user_id": row.user_id,
            "from_stage": row.from_stage,
            "to_stage": row.to_stage,
            "comment": row.comment,
            "available_actions": request_actions(
                row.level, row.from_stage, row.to_stage, author=row.principal_id == call.principal.id
            ),
        }
    )


def _move(
    call: Call, subject: TransitionSubject, activity_type: ActivityType, *, archive: bool, comment: str | None
) -> dict[str, Any]:
    """Move a version to a stage, close its requests for it, and archive others. Returns the activity."""
    version, target = subject.version, subject.target
    check_archiving(target, archive_existing_versions=archive)
    closed = _close_requests(call, version, target)
    if activity_type is ActivityType.APPROVED_REQUEST and not closed:
        raise _none_open(subject)
    if archive:
        _archive_others(call, version, target)
    model_versions.move(call.connection, version.model_id, version.version, target, call.now)
    return _record(call, activity_type, version, target, comment, closed=closed, touches=True)


def _archive_others(call: Call, version: VersionRow, stage: Stage) -> None:
    for number in model_versions.in_stage(call.connection, version.model_id, stage):
        if number == version.version:
            continue
        other = version._replace(version=number, stage=stage)
        closed = _close_requests(call, other, Stage.ARCHIVED)
        model_versions.move(call.connection, other.model_id, number, Stage.ARCHIVED, call.now)
        _record(
            call,
            ActivityType.SYSTEM_TRANSITION,
            other,
            Stage.ARCHIVED,
            None,
            f"archived because version {version.version} moved to {stage}",
            closed=closed,
        )


def requested_by(requests: Sequence[RequestRow | ClosedRequest]) -> str:
    """Who created these requests, as text; empty without requests."""
    return f"requested by {', '.join(each.user_id for each in requests)}" if requests else ""


def detail_of_requests(call: Call, requests: Sequence[RequestRow | ClosedRequest]) -> dict[str, Any]:
    """Closed requests in the ``detail`` of a record."""
    kinds = named(call.connection, {each.principal_id for each in requests}) if requests else {}
    references = [
        {
            "id": each.id,
            "version": each.version,
            "to_stage": each.to_stage,
            "by": reference(each.principal_id, kinds.get(each.principal_id, (None,))[0], each.user_id),
        }
        for each in requests
    ]
    return {"requests": references} if references else {}


def _close_requests(call: Call, version: VersionRow, target: Stage) -> list[ClosedRequest]:
    """Close the open requests of a version for a stage."""
    return transition_requests.close_for_stage(call.connection, version.model_id, version.version, target)


def _none_open(subject: TransitionSubject) -> ResourceDoesNotExist:
    return ResourceDoesNotExist(
        f"There is no open request to move version {subject.version.version} of '{subject.version.name}' to "
        f"{subject.target}. It may have been decided or cancelled; list the version's open requests."
    )


def _open_requests(call: Call, version: VersionRow) -> list[RequestRow]:
    return transition_requests.of_version(call.connection, call.principal, version.model_id, version.version)


def _record(
    call: Call,
    activity_type: ActivityType,
    version: VersionRow,
    target: Stage,
    comment: str | None,
    system_comment: str | None = None,
    *,
    closed: Sequence[ClosedRequest] = (),
    touches: bool = False,
) -> dict[str, Any]:
    """``closed``: the requests that this has closed."""
    comments = [each for each in (system_comment, requested_by(closed)) if each]
    return record(
        call,
        activity_type,
        model_id=version.model_id,
        model_name=version.name,
        version=version.version,
        from_stage=version.stage,
        to_stage=target,
        comment=comment or None,
        system_comment="; ".join(comments) or None,
        detail=detail_of_requests(call, closed) or None,
        touches=touches,
    )
