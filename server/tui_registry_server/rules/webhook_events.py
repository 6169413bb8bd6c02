"""Which events of webhooks an activity is, and what is sent of them: policy as tables."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.webhook_events import RegistryWebhookEvent as Event

IMPORTED_FROM = "imported_from"
"""The member of a ``detail`` that says of which registry a change was imported. Webhooks get none of these: its own
have sent them there."""
PROMPT_TEXT = "mlflow.prompt.text"
HIDDEN_PROMPT_TAGS = frozenset({"mlflow.prompt.is_prompt", "_mlflow_prompt_type"})
"""Tags by which MLflow's client marks prompts: MLflow's server leaves them out of a new prompt's payload."""
HIDDEN_PROMPT_VERSION_TAGS = HIDDEN_PROMPT_TAGS | {PROMPT_TEXT}


class Dialect(StrEnum):
    """The form of a webhook: whose API made it, and whose payloads and signature it sends."""

    DATABRICKS = "databricks"
    MLFLOW = "mlflow"


class Change(NamedTuple):
    """An activity, as far as webhooks notify of it.

    model_name: at that time.
    comment: the text of the comment, unless it was deleted, or what was said with a request or a decision.
    detail: what the audit log has.
    workspace_id: None for the default workspace.
    is_prompt: whether the model is one of MLflow's prompts.
    """

    activity_id: str
    activity_type: str
    creation_timestamp: int
    user_id: str
    model_id: str | None
    model_name: str | None
    version: int | None
    from_stage: str | None
    to_stage: str | None
    comment: str | None
    detail: Mapping[str, Any]
    is_prompt: bool = False
    workspace_id: str | None = None


_MOVED = (Event.MODEL_VERSION_TRANSITIONED_STAGE,)
_DATABRICKS: Mapping[str, tuple[Event, ...]] = {
    ActivityType.APPLIED_TRANSITION: _MOVED,
    ActivityType.SYSTEM_TRANSITION: _MOVED,
    ActivityType.APPROVED_REQUEST: (Event.TRANSITION_REQUEST_APPROVED, *_MOVED),
    ActivityType.REQUESTED_TRANSITION: (Event.TRANSITION_REQUEST_CREATED,),
    ActivityType.REJECTED_REQUEST: (Event.TRANSITION_REQUEST_REJECTED,),
    ActivityType.CANCELLED_REQUEST: (Event.TRANSITION_REQUEST_CANCELLED,),
    ActivityType.NEW_COMMENT: (Event.COMMENT_CREATED,),
    ActivityType.CREATED_MODEL: (Event.REGISTERED_MODEL_CREATED,),
    ActivityType.RENAMED_MODEL: (Event.REGISTERED_MODEL_RENAMED,),
    ActivityType.DELETED_MODEL: (Event.REGISTERED_MODEL_DELETED,),
    ActivityType.CREATED_VERSION: (Event.MODEL_VERSION_CREATED,),
    ActivityType.DELETED_VERSION: (Event.MODEL_VERSION_DELETED,),
    ActivityType.SET_ALIAS: (Event.ALIAS_SET,),
    ActivityType.DELETED_ALIAS: (Event.ALIAS_DELETED,),
    ActivityType.CHANGED_PERMISSIONS: (Event.PERMISSIONS_CHANGED,),
}
_BY_STAGE: Mapping[Event, Mapping[str, Event]] = {
    Event.MODEL_VERSION_TRANSITIONED_STAGE: {
        Stage.STAGING: Event.MODEL_VERSION_TRANSITIONED_TO_STAGING,
        Stage.PRODUCTION: Event.MODEL_VERSION_TRANSITIONED_TO_PRODUCTION,
        Stage.ARCHIVED: Event.MODEL_VERSION_TRANSITIONED_TO_ARCHIVED,
    },
    Event.TRANSITION_REQUEST_CREATED: {
        Stage.STAGING: Event.TRANSITION_REQUEST_TO_STAGING_CREATED,
        Stage.PRODUCTION: Event.TRANSITION_REQUEST_TO_PRODUCTION_CREATED,
        Stage.ARCHIVED: Event.TRANSITION_REQUEST_TO_ARCHIVED_CREATED,
    },
}

_MLFLOW: Mapping[tuple[str, bool], tuple[str, str]] = {
    (ActivityType.CREATED_MODEL, False): ("registered_model.created", "prompt.created"),
    (ActivityType.CREATED_VERSION, True): ("model_version.created", "prompt_version.created"),
    (ActivityType.SET_TAG, False): ("", "prompt_tag.set"),
    (ActivityType.DELETED_TAG, False): ("", "prompt_tag.deleted"),
    (ActivityType.SET_TAG, True): ("model_version_tag.set", "prompt_version_tag.set"),
    (ActivityType.DELETED_TAG, True): ("model_version_tag.deleted", "prompt_version_tag.deleted"),
    (ActivityType.SET_ALIAS, True): ("model_version_alias.created", "prompt_alias.created"),
    (ActivityType.DELETED_ALIAS, True): ("model_version_alias.deleted", "prompt_alias.deleted"),
}
"""By the activity's type, and whether it is about a version: the event of a model, and that of a prompt."""

ACTIVITY_TYPES = frozenset({*_DATABRICKS, *(activity for activity, _ in _MLFLOW)})
"""The types of activities that webhooks notify of."""


def events_of(change: Change, dialect: str) -> tuple[str, ...]:
    """The events that a change is. A webhook gets one delivery for each that it is subscribed to."""
    if IMPORTED_FROM in change.detail:
        return ()
    if dialect == Dialect.MLFLOW:
        of_model, of_prompt = _MLFLOW.get((change.activity_type, change.version is not None), ("", ""))
        event = of_prompt if change.is_prompt else of_model
        return (event,) if event else ()
    if change.activity_type == ActivityType.SET_TAG:
        return () if change.version is None else (Event.MODEL_VERSION_TAG_SET,)
    found = []
    for each in _DATABRICKS.get(change.activity_type, ()):
        found.append(each)
        if (of_stage := _BY_STAGE.get(each, {}).get(change.to_stage or "")) is not None:
            found.append(of_stage)
    return tuple(found)


def databricks_payload(event: str, change: Change, webhook_id: str, workspace: str = "") -> dict[str, Any]:
    """What a webhook in Databricks' form sends, without artifact paths; ``text`` makes it a message for Slack.
    ``workspace``: its name, empty for the default one, which is not said."""
    payload: dict[str, Any] = {
        "event": event,
        "webhook_id": webhook_id,
        "event_timestamp": change.creation_timestamp,
        "model_name": change.model_name,
        "version": None if change.version is None else str(change.version),
        "to_stage": change.to_stage if change.activity_type != ActivityType.CREATED_VERSION else None,
        "from_stage": change.from_stage,
        **_OWN_MEMBERS.get(change.activity_type, _nothing)(change),
        "text": text_of(change),
        "workspace": workspace or None,
    }
    if change.activity_type == ActivityType.REQUESTED_TRANSITION:
        del payload["from_stage"]
    return {name: value for name, value in payload.items() if value is not None}


def _nothing(change: Change) -> dict[str, Any]:
    return {}


def _alias(change: Change) -> dict[str, Any]:
    return {"alias": change.detail.get("alias")}


_OWN_MEMBERS: Mapping[str, Callable[[Change], dict[str, Any]]] = {
    ActivityType.NEW_COMMENT: lambda change: {"comment": change.comment or ""},  # none: it was deleted since
    ActivityType.SET_TAG: lambda change: {"tags": [{"key": _key(change), "value": _value(change)}]},
    ActivityType.RENAMED_MODEL: lambda change: {"previous_name": change.detail.get("name", [None])[0]},
    ActivityType.SET_ALIAS: _alias,
    ActivityType.DELETED_ALIAS: _alias,
    ActivityType.CHANGED_PERMISSIONS: lambda change: {"levels": change.detail.get("levels")},
}
DETAILED = frozenset(_OWN_MEMBERS) - {ActivityType.NEW_COMMENT}
"""The types of activities of whose detail a payload in Databricks' form says something. That of others, such as a new
version's, can have megabytes of tags."""


def text_of(change: Change) -> str:
    """In one sentence: Databricks' own, where it documents one."""
    kind, who = ActivityType(change.activity_type), change.user_id
    model = "the registry" if change.model_name is None else f"registered model '{change.model_name}'"
    subject = f"{model[0].upper()}{model[1:]}" + ("" if change.version is None else f" version {change.version}")
    where = model + ("" if change.version is None else f" version {change.version}")
    if change.activity_type in (ActivityType.APPLIED_TRANSITION, ActivityType.SYSTEM_TRANSITION):
        return f"{subject} transitioned from {change.from_stage} to {change.to_stage}."
    to = f"transition {where} to {change.to_stage}"
    sentences = {
        ActivityType.APPROVED_REQUEST: f"{who} approved the request to {to}.",
        ActivityType.REQUESTED_TRANSITION: f"{who} requested to {to}.",
        ActivityType.REJECTED_REQUEST: f"{who} rejected the request to {to}.",
        ActivityType.CANCELLED_REQUEST: f"{who} cancelled the request to {to}.",
        ActivityType.NEW_COMMENT: f"A user commented on {where}.",
        ActivityType.SET_TAG: f"{who} set version tag(s) '{_key(change)}' => '{_value(change)}' for {where}.",
        ActivityType.CREATED_MODEL: f"{who} created {where}.",
        ActivityType.RENAMED_MODEL: f"{who} renamed {where}.",
        ActivityType.DELETED_MODEL: f"{who} deleted {where}.",
        ActivityType.CREATED_VERSION: f"{who} created {where}.",
        ActivityType.DELETED_VERSION: f"{who} deleted {where}.",
        ActivityType.SET_ALIAS: f"{who} set alias '{change.detail.get('alias')}' on {where}.",
        ActivityType.DELETED_ALIAS: f"{who} deleted alias '{change.detail.get('alias')}' of {where}.",
        ActivityType.CHANGED_PERMISSIONS: f"{who} changed permissions of {where}.",
    }
    return sentences.get(kind, f"{who} changed {where}.")


def mlflow_payload(event: str, change: Change, workspace: str = "") -> dict[str, Any]:
    """What a webhook in MLflow's form sends, as MLflow's own server does: with workspaces also the name of one.
    ``workspace``: as in databricks_payload."""
    entity, _, action = event.partition(".")
    named: dict[str, Any] = {"name": change.model_name}
    if change.version is not None and "alias" not in entity:
        named["version"] = str(change.version)
    return {
        "entity": entity,
        "action": action,
        "timestamp": datetime.fromtimestamp(change.creation_timestamp / 1000, UTC).isoformat(),
        "data": named | _mlflow_members(entity, action, change),
        **({"workspace": workspace} if workspace else {}),
    }


def _mlflow_members(entity: str, action: str, change: Change) -> dict[str, Any]:
    if entity.endswith("_tag"):
        return {"key": _key(change)} | ({"value": _value(change)} if action == "set" else {})
    if entity.endswith("_alias"):
        version = {"version": str(change.version)} if action == "created" else {}
        return {"alias": change.detail.get("alias")} | version
    tags: Mapping[str, str] = change.detail.get("tags") or {}
    words = change.detail.get("description")
    description = {"description": (words or None) if change.version is not None else (words or "")}
    if entity == "model_version":
        source = {"source": change.detail.get("source"), "run_id": change.detail.get("run_id") or None}
        return source | {"tags": dict(tags)} | description
    if entity == "prompt_version":
        shown = {key: value for key, value in tags.items() if key not in HIDDEN_PROMPT_VERSION_TAGS}
        return {"template": tags.get(PROMPT_TEXT), "tags": shown} | description
    hidden = HIDDEN_PROMPT_TAGS if entity == "prompt" else frozenset()
    return {"tags": {key: value for key, value in tags.items() if key not in hidden}} | description


def _key(change: Change) -> str | None:
    return change.detail.get("key")


def _value(change: Change) -> str | None:
    """Of a tag, which is recorded before and after."""
    value: str | None = change.detail.get("value", [None, None])[1]
    return value


def example(event: str, dialect: str, now: int, user_id: str, model_name: str | None) -> Change:
    """A change for a test of a webhook, of which nothing is true but its model's name and who tests it."""
    prompt = event.startswith("prompt")
    kinds = _MLFLOW if dialect == Dialect.MLFLOW else {}
    of_version, kind = True, str(ActivityType.APPLIED_TRANSITION)
    for (activity_type, has_version), names in kinds.items():
        if event in names:
            kind, of_version = activity_type, has_version
    if dialect == Dialect.DATABRICKS:
        general = next((each for each, stages in _BY_STAGE.items() if event in stages.values()), event)
        kind = next((each for each, events in _DATABRICKS.items() if general in events), str(ActivityType.SET_TAG))
        of_version = not event.startswith(("REGISTERED_MODEL", "PERMISSIONS"))
    stage = next((name for stages in _BY_STAGE.values() for name, each in stages.items() if each == event), "Staging")
    moves = kind in (*_TRANSITIONS, ActivityType.REQUESTED_TRANSITION)
    return Change(
        activity_id="",
        activity_type=kind,
        creation_timestamp=now,
        user_id=user_id,
        model_id=None,
        model_name=model_name or "example",
        version=1 if of_version else None,
        from_stage="None" if moves else None,
        to_stage=stage if moves else None,
        comment="This is a test." if kind == ActivityType.NEW_COMMENT else None,
        detail=_EXAMPLE,
        is_prompt=prompt,
    )


_TRANSITIONS = (
    ActivityType.APPLIED_TRANSITION,
    ActivityType.APPROVED_REQUEST,
    ActivityType.REJECTED_REQUEST,
    ActivityType.CANCELLED_REQUEST,
)
_EXAMPLE: Mapping[str, Any] = {
    "key": "example_key",
    "value": [None, "example_value"],
    "alias": "example_alias",
    "source": "models:/example/1",
    "run_id": "",
    "description": "An example",
    "tags": {"example_key": "example_value", PROMPT_TEXT: "Hello {{name}}"},
    "name": ["previous_example", "example"],
    "levels": [],
}
