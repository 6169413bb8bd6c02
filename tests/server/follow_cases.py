"""Cases of the permission tests: following a model, and one's own follows."""

from sqlalchemy import update

from tests.server.callers import Caller, Callers
from tests.server.database_state import changing
from tests.server.permission_case import PermissionAttempt, as_caller, case, shared
from tests.server.webhook_cases import URL
from tui_registry_server.store.webhook_tables import webhooks

FOLLOWS = "/mlflow/follows"
FOLLOW = "follow a model"
OWN = "see and end one's own follows"
HOW = {"digest": "DAILY", "slack_url": URL}


def _disable(callers: Callers) -> None:
    """Nobody is notified of what comes next: the server would write to the database after every change."""
    with changing(callers.registry.database) as connection:
        connection.execute(update(webhooks).where(webhooks.c.digest.is_not(None)).values(status="DISABLED"))


def _follows(callers: Callers, caller: Caller) -> dict[str, str | None]:
    """Id to the model's name."""
    listed = callers.api(caller).get(f"{FOLLOWS}/list").ok().get("follows", [])
    return {each["id"]: each.get("model_name") for each in listed}


def _followed(callers: Callers, caller: Caller) -> str:
    model = shared(callers, "followed")
    identifier: str = as_caller(callers, caller, model, f"{FOLLOWS}/set", model_name=model, **HOW)["follow"]["id"]
    _disable(callers)
    return identifier


@case(FOLLOW, f"POST {FOLLOWS}/set")
def follow(callers: Callers, caller: Caller) -> PermissionAttempt:
    model = shared(callers, "to follow")
    _disable(callers)

    def done() -> bool:
        _disable(callers)
        return model in _follows(callers, caller).values()

    return PermissionAttempt("POST", f"{FOLLOWS}/set", {"model_name": model, **HOW}, done=done)


@case(OWN, f"GET {FOLLOWS}/list")
def listed(callers: Callers, caller: Caller) -> PermissionAttempt:
    own = _followed(callers, caller)
    return PermissionAttempt(
        "GET", f"{FOLLOWS}/list", {}, shown=lambda page: own in {each["id"] for each in page["follows"]}
    )


@case(OWN, f"DELETE {FOLLOWS}/delete")
def delete(callers: Callers, caller: Caller) -> PermissionAttempt:
    own = _followed(callers, caller)
    return PermissionAttempt(
        "DELETE", f"{FOLLOWS}/delete", {"id": own}, done=lambda: own not in _follows(callers, caller)
    )
