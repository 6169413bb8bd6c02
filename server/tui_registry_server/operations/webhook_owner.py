"""What a webhook may send: what its owner, who created or last changed it, may read when it is sent."""

from collections.abc import Callable

from tui_registry_server.rules.permissions import Level
from tui_registry_server.store import grants, principals
from tui_registry_server.store.engine import Connection
from tui_registry_server.store.webhooks import WebhookRow
from tui_registry_server.wire.principal import PrincipalKind


def reason_to_withhold(connection: Connection, webhook: WebhookRow) -> Callable[[str | None], str | None]:
    """A function: why the webhook sends nothing of a model (None: of the registry), or None if it does."""
    kinds = (PrincipalKind.USER, PrincipalKind.SERVICE_PRINCIPAL)
    row = next(filter(None, (principals.find(connection, kind, webhook.principal_id) for kind in kinds)), None)
    if row is None or not row.active:
        return lambda model_id: f"{webhook.user_id}, who set up this webhook, is not active any more."
    owner = principals.with_rights(connection, row.id, PrincipalKind(row.kind), row.name)
    levels: dict[str | None, int] = {None: owner.root_level}

    def reason(model_id: str | None) -> str | None:
        if model_id not in levels:
            levels[model_id] = max(owner.root_level, grants.level_on(connection, owner, model_id or ""))
        if levels[model_id] >= Level.READ:
            return None
        return f"{webhook.user_id}, who set up this webhook, may not read this."

    return reason
