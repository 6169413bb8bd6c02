"""Everything that a caller can try: for each ability, the calls that it guards, and what each would change or show."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.server.api import Answer, Api
from tests.server.callers import MOVES, PAIRS, Caller, Callers

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
EDIT_OWN_COMMENT = "edit a comment of one's own"
EDIT_OTHERS_COMMENT = "edit somebody else's comment"
DELETE_OWN_COMMENT = "delete a comment of one's own"
DELETE_OTHERS_COMMENT = "delete somebody else's comment"


@dataclass(frozen=True)
class PermissionAttempt:
    """One call, ready to be made.

    done: whether its effect is there; asked afterwards, by somebody who sees everything.
    shown: for a list: whether the answer holds what was looked for. A list is refused to nobody: it is empty.
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
    """A row of the ability table, one of the routes that it guards, and how to try that one."""

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
    """Adds what prepares an attempt at a route to the cases."""
    method, _, route = call.partition(" ")

    def add(prepare: Prepare) -> Prepare:
        CASES.append(Case(ability, method, route, prepare, about))
        return prepare

    return add


def model_now(callers: Callers, model: str) -> dict[str, Any]:
    """A model as it is now; empty if there is none."""
    answer = callers.admin.get(f"{MODELS}/get", name=model)
    found: dict[str, Any] = answer.ok()["registered_model"] if answer.status == 200 else {}
    return found


def version_now(callers: Callers, model: str, version: str) -> dict[str, Any]:
    answer = callers.admin.get(f"{VERSIONS}/get", name=model, version=version)
    found: dict[str, Any] = answer.ok()["model_version"] if answer.status == 200 else {}
    return found


def requests_now(callers: Callers, model: str, version: str) -> list[tuple[str, str]]:
    """Who asks for which stage."""
    found = callers.admin.get(f"{REQUESTS}/list", name=model, version=version).ok().get("requests", [])
    return [(each["user_id"], each["to_stage"]) for each in found]


def comments_now(callers: Callers, model: str, version: str) -> dict[str, str]:
    """Text by id."""
    found = callers.admin.get(f"{COMMENTS}/list", name=model, version=version).ok().get("comments", [])
    return {each["id"]: each["comment"] for each in found}


def shared(callers: Callers, about: str) -> str:
    """A model that attempts share which add to it, or change versions of their own; made when first asked for."""
    made: dict[str, str] = callers.__dict__.setdefault("shared", {})
    if about not in made:
        made[about] = callers.model(about)
    return made[about]


def open_request(callers: Callers, caller: Caller, model: str, version: str, stage: str) -> None:
    """A request by the caller, who may read the model at least while they ask."""
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
    """A model to look at: with a version, an alias, a comment and a request."""
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
        f"GET {VERSIONS}/get": {"version": "1"},
        f"GET {VERSIONS}/get-download-uri": {"version": "1"},
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
    """All pages of a list, as the caller sees it."""
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


# --- stages ------------------------------------------------------------------------------------------------------


def to_move(origin: str, target: str) -> str:
    return TRANSITION_PRODUCTION if PRODUCTION in (origin, target) else TRANSITION


def _add_moves() -> None:
    for origin, target in PAIRS:
        for path in (f"{VERSIONS}/transition-stage", "/mlflow/databricks/model-versions/transition-stage"):

            @case(to_move(origin, target), f"POST {path}", f"{origin} -> {target}")
            def transition(
                callers: Callers, caller: Caller, path: str = path, origin: str = origin, target: str = target
            ) -> PermissionAttempt:
                model = shared(callers, "moved")
                version = callers.version(model, origin)
                return PermissionAttempt(
                    "POST",
                    path,
                    {"name": model, "version": version, "stage": target, "archive_existing_versions": False},
                    done=lambda: version_now(callers, model, version)["current_stage"] == target,
                )


def _add_requests() -> None:
    for origin, target in MOVES:

        @case(REQUEST, f"POST {REQUESTS}/create", f"{origin} -> {target}")
        def request(callers: Callers, caller: Caller, origin: str = origin, target: str = target) -> PermissionAttempt:
            model = shared(callers, "asked")
            version = callers.version(model, origin)
            return PermissionAttempt(
                "POST",
                f"{REQUESTS}/create",
                {"name": model, "version": version, "stage": target},
                done=lambda: (callers.user_id(caller), target) in requests_now(callers, model, version),
            )

        @case(to_move(origin, target), f"POST {REQUESTS}/approve", f"{origin} -> {target}")
        def approve(callers: Callers, caller: Caller, origin: str = origin, target: str = target) -> PermissionAttempt:
            model, version = asked(callers, origin, target)
            return PermissionAttempt(
                "POST",
                f"{REQUESTS}/approve",
                {"name": model, "version": version, "stage": target, "archive_existing_versions": False},
                done=lambda: version_now(callers, model, version)["current_stage"] == target,
            )

        @case(to_move(origin, target), f"POST {REQUESTS}/reject", f"{origin} -> {target}")
        def reject(callers: Callers, caller: Caller, origin: str = origin, target: str = target) -> PermissionAttempt:
            model, version = asked(callers, origin, target)
            return PermissionAttempt(
                "POST",
                f"{REQUESTS}/reject",
                {"name": model, "version": version, "stage": target},
                done=lambda: not requests_now(callers, model, version),
            )


def asked(callers: Callers, origin: str, target: str) -> tuple[str, str]:
    """A version in a stage, of which the creator has asked that it be moved."""
    model = shared(callers, "asked")
    version = callers.version(model, origin)
    callers.creator.post(f"{REQUESTS}/create", name=model, version=version, stage=target).ok()
    return model, version


_add_moves()
_add_requests()


@case(CANCEL_OWN, f"DELETE {REQUESTS}/delete")
def cancel_own(callers: Callers, caller: Caller) -> PermissionAttempt:
    model = shared(callers, "asked")
    version = callers.version(model)
    open_request(callers, caller, model, version, PRODUCTION)
    return cancellation(callers, model, version, callers.user_id(caller))


@case(CANCEL_OTHERS, f"DELETE {REQUESTS}/delete", "somebody else's")
def cancel_others(callers: Callers, caller: Caller) -> PermissionAttempt:
    model = shared(callers, "asked")
    version = callers.version(model)
    requester = somebody_but(caller)
    open_request(callers, requester, model, version, PRODUCTION)
    return cancellation(callers, model, version, requester.name)


def cancellation(callers: Callers, model: str, version: str, creator: str) -> PermissionAttempt:
    return PermissionAttempt(
        "DELETE",
        f"{REQUESTS}/delete",
        {"name": model, "version": version, "stage": PRODUCTION, "creator": creator},
        done=lambda: not requests_now(callers, model, version),
    )


def somebody_but(caller: Caller) -> Caller:
    other = Caller("CAN_READ", "direct")
    return other if caller != other else Caller("CAN_READ", "group")


# --- comments ----------------------------------------------------------------------------------------------------


@case(COMMENT, f"POST {COMMENTS}/create")
def comment(callers: Callers, caller: Caller) -> PermissionAttempt:
    model, version = talked_about(callers)
    words = callers.new_name("words")
    return PermissionAttempt(
        "POST",
        f"{COMMENTS}/create",
        {"name": model, "version": version, "comment": words},
        done=lambda: words in comments_now(callers, model, version).values(),
    )


def talked_about(callers: Callers) -> tuple[str, str]:
    model = shared(callers, "talked")
    if not model_now(callers, model).get("latest_versions"):
        callers.version(model)
    return model, callers.version(model)


def _add_comments() -> None:
    for mine in (True, False):

        @case(
            EDIT_OWN_COMMENT if mine else EDIT_OTHERS_COMMENT, f"PATCH {COMMENTS}/update", "" if mine else "another's"
        )
        def edit(callers: Callers, caller: Caller, mine: bool = mine) -> PermissionAttempt:
            model, version = talked_about(callers)
            identifier = open_comment(callers, caller if mine else somebody_but(caller), model, version)
            words = callers.new_name("words")
            return PermissionAttempt(
                "PATCH",
                f"{COMMENTS}/update",
                {"id": identifier, "comment": words},
                done=lambda: comments_now(callers, model, version)[identifier] == words,
            )

        @case(
            DELETE_OWN_COMMENT if mine else DELETE_OTHERS_COMMENT,
            f"DELETE {COMMENTS}/delete",
            "" if mine else "another's",
        )
        def delete(callers: Callers, caller: Caller, mine: bool = mine) -> PermissionAttempt:
            model, version = talked_about(callers)
            identifier = open_comment(callers, caller if mine else somebody_but(caller), model, version)
            return PermissionAttempt(
                "DELETE",
                f"{COMMENTS}/delete",
                {"id": identifier},
                done=lambda: identifier not in comments_now(callers, model, version),
            )


_add_comments()


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
