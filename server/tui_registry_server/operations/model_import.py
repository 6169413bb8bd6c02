"""Importing a model of another registry, or a part of it, in one transaction; again and again, for what changed there.

What was imported before is compared with what is here and with what is at the source (rules.three_way_merge). What was
changed here since stays, and is answered as a difference.
"""

import uuid
from datetime import UTC, datetime
from typing import Any

from tui_registry_server.operations import access_lists
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.import_session import (
    DESCRIPTION,
    ORIGIN,
    UPDATED,
    ImportSession,
    as_detail,
    in_words,
    sets_tag,
)
from tui_registry_server.operations.record import without_empty
from tui_registry_server.operations.subjects import Subject
from tui_registry_server.operations.version_import import MAX_VERSION, import_versions
from tui_registry_server.rules.errors import InvalidState, RegistryError
from tui_registry_server.rules.names import check_model_name, check_new_alias, check_tags, check_tags_size
from tui_registry_server.rules.page_tokens import digest, read_token, write_token
from tui_registry_server.rules.permissions import Level, level_name, parse_level
from tui_registry_server.rules.principals import DEFAULT_WORKSPACE, address
from tui_registry_server.rules.three_way_merge import Change, digest_of, merge
from tui_registry_server.store import aliases, grants, model_imports, principals, registered_models, tags
from tui_registry_server.store.model_imports import ImportRow
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.model_import import (
    DifferenceReason,
    ImportCounts,
    ImportedActivity,
    ImportModel,
    ImportPart,
    ListImports,
)
from tui_registry_server.wire.names import name_key
from tui_registry_server.wire.principal import ADMINS, PrincipalKind

COMMENTED = frozenset({"NEW_COMMENT", "EDITED_COMMENT"})
"""Activities whose comments are a version's comments: their authors may delete them, and nobody a record."""


def import_model(call: Call, body: ImportModel, subject: Subject) -> Answer:
    """Import a model with its versions, or what of them has changed at the source since the last import."""
    _require_default_workspace(call)
    name = check_model_name(body.name)
    known = model_imports.find(call.connection, body.source, name)
    row = None if known is None else registered_models.find_by_id(call.connection, call.principal, known.model_id)
    if known is not None and row is None:
        if not body.restore_deleted:
            return _refused(name, DifferenceReason.DELETED_HERE)
        if not body.dry_run:
            model_imports.forget_versions(call.connection, known.model_id)
        known = None
    if known is None and registered_models.find(call.connection, call.principal, name) is not None:
        return _refused(name, DifferenceReason.NAME_TAKEN)
    session = ImportSession(
        call,
        body,
        model_id=uuid.uuid4().hex if row is None else row.id,
        model_name=name if row is None else row.name,
        is_new=row is None,
    )
    before = known or ImportRow(session.model_id, {}, 0, "")
    if session.model_name != name:
        session.differ(DifferenceReason.RENAMED_HERE, "name", session.model_name, name)
    base = _import_header(session, dict(before.base))
    versions = import_versions(session)
    if ImportPart.ALIASES in body.parts:
        base = _import_aliases(session, base, versions)
    after = before._replace(base=base)
    for activity in _new_activities(body, before):
        _import_activity(session, activity)
        after = after._replace(activity_timestamp=activity.creation_timestamp, activity_id=activity.id)
    if not body.dry_run and (after != before or session.is_new):
        model_imports.save(call.connection, body.source, name, after)
    return without_empty(
        {
            "id": None if session.is_new and body.dry_run else session.model_id,
            "name": session.model_name,
            "counts": session.counts.model_dump(),
            "differences": [each.model_dump(mode="json", exclude_none=True) for each in session.differences],
        }
    )


def listed(call: Call, body: ListImports, subject: Subject) -> Answer:
    """Which models were imported from where, also those that were deleted since."""
    _require_default_workspace(call)
    query = digest("imports", {"source": body.source})
    position = read_token(body.page_token, query, (str, str)) if body.page_token else ("", "")
    rows, more = model_imports.listed(
        call.connection, body.source, after=(str(position[0]), str(position[1])), limit=body.max_results
    )
    return without_empty(
        {
            "imports": [{"source": row.source, "name": row.name, "id": row.model_id} for row in rows],
            "next_page_token": write_token(query, (rows[-1].source, rows[-1].name)) if more else None,
        }
    )


def _refused(name: str, reason: DifferenceReason) -> Answer:
    return {"name": name, "counts": ImportCounts().model_dump(), "differences": [{"item": "", "reason": reason.value}]}


def _import_header(session: ImportSession, base: dict[str, str]) -> dict[str, str]:
    """All but aliases, for which versions must be there. Returns the new base."""
    call, body = session.call, session.body
    session.check_origin(base, digest_of([body.user_id, body.creation_timestamp]))
    wanted = check_tags(body.tags)
    levels = _wanted_levels(session) if ImportPart.PERMISSIONS in body.parts else {}
    source = {UPDATED: body.last_updated_timestamp} | {f"tag {key}": value for key, value in wanted.items()}
    source |= {item: level_name(level) for item, (_, level) in levels.items()}
    if body.description:
        source[DESCRIPTION] = body.description
    silent = [word for word, part in _OPTIONAL.items() if part not in body.parts]
    merged = merge(base, _header_here(session), source, kept=[*silent, "alias", ORIGIN])
    session.add_differences(merged.differences)
    if session.is_new:
        session.counts.created_models += 1
    else:
        session.counts.changes += len(merged.changes)
    if not body.dry_run and (session.is_new or merged.changes):
        direct = {} if session.is_new else access_lists.direct(call, session.model_id)
        if session.is_new:
            model_imports.add_model(
                call.connection,
                id=session.model_id,
                name=session.model_name,
                description=body.description or None,
                user_id=body.user_id,
                creation_timestamp=body.creation_timestamp,
                last_updated_timestamp=body.last_updated_timestamp,
            )
        for change in merged.changes:
            _apply(session, change, {item: principal_id for item, (principal_id, _) in levels.items()})
        for change in merged.changes:  # after all that has set it
            if change.item == UPDATED:
                model_imports.touch(call.connection, session.model_id, change.after)
        if sets_tag(merged.changes):
            check_tags_size(tags.size_on_model(call.connection, session.model_id))
        _record(session, merged.changes, access_lists.changed_levels(call, session.model_id, direct))
    return merged.base


def _require_default_workspace(call: Call) -> None:
    if call.principal.workspace_id != DEFAULT_WORKSPACE:
        raise InvalidState(
            "Models of other registries are imported into the default workspace: leave out the workspace."
        )


_OPTIONAL = {"tag": ImportPart.TAGS, "permission": ImportPart.PERMISSIONS}


def _header_here(session: ImportSession) -> dict[str, Any]:
    connection = session.call.connection
    state = None if session.is_new else model_imports.state(connection, session.model_id)
    if state is None:
        return {}
    items: dict[str, Any] = {UPDATED: state.last_updated_timestamp}
    if state.description is not None:
        items[DESCRIPTION] = state.description
    items |= {f"tag {key}": value for key, value in model_imports.tags_of(connection, session.model_id).items()}
    return items | {
        _permission(PrincipalKind(grant.kind), grant.name): level_name(grant.level)
        for grant in grants.on(connection, session.model_id)
    }


def _wanted_levels(session: ImportSession) -> dict[str, tuple[str, Level]]:
    """The principal's id and the level, of each entry whose principal is here; the others are differences. The
    administrators' own entry means nothing here: they manage all."""
    found: dict[str, tuple[str, Level]] = {}
    for entry in session.body.permissions:
        kind, name = access_lists.principal_of(entry)
        if kind is PrincipalKind.GROUP and name_key(name) == ADMINS:
            continue
        try:
            level = parse_level(entry.permission_level, registry_wide=False)
        except RegistryError as error:
            session.differ(DifferenceReason.NOT_ALLOWED, _permission(kind, name), source=str(error))
            continue
        principal_id = principals.id_of(session.call.connection, kind, name)
        if principal_id is None:
            session.differ(DifferenceReason.UNKNOWN_PRINCIPAL, _permission(kind, name), source=entry.permission_level)
            continue
        known = principals.named(session.call.connection, [principal_id])[principal_id]
        before = found.get(_permission(*known), (principal_id, Level.NONE))
        found[_permission(*known)] = (principal_id, max(level, before[1]))
    return found


def _permission(kind: PrincipalKind, name: str) -> str:
    return f"permission {address(kind, name)}"


def _apply(session: ImportSession, change: Change, principal_ids: dict[str, str]) -> None:
    connection, model_id = session.call.connection, session.model_id
    word, _, rest = change.item.partition(" ")
    if word == DESCRIPTION and not session.is_new:
        registered_models.describe(connection, model_id, change.after, session.call.now)
    elif word == "tag" and change.after is None:
        tags.delete_from_model(connection, model_id, rest)
    elif word == "tag":
        tags.set_on_model(connection, model_id, rest, change.after)
    elif word == "permission" and change.after is not None:
        level = parse_level(change.after, registry_wide=False)
        grants.grant(connection, model_id, principal_ids[change.item], level)
    elif word == "permission":
        for grant in grants.on(connection, model_id):
            if _permission(PrincipalKind(grant.kind), grant.name) == change.item:
                grants.revoke(connection, model_id, grant.principal_id)


def _import_aliases(session: ImportSession, base: dict[str, str], imported: set[int]) -> dict[str, str]:
    """Returns the new base. An alias of a version that is not here stays as it is."""
    connection, model_id = session.call.connection, session.model_id
    numbers = {int(each.version) for each in session.body.aliases if 0 < int(each.version) <= MAX_VERSION}
    here = {} if session.is_new else model_imports.aliases_of(connection, model_id)
    there = imported | (set() if session.is_new else model_imports.existing(connection, model_id, numbers))
    source: dict[str, str] = {}
    left = []
    for each in session.body.aliases:
        item = f"alias {each.alias}"
        try:
            check_new_alias(each.alias)
        except RegistryError as error:
            session.differ(DifferenceReason.NOT_ALLOWED, item, source=str(error))
            left.append(item)
            continue
        if int(each.version) in there:
            source[item] = each.version
        else:
            session.differ(DifferenceReason.DELETED_HERE, item, source=f"version {each.version}")
            left.append(item)
    others = {item.partition(" ")[0] for item in base} - {"alias"}
    merged = merge(base, {f"alias {name}": str(at) for name, at in here.items()}, source, kept=[*left, *others])
    session.add_differences(merged.differences)
    if not session.is_new:
        session.counts.changes += len(merged.changes)
    if merged.changes and not session.body.dry_run:
        for change in merged.changes:
            name = change.item.partition(" ")[2]
            if change.after is None:
                aliases.release(connection, model_id, name)
            else:
                aliases.assign(connection, model_id, name, int(change.after))
        _record(session, merged.changes, [])
    return merged.base


def _record(session: ImportSession, changes: list[Change], levels: list[dict[str, Any]]) -> None:
    body = session.body
    created = {"user_id": body.user_id, "creation_timestamp": body.creation_timestamp} if session.is_new else {}
    session.record(
        ActivityType.IMPORTED_MODEL,
        {**created, "changes": as_detail(changes), **({"levels": levels} if levels else {})},
        system_comment=f"{in_words(changes)} from {body.source}",
    )


def _new_activities(body: ImportModel, before: ImportRow) -> list[ImportedActivity]:
    """Those that were not imported before, oldest first."""
    last = (before.activity_timestamp, before.activity_id)
    unknown = {(each.creation_timestamp, each.id): each for each in body.activities}
    return [each for place, each in sorted(unknown.items()) if place > last]


def _import_activity(session: ImportSession, activity: ImportedActivity) -> None:
    """It stands in the audit log where it is imported; when it was is in its detail."""
    session.counts.activities += 1
    if session.body.dry_run:
        return
    time = datetime.fromtimestamp(min(activity.creation_timestamp // 1000, 253_402_300_799), UTC)
    what = f"{activity.activity_type} by {activity.user_id or 'somebody'} on {time:%Y-%m-%d %H:%M} UTC"
    session.record(
        ActivityType.IMPORTED_ACTIVITY,
        {
            "activity": without_empty(
                activity.model_dump(
                    mode="json",
                    include={"id", "activity_type", "creation_timestamp", "user_id", "system_comment"},
                )
            )
        },
        version=int(activity.version) if activity.version and 0 < int(activity.version) <= MAX_VERSION else None,
        from_stage=activity.from_stage,
        to_stage=activity.to_stage,
        comment=None if activity.activity_type in COMMENTED else activity.comment or None,
        system_comment="; ".join(filter(None, (f"imported: {what}", activity.system_comment))),
    )
