"""Statements on webhooks."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Integer,
    Text,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import DEFAULT_WORKSPACE, Principal
from tui_registry_server.store.access import caller, here, level_on
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import activities, principals, registered_models
from tui_registry_server.store.webhook_tables import webhooks
from tui_registry_server.wire.follow import MAX_FOLLOWS
from tui_registry_server.wire.registry_webhook import RegistryWebhookStatus, WebhookFormat


class WebhookRow(NamedTuple):
    """A webhook. ``model_name`` is the model's current one; ``secrets`` are encrypted; ``events`` a JSON array."""

    id: str
    dialect: str
    name: str | None
    description: str | None
    url: str
    job_id: str | None
    enable_ssl_verification: bool
    secrets: str | None
    events: str
    status: str
    model_id: str | None
    model_name: str | None
    principal_id: str
    user_id: str
    creation_timestamp: int
    last_updated_timestamp: int
    since: int = 0
    """The number of the last activity that it is not notified of."""
    format: str = WebhookFormat.JSON.value
    digest: str | None = None
    """How often it notifies a follower; None for webhooks, which are not somebody's follows."""
    workspace_id: str = DEFAULT_WORKSPACE

    @property
    def event_names(self) -> list[str]:
        names: list[str] = json.loads(self.events)
        return names


_FIXED = frozenset({"id", "dialect", "model_id", "model_name", "creation_timestamp", "workspace_id"})
_the_webhook = webhooks.c.id == bindparam("id", type_=Text())
_columns: list[ColumnElement[Any]] = [
    func.coalesce(registered_models.c.name, webhooks.c.model_name) if name == "model_name" else webhooks.c[name]
    for name in WebhookRow._fields
]
_rows = select(*_columns).select_from(
    webhooks.outerjoin(registered_models, registered_models.c.id == webhooks.c.model_id)
)
_level = level_on(webhooks.c.model_id, webhooks)
_manageable = or_(
    and_(webhooks.c.model_id.is_(None), bindparam("admin", type_=Boolean())),
    and_(webhooks.c.model_id.is_not(None), _level >= int(Level.MANAGE)),
)
_before = or_(
    webhooks.c.creation_timestamp < bindparam("before_time", type_=BigInteger()),
    and_(
        webhooks.c.creation_timestamp == bindparam("before_time", type_=BigInteger()),
        webhooks.c.id < bindparam("before_id", type_=Text()),
    ),
)
_FIND = Statement(_rows.where(_the_webhook))
_PAGE = Statement(
    _rows.where(
        webhooks.c.digest.is_(None),
        here(webhooks),
        or_(bindparam("dialect", type_=Text()).is_(None), webhooks.c.dialect == bindparam("dialect", type_=Text())),
        _manageable,
        or_(bindparam("model_id", type_=Text()).is_(None), webhooks.c.model_id == bindparam("model_id", type_=Text())),
        _before,
    )
    .order_by(webhooks.c.creation_timestamp.desc(), webhooks.c.id.desc())
    .limit(bindparam("limit", type_=Integer()))
)
_active = webhooks.c.status == literal(RegistryWebhookStatus.ACTIVE.value)
_changed_models = select(activities.c.model_id).where(
    activities.c.sequence > bindparam("after", type_=BigInteger()),
    activities.c.sequence <= bindparam("last", type_=BigInteger()),
    activities.c.model_id.is_not(None),
)
_SUBSCRIBED = Statement(
    _rows.where(
        _active,
        or_(webhooks.c.model_id.is_(None), webhooks.c.model_id.in_(_changed_models)),
        or_(
            webhooks.c.digest.is_(None),
            select(principals.c.id).where(principals.c.id == webhooks.c.principal_id, principals.c.active).exists(),
        ),
    ).order_by(webhooks.c.creation_timestamp, webhooks.c.id)
)
_ACTIVE = Statement(_rows.where(_active).order_by(webhooks.c.creation_timestamp, webhooks.c.id))
_ANY_ACTIVE = Statement(select(webhooks.c.id).where(_active).limit(1))
_FOLLOWS = Statement(
    _rows.where(
        webhooks.c.digest.is_not(None),
        webhooks.c.principal_id == bindparam("principal_id", type_=Text()),
        webhooks.c.workspace_id == bindparam("workspace_id", type_=Text()),
    )
    .order_by(webhooks.c.creation_timestamp, webhooks.c.id)
    .limit(literal(MAX_FOLLOWS))
)
_COUNT = Statement(
    select(func.count())
    .select_from(webhooks)
    .where(
        webhooks.c.digest.is_(None),
        or_(bindparam("model_id", type_=Text()).is_(None), webhooks.c.model_id == bindparam("model_id", type_=Text())),
        or_(
            bindparam("principal_id", type_=Text()).is_(None),
            webhooks.c.principal_id == bindparam("principal_id", type_=Text()),
        ),
    )
)
_INSERT = Statement(insert(webhooks).values({name: bindparam(name) for name in WebhookRow._fields}))
_UPDATE = Statement(
    update(webhooks)
    .where(_the_webhook)
    .values({name: bindparam(name) for name in WebhookRow._fields if name not in _FIXED})
)
_DELETE = Statement(delete(webhooks).where(_the_webhook))
_DELETE_OF_WORKSPACE = Statement(
    delete(webhooks).where(webhooks.c.workspace_id == bindparam("workspace_id", type_=Text()))
)

_LATEST = 2**63 - 1


def find(connection: Connection, webhook_id: str) -> WebhookRow | None:
    row = _FIND.run(connection, id=webhook_id).first()
    return None if row is None else _row(row)


def page(
    connection: Connection,
    principal: Principal,
    dialect: str | None,
    *,
    model_id: str | None,
    before: tuple[int, str] | None,
    limit: int,
) -> tuple[list[WebhookRow], bool]:
    """Webhooks that the caller may manage, newest first, and whether there are more: of a model, or all; of a dialect,
    or of any. ``before`` is the position of the last one of the previous page."""
    time, webhook_id = before or (_LATEST, "")
    rows = _PAGE.page(
        connection,
        limit,
        dialect=dialect,
        admin=principal.admin,
        model_id=model_id,
        before_time=time,
        before_id=webhook_id,
        **caller(principal),
    )
    return [_row(row) for row in rows], rows.more


def any_active(connection: Connection) -> bool:
    """Whether any webhook is notified of changes."""
    return _ANY_ACTIVE.run(connection).first() is not None


def active(connection: Connection) -> list[WebhookRow]:
    """All that are notified of changes, those of followers too."""
    return [_row(row) for row in _ACTIVE.run(connection)]


def subscribed(connection: Connection, after: int, last: int) -> Sequence[WebhookRow]:
    """The active webhooks and follows that may be notified of the activities after a number, up to the last one: those
    of the whole registry, and of these activities' models; no follows of those who are not active."""
    return [_row(row) for row in _SUBSCRIBED.run(connection, after=after, last=last)]


def follows_of(connection: Connection, principal: Principal) -> list[WebhookRow]:
    """What a caller follows in their workspace, the oldest first."""
    rows = _FOLLOWS.run(connection, principal_id=principal.id, workspace_id=principal.workspace_id)
    return [_row(row) for row in rows]


def count(connection: Connection, *, model_id: str | None = None, principal_id: str | None = None) -> int:
    """How many webhooks there are, without follows: of a model, and of who created or last changed them."""
    answer: int = _COUNT.scalar(connection, model_id=model_id, principal_id=principal_id)
    return answer


def add(connection: Connection, row: WebhookRow) -> None:
    _INSERT.run(connection, **row._asdict())


def change(connection: Connection, row: WebhookRow) -> None:
    """Everything but its model and its form."""
    _UPDATE.run(connection, **{name: value for name, value in row._asdict().items() if name not in _FIXED}, id=row.id)


def remove_of_workspace(connection: Connection, workspace_id: str) -> None:
    """All webhooks and follows of a workspace, with their deliveries."""
    _DELETE_OF_WORKSPACE.run(connection, workspace_id=workspace_id)


def remove(connection: Connection, webhook_id: str) -> None:
    """With its deliveries."""
    _DELETE.run(connection, id=webhook_id)


def _row(row: tuple[Any, ...]) -> WebhookRow:
    found = WebhookRow(*row)
    return found._replace(enable_ssl_verification=bool(found.enable_ssl_verification))
