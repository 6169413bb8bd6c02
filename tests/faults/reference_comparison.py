"""Comparing what a live registry shows a caller with the reference registry."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests.faults.reference_registry import CREATE, Comment, Model, ReferenceRegistry, Version
from tests.server.api import Api

MODELS, VERSIONS = "/mlflow/registered-models", "/mlflow/model-versions"
MAX_RESULTS = 1000  # of a page


def compare(api: Api, who: str, reference: ReferenceRegistry, since: int) -> None:
    """Fails if anything that the caller may read differs, or anything else is shown. ``since`` is when the reference
    registry was created, in milliseconds."""
    for model in reference.readable(who):
        shown = api.get("/mlflow/databricks/registered-models/get", name=model.name).ok()["registered_model_databricks"]
        assert shown.pop("id") == model.id
        assert shown.pop("permission_level") == reference.level(who, model)
        assert plainly(shown) == model_entity(model)
        latest = api.get(f"{MODELS}/get-latest-versions", name=model.name).ok().get("model_versions", [])
        assert by_version(latest) == by_version(version_entity(model, version) for version in model.newest())
        _compare_history(api, model)
        _compare_permissions(api, model, reference)
        for version in model.versions.values():
            _compare_version(api, who, reference, model, version)
    _compare_requests(api, who, reference)
    _compare_feed(api, who, reference, since)


def _compare_version(api: Api, who: str, reference: ReferenceRegistry, model: Model, version: Version) -> None:
    meant = {"name": model.name, "version": str(version.number)}
    assert plainly(api.get(f"{VERSIONS}/get", **meant).ok()["model_version"]) == version_entity(model, version)
    assert api.get(f"{VERSIONS}/get-download-uri", **meant).ok() == {"artifact_uri": version.location}
    comments = api.get("/mlflow/comments/list", **meant).ok().get("comments", [])
    assert [(each["id"], each["user_id"], each["comment"], each.get("available_actions", [])) for each in comments] == [
        (key, comment.author, comment.text, reference.comment_actions(who, model, comment))
        for key, comment in version.comments.items()
    ]


def _compare_history(api: Api, model: Model) -> None:
    shown = api.get("/mlflow/activities/list", name=model.name, max_results=MAX_RESULTS).ok()["activities"]
    keys = ("activity_type", "user_id", "version", "from_stage", "to_stage", "comment")
    assert [tuple(each.get(key) for key in keys) for each in reversed(shown)] == [
        (
            *(action.kind, action.who, action.version and str(action.version), action.from_stage, action.to_stage),
            action.said.text if isinstance(action.said, Comment) else action.said,
        )
        for action in model.history
    ]
    assert {each["name"] for each in shown} == {model.name}


def _compare_feed(api: Api, who: str, reference: ReferenceRegistry, since: int) -> None:
    """The number of activities of each model whose names no deleted one has had."""
    feed = api.get("/mlflow/activities/list", max_results=MAX_RESULTS, **{"from": since}).ok().get("activities", [])
    assert len(feed) < MAX_RESULTS
    assert Counter(each["name"] for each in feed if each["name"] not in reference.deleted_names) == {
        model.name: len(model.history) for model in reference.readable(who) if model.name not in reference.deleted_names
    }


def _compare_permissions(api: Api, model: Model, reference: ReferenceRegistry) -> None:
    listed = api.get(f"/permissions/registered-models/{model.id}").ok()["access_control_list"]
    shown = [
        (entry.get("user_name") or entry["group_name"], level["permission_level"], level["inherited"])
        for entry in listed
        for level in entry["all_permissions"]
    ]
    assert sorted(shown) == sorted(
        [
            *((principal, level, False) for principal, level in model.grants.items()),
            *((principal, level, True) for principal, level in reference.root.items() if level != CREATE),
            ("admins", "CAN_MANAGE", True),
        ]
    )


def _compare_requests(api: Api, who: str, reference: ReferenceRegistry) -> None:
    found = api.get("/mlflow/transition-requests/list", max_results=MAX_RESULTS).ok().get("requests", [])
    shown = [
        {
            "name": each["name"],
            "version": int(each["version"]),
            "from": each["from_stage"],
            "to": each["to_stage"],
            "creator": each["user_id"],
            "said": each.get("comment"),
            "actions": each.get("available_actions", []),
            "displaces": sorted(int(number) for number in each.get("displaces", [])),
        }
        for each in found
    ]
    assert sorted(shown, key=json.dumps) == sorted(reference.open_requests(who), key=json.dumps)


def model_entity(model: Model) -> dict[str, Any]:
    """The expected model, without its times."""
    return plainly(
        {
            "name": model.name,
            "user_id": model.author,
            "description": model.description,
            "latest_versions": [version_entity(model, version) for version in model.newest()],
            "tags": [{"key": key, "value": value} for key, value in model.tags.items()],
            "aliases": [{"alias": alias, "version": str(number)} for alias, number in model.aliases.items()],
        }
    )


def version_entity(model: Model, version: Version) -> dict[str, Any]:
    """The expected version."""
    aliases = [alias for alias, number in model.aliases.items() if number == version.number]
    return plainly(
        {
            "name": model.name,
            "version": str(version.number),
            "user_id": version.author,
            "current_stage": version.stage,
            "description": version.description,
            "run_id": "",
            "run_link": "",
            "status": "READY",
            "source": version.source,
            "tags": [{"key": key, "value": value} for key, value in version.tags.items()],
            "aliases": aliases,
        }
    )


def plainly(entity: dict[str, Any]) -> dict[str, Any]:
    """Without times and empty fields, and with sorted lists."""
    kept = {key: value for key, value in entity.items() if not key.endswith("_timestamp") and value not in (None, [])}
    if "latest_versions" in kept:
        kept["latest_versions"] = by_version(kept["latest_versions"])
    for member in ("tags", "aliases"):
        if member in kept:
            kept[member] = sorted(kept[member], key=json.dumps)
    return kept


def by_version(entities: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Normalized, ordered by number."""
    return sorted((plainly(each) for each in entities), key=lambda each: int(each["version"]))
