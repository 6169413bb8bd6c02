"""Whose webhooks a request is about: a model's, which those may manage who manage the model, or the whole registry's,
which takes an administrator."""

from dataclasses import dataclass
from typing import Protocol

from tui_registry_server.operations import subjects
from tui_registry_server.operations.call import Call
from tui_registry_server.operations.subjects import Subject
from tui_registry_server.rules.errors import PermissionDenied, ResourceDoesNotExist
from tui_registry_server.rules.permissions import Level, require
from tui_registry_server.rules.webhook_events import Dialect
from tui_registry_server.store import grants, webhooks
from tui_registry_server.store.registered_models import ModelRow
from tui_registry_server.store.webhooks import WebhookRow
from tui_registry_server.wire.permission_policy import Ability


@dataclass(slots=True, kw_only=True)
class ScopeSubject(Subject):
    """``model``: None for the whole registry."""

    model: ModelRow | None


@dataclass(slots=True, kw_only=True)
class WebhookSubject(Subject):
    webhook: WebhookRow


class _NamesScope(Protocol):
    model_name: str | None


class _NamesId(Protocol):
    id: str


class _NamesWebhookId(Protocol):
    webhook_id: str


@dataclass(slots=True)
class _ModelName:
    name: str


def scope(call: Call, body: _NamesScope) -> ScopeSubject:
    """A model's webhooks, or the registry's."""
    if body.model_name is not None:
        found = subjects.model(call, _ModelName(body.model_name))
        return ScopeSubject(level=found.level, model=found.model)
    if not call.principal.admin:
        raise PermissionDenied(
            "A webhook of the whole registry requires being a member of the group 'admins'. Give a model_name, or ask "
            "one of them."
        )
    return ScopeSubject(level=Level.MANAGE, model=None)


def webhook(call: Call, body: _NamesId) -> WebhookSubject:
    """A webhook of either form."""
    return _found(call, body.id, webhooks.find(call.connection, body.id))


def databricks_webhook(call: Call, body: _NamesId) -> WebhookSubject:
    return _of_dialect(call, body.id, Dialect.DATABRICKS)


def mlflow_webhook(call: Call, body: _NamesWebhookId) -> WebhookSubject:
    require(Ability.ADMINISTER_WEBHOOKS, subjects.administration(call, body).level)
    return _of_dialect(call, body.webhook_id, Dialect.MLFLOW)


def _of_dialect(call: Call, webhook_id: str, dialect: Dialect) -> WebhookSubject:
    row = webhooks.find(call.connection, webhook_id)
    return _found(call, webhook_id, row if row is not None and row.dialect == dialect else None)


def _found(call: Call, webhook_id: str, row: WebhookRow | None) -> WebhookSubject:
    level = int(Level.NONE)
    if row is not None and row.digest is not None:
        row = None  # somebody's follow, which is theirs alone
    if row is not None and row.workspace_id != call.principal.workspace_id:
        row = None
    if row is not None and row.model_id is not None:
        level = max(grants.level_on(call.connection, call.principal, row.model_id), call.principal.root_level)
    elif row is not None and call.principal.admin:
        level = Level.MANAGE
    if row is None or level < Level.READ:
        raise ResourceDoesNotExist(f"Webhook with id={webhook_id} not found. It may have been deleted.")
    return WebhookSubject(level=level, webhook=row)
