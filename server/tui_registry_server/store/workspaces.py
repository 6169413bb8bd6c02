"""Statements on workspaces. Who may use one has a level on its registry-wide object: see rules.principals.root_of."""

import json
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from sqlalchemy import Connection, String, and_, bindparam, delete, func, insert, literal, or_, select, update

from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import DEFAULT_WORKSPACE, ROOT, Principal, root_of
from tui_registry_server.store import webhooks as webhook_rows
from tui_registry_server.store.access import readable_objects
from tui_registry_server.store.dialects import among
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import activities, grants, registered_models, workspaces
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.workspace import MAX_WORKSPACES
from tui_registry_server.wire.workspace_name import DEFAULT_NAME


class Workspace(NamedTuple):
    id: str
    name: str
    description: str | None


_columns = [workspaces.c[name] for name in Workspace._fields]
_the_workspace = workspaces.c.id == bindparam("id", type_=String())
_of_workspace = registered_models.c.workspace_id == bindparam("id", type_=String())
_granted = select(grants.c.object_id).where(among(grants.c.principal_id, bindparam("identities", type_=String())))
_FIND = Statement(select(*_columns).where(workspaces.c.name == bindparam("name", type_=String())))
_FIND_BY_ID = Statement(select(*_columns).where(_the_workspace))
_ALL = select(*_columns).order_by(workspaces.c.name).limit(literal(MAX_WORKSPACES))
_LIST = Statement(_ALL)
_LIST_GRANTED = Statement(_ALL.where(or_(workspaces.c.name == literal(DEFAULT_NAME), workspaces.c.id.in_(_granted))))
_LEVELS = Statement(
    select(grants.c.object_id, func.max(grants.c.level))
    .where(
        among(grants.c.principal_id, bindparam("identities", type_=String())),
        or_(grants.c.object_id == literal(ROOT), grants.c.object_id.in_(select(workspaces.c.id))),
    )
    .group_by(grants.c.object_id)
)
_MODEL_COUNTS = Statement(
    select(registered_models.c.workspace_id, func.count())
    .where(
        or_(
            among(registered_models.c.workspace_id, bindparam("whole", type_=String())),
            and_(
                among(registered_models.c.workspace_id, bindparam("partly", type_=String())),
                registered_models.c.id.in_(readable_objects()),
            ),
        )
    )
    .group_by(registered_models.c.workspace_id)
)
_COUNT = Statement(select(func.count()).select_from(select(workspaces.c.id).limit(literal(MAX_WORKSPACES)).subquery()))
_INSERT = Statement(insert(workspaces))
_DESCRIBE = Statement(
    update(workspaces)
    .where(_the_workspace)
    .values(description=bindparam("text"), last_updated_timestamp=bindparam("now"))
)
_DELETE = Statement(delete(workspaces).where(_the_workspace))
_REVOKE = Statement(delete(grants).where(grants.c.object_id == bindparam("object_id", type_=String())))
_MODELS = Statement(
    select(registered_models.c.name).where(_of_workspace).order_by(registered_models.c.name).limit(bindparam("limit"))
)
_CREATED = Statement(
    select(activities.c.workspace_id, activities.c.detail)
    .where(activities.c.activity_type == literal(ActivityType.CREATED_WORKSPACE.value))
    .order_by(activities.c.creation_timestamp.desc(), activities.c.sequence.desc())
)
_OF_MODEL = Statement(
    select(registered_models.c.workspace_id).where(registered_models.c.id == bindparam("model_id", type_=String()))
)


def find(connection: Connection, name: str) -> Workspace | None:
    row: Any = _FIND.run(connection, name=name).first()
    return None if row is None else Workspace(*row)


def find_by_id(connection: Connection, workspace_id: str) -> Workspace | None:
    row: Any = _FIND_BY_ID.run(connection, id=workspace_id).first()
    return None if row is None else Workspace(*row)


def last_called(connection: Connection, name: str) -> str | None:
    """The id of the workspace of this name or, if there is none now, of the last one that had it."""
    found = find(connection, name)
    if found is not None:
        return found.id
    for workspace_id, detail in _CREATED.run(connection):
        with suppress(ValueError, TypeError, RecursionError):  # of a record that was tampered with
            created = json.loads(detail)
            if workspace_id and isinstance(created, dict) and created.get("workspace") == name:
                return str(workspace_id)
    return None


def header_name(connection: Connection, workspace_id: str) -> str:
    """What MLflow's header calls a workspace; empty for the default one, which needs no header, and for a
    deleted one."""
    found = None if workspace_id == DEFAULT_WORKSPACE else find_by_id(connection, workspace_id)
    return "" if found is None else found.name


def usable(connection: Connection, principal: Principal) -> list[Workspace]:
    """Those that a caller may use, by name: all for administrators, else the default one and those on which they, or
    their groups, have a level."""
    if principal.admin:
        return [Workspace(*row) for row in _LIST.run(connection)]
    return [Workspace(*row) for row in _LIST_GRANTED.run(connection, identities=json.dumps(principal.identities))]


def levels(connection: Connection, principal: Principal, ids: Collection[str]) -> dict[str, Level]:
    """The caller's level on all of each of these workspaces."""
    if principal.admin:
        return dict.fromkeys(ids, Level.MANAGE)
    found: dict[str, int] = dict(_LEVELS.run(connection, identities=json.dumps(principal.identities)))
    return {each: Level(found.get(root_of(each), Level.NONE)) for each in ids}


def model_counts(connection: Connection, principal: Principal, levels: Mapping[str, Level]) -> Counter[str]:
    """How many models the caller may read in each of the workspaces, by its id. ``levels``: those on all of it."""
    whole = [each for each, level in levels.items() if level >= Level.READ]
    partly = [each for each, level in levels.items() if level < Level.READ]
    parameters = {"whole": json.dumps(whole), "partly": json.dumps(partly)}
    rows = _MODEL_COUNTS.run(connection, identities=json.dumps(principal.identities), **parameters)
    return Counter(dict(rows))


def count(connection: Connection) -> int:
    """How many there are, with the default one, counted up to MAX_WORKSPACES."""
    number: int = _COUNT.scalar(connection)
    return number


def add(connection: Connection, workspace: Workspace, now: int) -> None:
    """The caller has checked that the name is not taken."""
    _INSERT.run(connection, **workspace._asdict(), creation_timestamp=now, last_updated_timestamp=now)


def describe(connection: Connection, workspace_id: str, text: str | None, now: int) -> None:
    _DESCRIBE.run(connection, id=workspace_id, text=text, now=now)


def model_names(connection: Connection, workspace_id: str, limit: int) -> list[str]:
    """The first names of a workspace's models."""
    return [row[0] for row in _MODELS.run(connection, id=workspace_id, limit=limit)]


def workspace_of(connection: Connection, model_id: str) -> str:
    """The id of the workspace of a model that exists."""
    workspace_id: str = _OF_MODEL.scalar(connection, model_id=model_id)
    return workspace_id


def remove(connection: Connection, workspace_id: str) -> None:
    """Delete a workspace without models, with its webhooks, follows and grants; its activities stay."""
    webhook_rows.remove_of_workspace(connection, workspace_id)
    _REVOKE.run(connection, object_id=root_of(workspace_id))
    _DELETE.run(connection, id=workspace_id)
