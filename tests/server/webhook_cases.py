"""Cases of the permission tests: webhooks of a model."""

from tests.server.callers import Caller, Callers
from tests.server.permission_case import WEBHOOKS, Case, PermissionAttempt, case, shared
from tui_registry_server.operations.webhook_changes import MAX_OF_MODEL

HOOKS = "/mlflow/registry-webhooks"
URL = "https://localhost/hook"  # to which this server sends nothing
HOOK = {"events": ["COMMENT_CREATED"], "http_url_spec": {"url": URL}}
MLFLOW_HOOK = {"name": "hook", "url": URL, "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}]}


def _model_with_room(callers: Callers) -> str:
    """A model, without the webhooks of earlier cases once they are nearly as many as it can have."""
    model = shared(callers, "hooked")
    webhooks = _webhooks(callers, model)
    if len(webhooks) >= MAX_OF_MODEL - 10:
        for each in webhooks:
            callers.admin.delete(f"{HOOKS}/delete", id=each).ok()
    return model


def _hooked(callers: Callers) -> tuple[str, str]:
    """A model with a new webhook: its name, and the webhook's id."""
    model = _model_with_room(callers)
    made = callers.admin.post(f"{HOOKS}/create", model_name=model, status="DISABLED", **HOOK).ok()
    return model, made["webhook"]["id"]


def _webhooks(callers: Callers, model: str) -> dict[str, dict[str, str]]:
    listed = callers.admin.get(f"{HOOKS}/list", model_name=model, max_results=1000).ok()
    return {each["id"]: each for each in listed.get("webhooks", [])}


@case(WEBHOOKS, f"POST {HOOKS}/create")
def create(callers: Callers, caller: Caller) -> PermissionAttempt:
    model, words = _model_with_room(callers), callers.new_name("words")
    fields = {"model_name": model, "description": words, "status": "DISABLED"} | HOOK
    return PermissionAttempt(
        "POST",
        f"{HOOKS}/create",
        fields,
        done=lambda: any(each.get("description") == words for each in _webhooks(callers, model).values()),
    )


@case(WEBHOOKS, f"GET {HOOKS}/list")
def listed(callers: Callers, caller: Caller) -> PermissionAttempt:
    _model, webhook = _hooked(callers)

    def shown(page: dict[str, list[dict[str, str]]]) -> bool:
        return any(each["id"] == webhook for each in page.get("webhooks", []))

    return PermissionAttempt("GET", f"{HOOKS}/list", {}, shown=shown)


@case(WEBHOOKS, f"GET {HOOKS}/overview")
def overview(callers: Callers, caller: Caller) -> PermissionAttempt:
    _model, webhook = _hooked(callers)

    def shown(page: dict[str, list[dict[str, str]]]) -> bool:
        return any(each["id"] == webhook for each in page.get("webhooks", []))

    return PermissionAttempt("GET", f"{HOOKS}/overview", {}, shown=shown)


@case(WEBHOOKS, f"PATCH {HOOKS}/update")
def update(callers: Callers, caller: Caller) -> PermissionAttempt:
    model, webhook = _hooked(callers)
    return PermissionAttempt(
        "PATCH",
        f"{HOOKS}/update",
        {"id": webhook, "status": "TEST_MODE"},
        done=lambda: _webhooks(callers, model)[webhook]["status"] == "TEST_MODE",
    )


@case(WEBHOOKS, f"DELETE {HOOKS}/delete")
def delete(callers: Callers, caller: Caller) -> PermissionAttempt:
    model, webhook = _hooked(callers)
    return PermissionAttempt(
        "DELETE", f"{HOOKS}/delete", {"id": webhook}, done=lambda: webhook not in _webhooks(callers, model)
    )


@case(WEBHOOKS, f"POST {HOOKS}/test")
def test(callers: Callers, caller: Caller) -> PermissionAttempt:
    return PermissionAttempt("POST", f"{HOOKS}/test", {"id": _hooked(callers)[1]})


@case(WEBHOOKS, f"GET {HOOKS}/deliveries")
def deliveries(callers: Callers, caller: Caller) -> PermissionAttempt:
    return PermissionAttempt("GET", f"{HOOKS}/deliveries", {"id": _hooked(callers)[1]})


@case(WEBHOOKS, f"POST {HOOKS}/replay")
def replay(callers: Callers, caller: Caller) -> PermissionAttempt:
    return PermissionAttempt("POST", f"{HOOKS}/replay", {"id": _hooked(callers)[1], "from": 0})


MLFLOW = "/mlflow/webhooks"


def _of_mlflow(method: str, suffix: str, **fields: object) -> Case:
    """A case of a route that only administrators may call."""

    def prepare(callers: Callers, caller: Caller) -> PermissionAttempt:
        path = MLFLOW + suffix
        if "{" in path:
            made = callers.admin.post(MLFLOW, **MLFLOW_HOOK, status="DISABLED").ok()
            path = path.replace("{webhook_id}", made["webhook"]["webhook_id"])
        return PermissionAttempt(method, path, fields)

    return Case("manage webhooks of the registry", method, MLFLOW + suffix, prepare)


MLFLOW_CASES = [
    _of_mlflow("POST", "", **MLFLOW_HOOK, status="DISABLED"),
    _of_mlflow("GET", ""),
    _of_mlflow("GET", "/{webhook_id}"),
    _of_mlflow("PATCH", "/{webhook_id}", description="new words"),
    _of_mlflow("DELETE", "/{webhook_id}"),
    _of_mlflow("POST", "/{webhook_id}/test"),
]
