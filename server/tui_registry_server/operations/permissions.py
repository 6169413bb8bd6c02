"""Reading and changing who may do what: the access control list of a model, or of the whole registry."""

from functools import partial
from typing import Any

from tui_registry_server.operations import access_lists
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.grant_reasons import ROOT_PATH
from tui_registry_server.operations.subjects import ObjectSubject
from tui_registry_server.rules.errors import Conflict
from tui_registry_server.rules.permissions import LEVELS, Level, level_name, parse_level
from tui_registry_server.rules.principals import ROOT
from tui_registry_server.store import grants
from tui_registry_server.wire.permission import ChangePermissions, PermissionLevel, PermissionsOf


def get(call: Call, body: PermissionsOf, subject: ObjectSubject) -> Answer:
    """Every principal with a level on the object, direct or inherited."""
    return _entity(call, subject)


def levels(call: Call, body: PermissionsOf, subject: ObjectSubject) -> Answer:
    """The levels that can be given on the object."""
    return {
        "permission_levels": [
            {"permission_level": wire.value, "description": description}
            for wire, (_, description) in LEVELS.items()
            if subject.model is None or wire is not PermissionLevel.CAN_CREATE_REGISTERED_MODEL
        ]
    }


def add(call: Call, body: ChangePermissions, subject: ObjectSubject) -> Answer:
    """PATCH: give the levels listed, and leave the other entries as they are."""
    return _change(call, subject, after_change(call, body, subject, replace=False))


def replace(call: Call, body: ChangePermissions, subject: ObjectSubject) -> Answer:
    """PUT: the levels listed are the only direct entries from now on."""
    return _change(call, subject, after_change(call, body, subject, replace=True))


def after_change(call: Call, body: ChangePermissions, subject: ObjectSubject, *, replace: bool) -> dict[str, Level]:
    """Principal id to level: the direct grants as the change would make them. Raises what the change would."""
    parse = partial(parse_level, registry_wide=subject.model is None)
    wanted = access_lists.wanted(call, body.access_control_list, parse)
    if body.etag is not None and body.etag != access_lists.etag(call, subject.object_id):
        raise Conflict("These permissions were changed since you read them. Nothing was changed; read them again.")
    return wanted if replace else access_lists.direct(call, subject.object_id) | wanted


def heading(subject: ObjectSubject) -> dict[str, Any]:
    """What every answer about an object's permissions begins with."""
    object_id = ROOT if subject.model is None else subject.object_id  # as it is called in every workspace
    return {"object_id": f"/registered-models/{object_id}", "object_type": "registered-model"}


def _change(call: Call, subject: ObjectSubject, after: dict[str, Level]) -> Answer:
    access_lists.change(call, subject.object_id, after, model=subject.model)
    return _entity(call, subject)


def _entity(call: Call, subject: ObjectSubject) -> Answer:
    registry_wide = [] if subject.model is None else grants.on(call.connection, call.principal.root_id)
    return {
        **heading(subject),
        "access_control_list": access_lists.entries(
            grants.on(call.connection, subject.object_id),
            [row for row in registry_wide if row.level >= Level.READ],
            level_name,
            inherited_from=None if subject.model is None else ROOT_PATH,
        ),
        "etag": access_lists.etag(call, subject.object_id),
    }
