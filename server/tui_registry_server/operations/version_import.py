"""Importing versions of a model: see model_import."""

from typing import Any

from tui_registry_server.operations.import_session import (
    DESCRIPTION,
    ORIGIN,
    STAGE,
    UPDATED,
    ImportSession,
    as_detail,
    in_words,
    sets_tag,
)
from tui_registry_server.operations.record import without_empty
from tui_registry_server.operations.transitions import detail_of_requests
from tui_registry_server.rules.errors import InvalidParameterValue, RegistryError
from tui_registry_server.rules.lineage import origin
from tui_registry_server.rules.names import check_source, check_tags, check_tags_size, version_number
from tui_registry_server.rules.three_way_merge import Change, Merge, digest_of, merge
from tui_registry_server.store import comments, lineages, model_imports, model_versions, tags, transition_requests
from tui_registry_server.store.model_imports import CommentState, RequestState, VersionState
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.model_import import DifferenceReason, ImportedVersion, ImportPart
from tui_registry_server.wire.stage import Stage

MAX_VERSION = 2**31 - 1


def import_versions(session: ImportSession) -> set[int]:
    """Import the versions of the body. Returns the numbers of those that are here, or would be."""
    given = {}
    for each in session.body.versions:
        number = version_number(each.version)
        try:
            _check(number, each)
        except RegistryError as error:
            session.differ(DifferenceReason.NOT_ALLOWED, source=str(error), version=number)
            continue
        given[number] = each
    connection = session.call.connection
    states = {} if session.is_new else model_imports.versions(connection, session.model_id, given)
    bases = {} if session.is_new else model_imports.bases(connection, session.model_id, given)
    present = set(states)
    for number, version in sorted(given.items()):
        state, base = states.get(number), bases.get(number)
        if state is not None and base is None:
            session.differ(DifferenceReason.NAME_TAKEN, version=number)
            continue
        if state is None and base is not None and not session.body.restore_deleted:
            session.differ(DifferenceReason.DELETED_HERE, version=number)
            continue
        _import(session, number, version, state, base or {})
        present.add(number)
    if session.body.all_versions and not session.is_new:
        for number in model_imports.imported_versions(connection, session.model_id):
            if number not in given:
                session.differ(DifferenceReason.DELETED_AT_SOURCE, version=number)
    return present


def _check(number: int, version: ImportedVersion) -> None:
    if not 1 <= number <= MAX_VERSION:
        raise InvalidParameterValue(f"A version's number is from 1 to {MAX_VERSION}.")
    check_source(version.source)
    check_tags(version.tags)


def _import(
    session: ImportSession, number: int, version: ImportedVersion, state: VersionState | None, base: dict[str, str]
) -> None:
    parts = session.body.parts
    silent = [word for word, part in _OPTIONAL.items() if part not in parts]
    fresh = state is None
    merged = merge(
        {} if fresh else base,
        {} if state is None else _items_here(state),
        _items_of(session, number, version),
        version=number,
        kept=[*silent, ORIGIN],
    )
    kept = {} if fresh else base
    session.check_origin(kept, digest_of(_origin_of(version)), version=number)
    session.add_differences(merged.differences)
    merged.base[ORIGIN] = kept[ORIGIN]
    if fresh:
        session.counts.created_versions += 1
    else:
        session.counts.changes += len(merged.changes)
    if session.body.dry_run or (merged.base == base and not merged.changes):
        return
    if fresh:
        _create(session, number, version)
    _apply(session, number, merged, state)
    if fresh:
        _record_new(session, number, version, merged)
    model_imports.save_base(session.call.connection, session.model_id, number, merged.base)


_OPTIONAL = {"comment": ImportPart.COMMENTS, "request": ImportPart.REQUESTS}


def _items_of(session: ImportSession, number: int, version: ImportedVersion) -> dict[str, Any]:
    """What a version is at the source."""
    items: dict[str, Any] = {STAGE: version.current_stage.value, UPDATED: version.last_updated_timestamp}
    if version.description is not None:
        items[DESCRIPTION] = version.description
    items |= {f"tag {tag.key}": tag.value for tag in version.tags}
    for comment in version.comments:
        value = CommentState(
            session.author(comment.user_id)[1],
            comment.comment,
            comment.creation_timestamp,
            comment.last_updated_timestamp,
        )
        items[f"comment {session.id_of(number, 'comment', comment.id)}"] = value._asdict()
    for request in version.requests:
        user_id = session.author(request.user_id)[1]
        asked = RequestState(request.to_stage.value, user_id, request.comment or None, request.creation_timestamp)
        items[f"request {request.to_stage} {user_id}"] = asked._asdict()
    return items


def _items_here(state: VersionState) -> dict[str, Any]:
    items: dict[str, Any] = {STAGE: state.stage, UPDATED: state.last_updated_timestamp}
    if state.description is not None:
        items[DESCRIPTION] = state.description
    items |= {f"tag {key}": value for key, value in state.tags.items()}
    items |= {f"comment {comment_id}": comment._asdict() for comment_id, comment in state.comments.items()}
    return items | {f"request {each.to_stage} {each.user_id}": each._asdict() for each in state.requests.values()}


def _origin_of(version: ImportedVersion) -> dict[str, Any]:
    return version.model_dump(
        mode="json", include={"source", "run_id", "run_link", "model_id", "user_id", "creation_timestamp"}
    )


def _create(session: ImportSession, number: int, version: ImportedVersion) -> None:
    call, location = session.call, version.storage_location or version.source
    model_imports.add_version(
        call.connection,
        model_id=session.model_id,
        version=number,
        stage=version.current_stage.value,
        description=version.description,
        source=version.source,
        storage_location=location,
        run_id=version.run_id,
        run_link=version.run_link,
        logged_model_id=version.model_id,
        user_id=version.user_id,
        creation_timestamp=version.creation_timestamp,
        last_updated_timestamp=version.last_updated_timestamp,
    )
    if call.policy.asks_tracking_server and origin(location, version.model_id, version.run_id):
        lineages.ask(call.connection, session.model_id, number, call.clock)


def _apply(session: ImportSession, number: int, merged: Merge, state: VersionState | None) -> None:
    """Make the changes. Those of a version that was there are recorded; for a new one see _record_new."""
    connection, model_id = session.call.connection, session.model_id
    detail: dict[str, Any] = as_detail(merged.changes)
    moved: tuple[Stage, Stage] | None = None
    for change in merged.changes:
        word, _, rest = change.item.partition(" ")
        if word == STAGE and state is not None:
            moved = (Stage(change.before), Stage(change.after))
            closed = transition_requests.close_for_stage(connection, model_id, number, moved[1])
            model_versions.move(connection, model_id, number, moved[1], session.call.now)
            detail |= detail_of_requests(session.call, closed)
        elif word == DESCRIPTION and state is not None:
            model_versions.describe(connection, model_id, number, change.after, session.call.now)
        elif word == "tag" and change.after is None:
            tags.delete_from_version(connection, model_id, number, rest)
        elif word == "tag":
            tags.set_on_version(connection, model_id, number, rest, change.after)
        elif word == "comment":
            _set_comment(session, number, rest, change)
        elif word == "request":
            _set_request(session, number, change, state)
    for change in merged.changes:  # after all that has set it
        if change.item == UPDATED:
            model_imports.touch(connection, model_id, change.after, number)
    if state is not None and merged.changes:
        if sets_tag(merged.changes):
            check_tags_size(tags.size_on_version(connection, model_id, number))
        _record_changes(session, number, merged, moved, detail)


def _record_changes(
    session: ImportSession, number: int, merged: Merge, moved: tuple[Stage, Stage] | None, detail: dict[str, Any]
) -> None:
    session.record(
        ActivityType.IMPORTED_VERSION if moved is None else ActivityType.SYSTEM_TRANSITION,
        {"changes": detail},
        version=number,
        from_stage=moved and moved[0],
        to_stage=moved and moved[1],
        system_comment=f"{in_words(merged.changes)} from {session.body.source}",
    )


def _record_new(session: ImportSession, number: int, version: ImportedVersion, merged: Merge) -> None:
    session.record(
        ActivityType.IMPORTED_VERSION,
        without_empty(
            {
                **_origin_of(version),
                "description": version.description,
                "tags": {tag.key: tag.value for tag in version.tags},
                "last_updated_timestamp": version.last_updated_timestamp,
                "changes": as_detail(
                    [each for each in merged.changes if each.item.startswith(("comment ", "request "))]
                )
                or None,
            }
        ),
        version=number,
        to_stage=version.current_stage,
        system_comment=f"imported from {session.body.source}",
    )


def _set_comment(session: ImportSession, number: int, comment_id: str, change: Change) -> None:
    connection = session.call.connection
    if change.before is not None:
        comments.remove(connection, comment_id)
    if change.after is not None:
        state = CommentState(**change.after)
        author_id = session.author(state.user_id)[0]
        model_imports.add_comment(
            connection, comment_id, state, model_id=session.model_id, version=number, principal_id=author_id
        )


def _set_request(session: ImportSession, number: int, change: Change, state: VersionState | None) -> None:
    connection = session.call.connection
    if change.before is not None and state is not None:
        before = RequestState(**change.before)
        for request_id, each in state.requests.items():
            if each == before:
                transition_requests.remove(connection, request_id)
    if change.after is not None:
        after = RequestState(**change.after)
        model_imports.add_request(
            connection,
            session.id_of(number, "request", after.to_stage, after.user_id, after.creation_timestamp),
            after,
            model_id=session.model_id,
            version=number,
            principal_id=session.author(after.user_id)[0],
        )
