"""A case of the permission tests: an ability, a route that needs it, and an attempt to call it.

The cases are in permission_cases, transition_cases and comment_cases.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.server.api import Answer, Api
from tests.server.callers import Caller, Callers

MODELS = "/mlflow/registered-models"
VERSIONS = "/mlflow/model-versions"
REQUESTS = "/mlflow/transition-requests"
COMMENTS = "/mlflow/comments"
PERMISSIONS = "/permissions/registered-models/{object_id}"
NONE, STAGING, PRODUCTION, ARCHIVED = "None", "Staging", "Production", "Archived"

CREATE_MODEL = "create a model"
SEE = "see a model"
REQUEST = "request a stage transition"
COMMENT = "comment"
EDIT = "add a version; edit descriptions, tags"
TRANSITION = "transition, approve, reject among None, Staging, Archived"
TRANSITION_PRODUCTION = "transition, approve, reject, Production touched"
CANCEL_OWN = "cancel a request of one's own"
CANCEL_OTHERS = "cancel somebody else's request"
MANAGE = "rename, delete, change permissions, delete versions"
ALIAS = "set and delete aliases"
WEBHOOKS = "manage webhooks of a model"
EDIT_OWN_COMMENT = "edit a comment of one's own"
EDIT_OTHERS_COMMENT = "edit somebody else's comment"
DELETE_OWN_COMMENT = "delete a comment of one's own"
DELETE_OTHERS_COMMENT = "delete somebody else's comment"


@dataclass(frozen=True)
class PermissionAttempt:
    """A prepared call.

    done: whether it had its effect; checked afterwards, by the administrator.
    shown: for a list: whether the answer contains the model. Lists are not refused: they are filtered.
    """

    method: str
    path: str
    fields: dict[str, Any]
    done: Callable[[], bool] = lambda: True
    shown: Callable[[Any], bool] | None = None

    def make(self, api: Api) -> Answer:
        return api.call(self.method, self.path, self.fields)


@dataclass(frozen=True)
class Case:
    """A row of the ability table, one of the routes that need it, and how to prepare an attempt at that one."""

    ability: str
    method: str
    route: str
    prepare: Callable[[Callers, Caller], PermissionAttempt]
    about: str = ""

    def __str__(self) -> str:
        about = f" {self.about}" if self.about else ""
        return f"{self.method} {self.route}{about}: {self.ability}"


CASES: list[Case] = []

Prepare = Callable[[Callers, Caller], PermissionAttempt]


def case(ability: str, call: str, about: str = "") -> Callable[[Prepare], Prepare]:
    """A decorator that adds a case; the function prepares an attempt at the route."""
    method, _, route = call.partition(" ")

    def add(prepare: Prepare) -> Prepare:
        CASES.append(Case(ability, method, route, prepare, about))
        return prepare

    return add


def model_now(callers: Callers, model: str) -> dict[str, Any]:
    """The current state of a model; empty if it does not exist."""
    answer = callers.admin.get(f"{MODELS}/get", name=model)
    found: dict[str, Any] = answer.ok()["registered_model"] if answer.status == 200 else {}
    return found


def version_now(callers: Callers, model: str, version: str) -> dict[str, Any]:
    answer = callers.admin.get(f"{VERSIONS}/get", name=model, version=version)
    found: dict[str, Any] = answer.ok()["model_version"] if answer.status == 200 else {}
    return found


def requests_now(callers: Callers, model: str, version: str) -> list[tuple[str, str]]:
    """Requester and stage of the open requests."""
    found = callers.admin.get(f"{REQUESTS}/list", name=model, version=version).ok().get("requests", [])
    return [(each["user_id"], each["to_stage"]) for each in found]


def comments_now(callers: Callers, model: str, version: str) -> dict[str, str]:
    """Id to text."""
    found = callers.admin.get(f"{COMMENTS}/list", name=model, version=version).ok().get("comments", [])
    return {each["id"]: each["comment"] for each in found}


def shared(callers: Callers, about: str) -> str:
    """A model that is shared by attempts that add to it, or change their own versions; created at the first call."""
    made: dict[str, str] = callers.__dict__.setdefault("shared", {})
    if about not in made:
        made[about] = callers.model(about)
    return made[about]


def open_request(callers: Callers, caller: Caller, model: str, version: str, stage: str) -> None:
    """Create a request as the caller, who may read the model at least during the call."""
    as_caller(callers, caller, model, f"{REQUESTS}/create", name=model, version=version, stage=stage)


def open_comment(callers: Callers, caller: Caller, model: str, version: str) -> str:
    answer = as_caller(callers, caller, model, f"{COMMENTS}/create", name=model, version=version, comment="mine")
    identifier: str = answer["comment"]["id"]
    return identifier


def as_caller(callers: Callers, caller: Caller, model: str, path: str, **fields: Any) -> Any:
    if caller.level != "none":
        return callers.api(caller).post(path, **fields).ok()
    callers.as_reader(caller, model)
    answer = callers.api(caller).post(path, **fields).ok()
    callers.as_before(model)
    return answer


def somebody_but(caller: Caller) -> Caller:
    other = Caller("CAN_READ", "direct")
    return other if caller != other else Caller("CAN_READ", "group")
