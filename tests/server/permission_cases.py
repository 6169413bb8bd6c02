"""All cases of the permission tests: those of models, versions, aliases and permissions are here, others imported."""

from typing import Any

from tests.server import comment_cases, follow_cases, transition_cases, webhook_cases  # noqa: F401  # they add their cases
from tests.server.callers import Caller, Callers
from tests.server.permission_case import (
    ALIAS,
    CASES,
    COMMENTS,
    CREATE_MODEL,
    EDIT,
    MANAGE,
    MODELS,
    PERMISSIONS,
    REQUESTS,
    SEE,
    STAGING,
    VERSIONS,
    PermissionAttempt,
    Prepare,
    case,
    model_now,
    shared,
    version_now,
)

__all__ = ["CASES"]


@case(CREATE_MODEL, f"POST {MODELS}/create")
def create_model(callers: Callers, caller: Caller) -> PermissionAttempt:
    name = callers.new_name("created")
    return PermissionAttempt(
        "POST",
        f"{MODELS}/create",
        {"name": name},
        done=lambda: model_now(callers, name)["user_id"] == callers.user_id(caller),
    )


# --- see ---------------------------------------------------------------------------------------------------------


def seen(callers: Callers) -> tuple[str, str]:
    """A model to read: with a version, an alias, a comment and a request."""
    model = shared(callers, "seen")
    if not model_now(callers, model).get("latest_versions"):
        version = callers.version(model)
        callers.creator.post(f"{MODELS}/alias", name=model, alias="champion", version=version).ok()
        callers.creator.post(f"{COMMENTS}/create", name=model, version=version, comment="see me").ok()
        callers.creator.post(f"{REQUESTS}/create", name=model, version=version, stage=STAGING).ok()
    return model, "1"


def _add_readings() -> None:
    of_model = {
        f"GET {MODELS}/get": {},
        "GET /mlflow/databricks/registered-models/get": {},
        f"GET {MODELS}/get-latest-versions": {},
        f"POST {MODELS}/get-latest-versions": {},
        f"GET {MODELS}/alias": {"alias": "champion"},
        f"GET {MODELS}/stage-history": {},
        f"GET {VERSIONS}/get": {"version": "1"},
        f"GET {VERSIONS}/get-download-uri": {"version": "1"},
        f"GET {VERSIONS}/lineage": {"version": "1"},
        f"GET {REQUESTS}/list": {"version": "1"},
        f"GET {REQUESTS}/review": {"version": "1", "stage": STAGING},
        f"GET {COMMENTS}/list": {"version": "1"},
        "GET /mlflow/activities/list": {},
    }
    for call, fields in of_model.items():
        method, _, path = call.partition(" ")

        @case(SEE, call)
        def read(
            callers: Callers, caller: Caller, method: str = method, path: str = path, fields: dict[str, str] = fields
        ) -> PermissionAttempt:
            model, _version = seen(callers)
            return PermissionAttempt(method, path, {"name": model} | fields)

    for suffix in ("", "/permissionLevels", "/why"):

        @case(SEE, f"GET {PERMISSIONS}{suffix}")
        def read_permissions(callers: Callers, caller: Caller, suffix: str = suffix) -> PermissionAttempt:
            model, _version = seen(callers)
            return PermissionAttempt("GET", callers.permissions_path(model) + suffix, {})


_add_readings()


def _pages(callers: Callers, caller: Caller, path: str, member: str, **fields: Any) -> list[dict[str, Any]]:
    """All rows of a list, as the caller sees it."""
    rows: list[dict[str, Any]] = []
    token = ""
    while True:
        page = callers.api(caller).get(path, max_results=1000, page_token=token, **fields).ok()
        rows += page.get(member, [])
        token = page.get("next_page_token", "")
        if not token:
            return rows


def _in_list(path: str, member: str, **fields: Any) -> Prepare:
    def prepare(callers: Callers, caller: Caller) -> PermissionAttempt:
        model, _version = seen(callers)
        asked = {name: value.format(model=model) for name, value in fields.items()}

        def shown(_first_page: Any) -> bool:
            return any(row["name"] == model for row in _pages(callers, caller, path, member, **asked))

        return PermissionAttempt("GET", path, asked, shown=shown)

    return prepare


case(SEE, f"GET {MODELS}/search")(_in_list(f"{MODELS}/search", "registered_models", filter="name = '{model}'"))
case(SEE, f"GET {MODELS}/list")(_in_list(f"{MODELS}/list", "registered_models"))
case(SEE, f"GET {VERSIONS}/search")(_in_list(f"{VERSIONS}/search", "model_versions", filter="name = '{model}'"))
case(SEE, f"GET {REQUESTS}/list", "as the inbox")(_in_list(f"{REQUESTS}/list", "requests"))
case(SEE, "GET /mlflow/activities/list", "as the feed")(_in_list("/mlflow/activities/list", "activities"))


@case(SEE, "GET /mlflow/registry/overview")
def overview(callers: Callers, caller: Caller) -> PermissionAttempt:
    """A model that was just made is counted, as it has no description."""
    path = "/mlflow/registry/overview"

    def count(answer: Any) -> int:
        number: int = answer["models_without_description"]["count"]
        return number

    before = count(callers.api(caller).get(path).ok())
    callers.model("undescribed")
    return PermissionAttempt("GET", path, {}, shown=lambda answer: count(answer) == before + 1)


# --- edit --------------------------------------------------------------------------------------------------------


@case(EDIT, f"PATCH {MODELS}/update")
def update_model(callers: Callers, caller: Caller) -> PermissionAttempt:
    model, words = shared(callers, "edited"), callers.new_name("words")
    return PermissionAttempt(
        "PATCH",
        f"{MODELS}/update",
        {"name": model, "description": words},
        done=lambda: model_now(callers, model)["description"] == words,
    )


@case(EDIT, f"POST {MODELS}/set-tag")
def set_model_tag(callers: Callers, caller: Caller) -> PermissionAttempt:
    model, value = shared(callers, "edited"), callers.new_name("value")
    tag = {"key": "set", "value": value}
    return PermissionAttempt(
        "POST", f"{MODELS}/set-tag", {"name": model} | tag, done=lambda: tag in model_now(callers, model)["tags"]
    )


@case(EDIT, f"DELETE {MODELS}/delete-tag")
def delete_model_tag(callers: Callers, caller: Caller) -> PermissionAttempt:
    model = shared(callers, "edited")
    callers.creator.post(f"{MODELS}/set-tag", name=model, key="doomed", value="x").ok()
    return PermissionAttempt(
        "DELETE",
        f"{MODELS}/delete-tag",
        {"name": model, "key": "doomed"},
        done=lambda: all(tag["key"] != "doomed" for tag in model_now(callers, model).get("tags", [])),
    )


@case(EDIT, f"POST {VERSIONS}/create")
def create_version(callers: Callers, caller: Caller) -> PermissionAttempt:
    model, source = shared(callers, "grown"), f"s3://{callers.new_name('bucket')}"

    def done() -> bool:
        newest = model_now(callers, model)["latest_versions"][-1]
        return bool(newest["source"] == source and newest["user_id"] == callers.user_id(caller))

    return PermissionAttempt("POST", f"{VERSIONS}/create", {"name": model, "source": source}, done)


@case(EDIT, f"PATCH {VERSIONS}/update")
def update_version(callers: Callers, caller: Caller) -> PermissionAttempt:
    model, version = edited_version(callers)
    words = callers.new_name("words")
    return PermissionAttempt(
        "PATCH",
        f"{VERSIONS}/update",
        {"name": model, "version": version, "description": words},
        done=lambda: version_now(callers, model, version)["description"] == words,
    )


@case(EDIT, f"POST {VERSIONS}/set-tag")
def set_version_tag(callers: Callers, caller: Caller) -> PermissionAttempt:
    model, version = edited_version(callers)
    tag = {"key": "set", "value": callers.new_name("value")}
    return PermissionAttempt(
        "POST",
        f"{VERSIONS}/set-tag",
        {"name": model, "version": version} | tag,
        done=lambda: tag in version_now(callers, model, version)["tags"],
    )


@case(EDIT, f"DELETE {VERSIONS}/delete-tag")
def delete_version_tag(callers: Callers, caller: Caller) -> PermissionAttempt:
    model, version = edited_version(callers)
    callers.creator.post(f"{VERSIONS}/set-tag", name=model, version=version, key="doomed", value="x").ok()
    return PermissionAttempt(
        "DELETE",
        f"{VERSIONS}/delete-tag",
        {"name": model, "version": version, "key": "doomed"},
        done=lambda: all(tag["key"] != "doomed" for tag in version_now(callers, model, version).get("tags", [])),
    )


@case(EDIT, f"POST {VERSIONS}/retrieve-lineage")
def retrieve_lineage(callers: Callers, caller: Caller) -> PermissionAttempt:
    model = shared(callers, "traced")
    if not model_now(callers, model).get("latest_versions"):
        logged = f"models:/m-{'0123456789abcdef' * 2}"
        callers.creator.post(f"{VERSIONS}/create", name=model, source=logged).ok()
    fields = {"name": model, "version": "1"}

    def done() -> bool:
        lineage = callers.admin.get(f"{VERSIONS}/lineage", **fields).ok()["lineage"]
        return bool(lineage["status"] == "PENDING")

    return PermissionAttempt("POST", f"{VERSIONS}/retrieve-lineage", fields, done)


def edited_version(callers: Callers) -> tuple[str, str]:
    model = shared(callers, "edited")
    if not model_now(callers, model).get("latest_versions"):
        callers.version(model)
    return model, "1"


@case(ALIAS, f"POST {MODELS}/alias")
def set_alias(callers: Callers, caller: Caller) -> PermissionAttempt:
    model, version = edited_version(callers)
    alias = callers.new_name("alias")
    return PermissionAttempt(
        "POST",
        f"{MODELS}/alias",
        {"name": model, "version": version, "alias": alias},
        done=lambda: alias in version_now(callers, model, version)["aliases"],
    )


@case(ALIAS, f"DELETE {MODELS}/alias")
def delete_alias(callers: Callers, caller: Caller) -> PermissionAttempt:
    model, version = edited_version(callers)
    alias = callers.new_name("doomed")
    callers.creator.post(f"{MODELS}/alias", name=model, version=version, alias=alias).ok()
    return PermissionAttempt(
        "DELETE",
        f"{MODELS}/alias",
        {"name": model, "alias": alias},
        done=lambda: alias not in version_now(callers, model, version).get("aliases", []),
    )


# --- manage ------------------------------------------------------------------------------------------------------


@case(MANAGE, f"POST {MODELS}/rename")
def rename(callers: Callers, caller: Caller) -> PermissionAttempt:
    model, new_name = callers.model("old"), callers.new_name("new")
    return PermissionAttempt(
        "POST",
        f"{MODELS}/rename",
        {"name": model, "new_name": new_name},
        done=lambda: bool(model_now(callers, new_name)) and not model_now(callers, model),
    )


@case(MANAGE, f"DELETE {MODELS}/delete")
def delete_model(callers: Callers, caller: Caller) -> PermissionAttempt:
    model = callers.model("doomed")
    return PermissionAttempt("DELETE", f"{MODELS}/delete", {"name": model}, done=lambda: not model_now(callers, model))


@case(MANAGE, f"DELETE {VERSIONS}/delete")
def delete_version(callers: Callers, caller: Caller) -> PermissionAttempt:
    model = shared(callers, "shrunk")
    version = callers.version(model)
    return PermissionAttempt(
        "DELETE",
        f"{VERSIONS}/delete",
        {"name": model, "version": version},
        done=lambda: not version_now(callers, model, version),
    )


def _add_permissions() -> None:
    for method in ("PUT", "PATCH"):

        @case(MANAGE, f"{method} {PERMISSIONS}")
        def change_permissions(callers: Callers, caller: Caller, method: str = method) -> PermissionAttempt:
            path = callers.permissions_path(callers.model("governed"))
            entry = {"user_name": Caller("none", "direct").name, "permission_level": "CAN_EDIT"}

            def done() -> bool:
                entries = callers.admin.get(path).ok()["access_control_list"]
                permission = {"permission_level": "CAN_EDIT", "inherited": False}
                return any(
                    one.get("user_name") == entry["user_name"] and permission in one["all_permissions"]
                    for one in entries
                )

            return PermissionAttempt(method, path, {"access_control_list": [entry]}, done)


@case(MANAGE, f"POST {PERMISSIONS}/preview")
def preview_permissions(callers: Callers, caller: Caller) -> PermissionAttempt:
    path = f"{callers.permissions_path(shared(callers, 'previewed'))}/preview"
    entry = {"user_name": Caller("none", "direct").name, "permission_level": "CAN_EDIT"}
    return PermissionAttempt("POST", path, {"access_control_list": [entry]})


_add_permissions()
