"""What creating, changing and deleting webhooks has in common, in whichever form."""

import json
import re
from collections.abc import Mapping
from typing import Any

from tui_registry_server.operations.call import Call
from tui_registry_server.operations.receivers import check_receiver
from tui_registry_server.operations.record import record, without_empty
from tui_registry_server.rules.errors import InvalidParameterValue, InvalidState
from tui_registry_server.rules.mail import MAILTO
from tui_registry_server.store import outbox, webhooks
from tui_registry_server.store.webhooks import WebhookRow
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.registry_webhook import RegistryWebhookStatus, WebhookFormat

MAX_WEBHOOKS = 1000
"""Each active one is looked at for every change."""
MAX_OF_MODEL = 50
"""Every change of the model can be as many deliveries, or three times as many."""
MAX_OF_OWNER = 200
"""Of one user or service principal that is no administrator, so that others can have some, too."""

_HEADER = re.compile(r"[!-~]+(?: [!-~]+)*")


def create(call: Call, webhook: WebhookRow) -> None:
    """The caller has checked everything but the URL."""
    if webhooks.count(call.connection) >= MAX_WEBHOOKS:
        raise InvalidState(f"This registry has {MAX_WEBHOOKS} webhooks, which is the limit. Delete some first.")
    if webhook.model_id is not None and webhooks.count(call.connection, model_id=webhook.model_id) >= MAX_OF_MODEL:
        raise InvalidState(f"This model has {MAX_OF_MODEL} webhooks, which is the limit. Delete some first.")
    owned = 0 if call.principal.admin else webhooks.count(call.connection, principal_id=webhook.principal_id)
    if owned >= MAX_OF_OWNER:
        raise InvalidState(f"You have set up {MAX_OF_OWNER} webhooks, which is the limit. Delete some first.")
    check_receiver(call, webhook)
    webhooks.add(call.connection, webhook._replace(since=outbox.catch_up(call.connection, call.now)))
    _record(call, ActivityType.CREATED_WEBHOOK, webhook, f"created a webhook to {_receiver(webhook)}", _detail(webhook))


def change(call: Call, before: WebhookRow, after: WebhookRow) -> WebhookRow:
    """Returns it with its new owner, whose rights decide from now on what it sends: who sets the URL cannot be
    notified of what only the previous owner may read."""
    check_receiver(call, after)
    after = after._replace(last_updated_timestamp=call.now, principal_id=call.principal.id, user_id=call.principal.name)
    newest = outbox.catch_up(call.connection, call.now)
    if before.status != RegistryWebhookStatus.ACTIVE:
        after = after._replace(since=newest)
    webhooks.change(call.connection, after)
    old, new = _detail(before), _detail(after)
    changed = {name: [old.get(name), value] for name, value in new.items() if old.get(name) != value}
    if after.secrets != before.secrets:
        changed["secrets"] = ["***" if before.secrets else None, "***" if after.secrets else None]
    _record(
        call,
        ActivityType.CHANGED_WEBHOOK,
        after,
        f"changed {', '.join(sorted(changed)) or 'nothing'} of a webhook to {_receiver(after)}",
        {"changed": changed},
    )
    return after


def delete(call: Call, webhook: WebhookRow) -> None:
    """Delete a webhook with its deliveries: what has not been sent yet is no longer sent."""
    webhooks.remove(call.connection, webhook.id)
    _record(call, ActivityType.DELETED_WEBHOOK, webhook, f"deleted a webhook to {_receiver(webhook)}", {})


def record_test(call: Call, webhook: WebhookRow, event: str) -> None:
    _record(call, ActivityType.TESTED_WEBHOOK, webhook, f"tested a webhook to {_receiver(webhook)}", {"event": event})


def record_replay(call: Call, webhook: WebhookRow, count: int) -> None:
    what = f"queued {count} deliveries of a webhook to {_receiver(webhook)} again"
    _record(call, ActivityType.CHANGED_WEBHOOK, webhook, what, {"replayed": count})


def sealed(call: Call, secrets: Mapping[str, str | None]) -> str | None:
    """The secrets that are given, encrypted; None without any. Raises InvalidState if the server has no key."""
    given = {name: value for name, value in secrets.items() if value}
    return call.policy.secret_box.seal(json.dumps(given)) if given else None


def check_header(name: str, value: str | None) -> None:
    """Raises InvalidParameterValue for a text that cannot be the value of a header."""
    if value and not _HEADER.fullmatch(value):
        raise InvalidParameterValue(
            f"Invalid value for parameter '{name}': write printable ASCII, such as 'Bearer abc', without line breaks."
        )


def _receiver(webhook: WebhookRow) -> str:
    """Without the path, which is a secret for Slack's incoming webhooks, and others'."""
    origin = _origin(webhook.url)
    return origin if webhook.job_id is None else f"job {webhook.job_id} of {origin}"


def _origin(url: str) -> str:
    """The scheme, host and port of a stored URL; an e-mail address as it is."""
    if url.startswith(MAILTO):
        return url
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{re.split('[/?#]', rest, maxsplit=1)[0]}"


def _detail(webhook: WebhookRow) -> dict[str, Any]:
    return without_empty(
        {
            "name": webhook.name,
            "description": webhook.description,
            "receiver": _receiver(webhook),
            "enable_ssl_verification": webhook.enable_ssl_verification,
            "format": None if webhook.format == WebhookFormat.JSON else webhook.format,
            "events": webhook.event_names,
            "status": webhook.status,
        }
    )


def _record(call: Call, activity_type: ActivityType, webhook: WebhookRow, what: str, detail: dict[str, Any]) -> None:
    record(
        call,
        activity_type,
        model_id=webhook.model_id,
        model_name=webhook.model_name,
        system_comment=what,
        detail={"webhook": webhook.id, "dialect": webhook.dialect, **detail},
    )
