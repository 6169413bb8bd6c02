"""Following a model, or the requests that wait for somebody. A follow is stored and delivered as a webhook is, but is
its owner's alone."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from tui_registry_server.operations import subjects
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.receivers import check_receiver, own_addresses, recipient
from tui_registry_server.operations.record import record, without_empty
from tui_registry_server.operations.subjects import Subject
from tui_registry_server.rules import digests
from tui_registry_server.rules.errors import InvalidParameterValue, InvalidState, ResourceDoesNotExist
from tui_registry_server.rules.mail import MAILTO
from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.webhook_events import Dialect
from tui_registry_server.store import outbox, webhook_deliveries, webhook_queues, webhooks
from tui_registry_server.store.registered_models import ModelRow
from tui_registry_server.store.webhooks import WebhookRow
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.follow import MAX_FOLLOWS, FollowId, SetFollow
from tui_registry_server.wire.registered_model import ModelName
from tui_registry_server.wire.registry_webhook import RegistryWebhookStatus, WebhookFormat
from tui_registry_server.wire.webhook_delivery import DeliveryStatus


@dataclass(slots=True, kw_only=True)
class FollowedSubject(Subject):
    """``model``: None for the requests that wait for the caller."""

    model: ModelRow | None


def followed(call: Call, body: SetFollow) -> FollowedSubject:
    """The model, or all requests, to be followed."""
    if body.model_name is None:
        return FollowedSubject(level=Level.READ, model=None)  # whoever may decide none is notified of none
    found = subjects.model(call, ModelName(name=body.model_name))
    return FollowedSubject(level=found.level, model=found.model)


def assign(call: Call, body: SetFollow, subject: FollowedSubject) -> Answer:
    """Follow a model, or the requests that the caller may decide; or change how the caller is notified."""
    model = subject.model
    known = webhooks.follows_of(call.connection, call.principal)
    before = next((each for each in known if each.model_id == (None if model is None else model.id)), None)
    form, url = _receiver(call, body)
    after = WebhookRow(
        id=uuid.uuid4().hex if before is None else before.id,
        dialect=Dialect.DATABRICKS.value,
        name=None,
        description=None,
        url=url,
        job_id=None,
        enable_ssl_verification=True,
        secrets=None,
        events=json.dumps(digests.OF_REQUESTS if model is None else digests.OF_MODEL),
        status=RegistryWebhookStatus.ACTIVE.value,
        model_id=None if model is None else model.id,
        model_name=None if model is None else model.name,
        principal_id=call.principal.id,
        user_id=call.principal.name,
        creation_timestamp=call.now if before is None else before.creation_timestamp,
        last_updated_timestamp=call.now,
        since=0 if before is None else before.since,
        format=form.value,
        digest=body.digest.value,
        workspace_id=call.principal.workspace_id,
    )
    check_receiver(call, after)
    if before is None:
        if len(known) >= MAX_FOLLOWS:
            raise InvalidState(f"You follow {MAX_FOLLOWS} models, which is the limit. Unfollow some first.")
        after = after._replace(since=outbox.catch_up(call.connection, call.now))
        webhooks.add(call.connection, after)
    else:
        webhooks.change(call.connection, after)
        due = digests.due(after.digest, call.clock)
        webhook_deliveries.reschedule(call.connection, after.id, due)
    _record(call, ActivityType.FOLLOWED, after, {"digest": after.digest, "by": after.format})
    return {"follow": _entity(call, after)}


def listed(call: Call, body: object, subject: None) -> Answer:
    """What the caller follows."""
    rows = webhooks.follows_of(call.connection, call.principal)
    return without_empty({"follows": [_entity(call, row) for row in rows]})


def delete(call: Call, body: FollowId, subject: None) -> Answer:
    """End one of the caller's own follows: what has not been sent yet is no longer sent."""
    rows = webhooks.follows_of(call.connection, call.principal)
    found = next((each for each in rows if each.id == body.id), None)
    if found is None:
        raise ResourceDoesNotExist(f"You have no follow with id={body.id}. It may have been ended.")
    webhooks.remove(call.connection, found.id)
    _record(call, ActivityType.UNFOLLOWED, found, {})
    return {}


def _receiver(call: Call, body: SetFollow) -> tuple[WebhookFormat, str]:
    if body.slack_url is not None:
        if body.email is not None:
            raise InvalidParameterValue("Give only one of 'email' and 'slack_url'.")
        return WebhookFormat.SLACK, body.slack_url
    own = own_addresses(call) if body.email is None else [body.email]
    if not own:
        raise InvalidParameterValue("Your account has no e-mail address: give 'email', or 'slack_url'.")
    return WebhookFormat.EMAIL, f"{MAILTO}{own[0]}"


def _record(call: Call, activity_type: ActivityType, follow: WebhookRow, detail: dict[str, Any]) -> None:
    """Without the receiver, which is nobody's business but the follower's."""
    record(
        call,
        activity_type,
        model_id=follow.model_id,
        model_name=follow.model_name,
        detail={"follow": follow.id, **detail},
    )


def _entity(call: Call, follow: WebhookRow) -> dict[str, Any]:
    last = webhook_queues.queue_of(call.connection, follow.id).last
    is_mail = follow.format == WebhookFormat.EMAIL
    problem = None
    if last is not None and last.status in (DeliveryStatus.PENDING, DeliveryStatus.DEAD) and last.sent_timestamp:
        problem = last.error or f"The receiver answered {last.response_status}."
    return without_empty(
        {
            "id": follow.id,
            "model_name": follow.model_name,
            "digest": follow.digest,
            "email": recipient(follow) if is_mail else None,
            "slack_url": None if is_mail else follow.url,
            "creation_timestamp": follow.creation_timestamp,
            "last_updated_timestamp": follow.last_updated_timestamp,
            "problem": problem,
        }
    )
