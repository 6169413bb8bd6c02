"""What a webhook or a follow may send: what its owner, who created or last changed it, may read when it is sent."""

from collections.abc import Callable

from tui_registry_server.rules.permissions import Level, allows
from tui_registry_server.rules.principals import DEFAULT_WORKSPACE, Principal
from tui_registry_server.rules.webhook_events import Change
from tui_registry_server.store import grants, principals, transition_requests
from tui_registry_server.store.engine import Connection
from tui_registry_server.store.webhooks import WebhookRow
from tui_registry_server.wire.permission_policy import Ability
from tui_registry_server.wire.principal import PrincipalKind


def reason_to_withhold(connection: Connection, webhook: WebhookRow) -> Callable[[Change], str | None]:
    """A function: why nothing is sent of a change, or None if it is."""
    kinds = (PrincipalKind.USER, PrincipalKind.SERVICE_PRINCIPAL)
    row = next(filter(None, (principals.find(connection, kind, webhook.principal_id) for kind in kinds)), None)
    who = f"{webhook.user_id}, who set this up,"
    if row is None or not row.active:
        return lambda change: f"{who} is no longer active."
    owner = principals.with_rights(connection, row.id, PrincipalKind(row.kind), row.name, webhook.workspace_id)
    if not owner.is_member:
        return lambda change: f"{who} may no longer use this workspace."
    levels: dict[str | None, int] = {None: owner.root_level}
    follows_requests = webhook.digest is not None and webhook.model_id is None

    def reason(change: Change) -> str | None:
        model_id = change.model_id
        if (change.workspace_id or DEFAULT_WORKSPACE) != webhook.workspace_id:
            return f"{who} did so in another workspace."
        if model_id not in levels:
            levels[model_id] = max(owner.root_level, grants.level_on(connection, owner, model_id or ""))
        if levels[model_id] < Level.READ:
            return f"{who} may not read this."
        if follows_requests and not _waits_for(connection, owner, change):
            return f"{who} cannot decide it: it is no longer open, or requires a higher level."
        return None

    return reason


def _waits_for(connection: Connection, principal: Principal, change: Change) -> bool:
    """Whether the request of a change is open, and the principal may decide it."""
    opened = transition_requests.of_version(connection, principal, change.model_id or "", change.version or 0)
    return any(
        allows(Ability.TRANSITION, each.level, stages=frozenset((each.from_stage, each.to_stage)))
        for each in opened
        if (each.to_stage.value, each.user_id) == (change.to_stage, change.user_id)
    )
