"""Recording who did what: one row of the activities for every change."""

import secrets
from collections.abc import Collection, Mapping
from typing import Any

from tui_registry_server.operations.call import Call
from tui_registry_server.store import activities, principals
from tui_registry_server.store.engine import Connection
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.principal import PrincipalKind
from tui_registry_server.wire.stage import Stage


def record(
    call: Call,
    activity_type: ActivityType,
    *,
    model_id: str | None = None,
    model_name: str | None = None,
    version: int | None = None,
    from_stage: Stage | None = None,
    to_stage: Stage | None = None,
    comment: str | None = None,
    comment_id: str | None = None,
    system_comment: str | None = None,
    detail: dict[str, Any] | None = None,
    workspace_id: str | None = None,
    touches: bool = False,
) -> dict[str, Any]:
    """Append an activity. Returns it as the wire shows it. ``detail``: the values before and after, for the audit log;
    ``workspace_id``: the caller's, if it is not given; ``touches``: whether to set the model's
    last_updated_timestamp."""
    if call.head is None:
        raise TypeError("A read cannot record an activity.")
    activity_id = secrets.token_hex(16)
    activities.append(
        call.connection,
        call.head,
        id=activity_id,
        activity_type=activity_type.value,
        creation_timestamp=call.now,
        principal_id=call.principal.id,
        user_id=call.principal.name,
        token_id=call.principal.token_id,
        address=call.address,
        model_id=model_id,
        model_name=model_name,
        version=version,
        from_stage=from_stage,
        to_stage=to_stage,
        comment=comment,
        comment_id=comment_id,
        system_comment=system_comment,
        detail=detail,
        workspace_id=(call.principal.workspace_id if workspace_id is None else workspace_id) or None,
        touches=touches,
    )
    return without_empty(
        {
            "id": activity_id,
            "activity_type": activity_type.value,
            "creation_timestamp": call.now,
            "last_updated_timestamp": call.now,
            "user_id": call.principal.name,
            "comment": comment,
            "system_comment": system_comment,
            "from_stage": from_stage,
            "to_stage": to_stage,
        }
    )


def reference(principal_id: str, kind: PrincipalKind | None, name: str) -> dict[str, Any]:
    """A principal in a ``detail``. Names are not unique: a user, a group and a service principal may have the same one,
    and it may be reused. A deleted principal has no kind."""
    return without_empty({"kind": None if kind is None else kind.value, "id": principal_id, "name": name})


def references(connection: Connection, principal_ids: Collection[str]) -> list[dict[str, Any]]:
    """Principals in a ``detail``, sorted by kind and name."""
    found = principals.named(connection, principal_ids)
    listed = [reference(principal_id, *found.get(principal_id, (None, ""))) for principal_id in principal_ids]
    return sorted(listed, key=lambda each: (each.get("kind", ""), each.get("name", ""), each["id"]))


def in_words(who: Mapping[str, Any]) -> str:
    """A reference as text: ``group ops``."""
    return f"{who.get('kind', 'principal').replace('_', ' ')} {who.get('name', who['id'])}"


def without_empty(entity: dict[str, Any]) -> dict[str, Any]:
    """An answer without null fields, empty texts and empty lists."""
    return {name: value for name, value in entity.items() if value not in (None, [], "")}
