"""Everything that a caller can try: for each ability, the calls that it guards, and what each would change or show."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.server.api import Answer, Api
from tests.server.callers import MOVES, PAIRS, Caller, People

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
class Attempt:
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
    prepare: Callable[[People, Caller], Attempt]
    about: str = ""

    def __str__(self) -> str:
        about = f" {self.about}" if self.about else ""
        return f"{self.method} {self.route}{about}: {self.ability}"


CASES: list[Case] = []

Prepare = Callable[[People, Caller], Attempt]


def case(ability: str, call: str, about: str = "") -> Callable[[Prepare], Prepare]:
    """Adds what prepares an attempt at a route to the cases."""
    method, _, route = call.partition(" ")

    def add(prepare: Prepare) -> Prepare:
        CASES.append(Case(ability, method, route, prepare, about))
        return prepare

    return add


def model_now(people: People, model: str) -> dict[str, Any]:
    """A model as it is now; empty if there is none."""
    answer = people.admin.get(f"{MODELS}/get", name=model)
    found: dict[str, Any] = answer.ok()["registered_model"] if answer.status == 200 else {}
    return found


def version_now(people: People, model: str, version: str) -> dict[str, Any]:
    answer = people.admin.get(f"{VERSIONS}/get", name=model, version=version)
    found: dict[str, Any] = answer.ok()["model_version"] if answer.status == 200 else {}
    return found


def requests_now(people: People, model: str, version: str) -> list[tuple[str, str]]:
    """Who asks for which stage."""
    found = people.admin.get(f"{REQUESTS}/list", name=model, version=version).ok().get("requests", [])
    return [(each["user_id"], each["to_stage"]) for each in found]


def comments_now(people: People, model: str, version: str) -> dict[str, str]:
    """Text by id."""
    found = people.admin.get(f"{COMMENTS}/list", name=model, version=version).ok().get("comments", [])
    return {each["id"]: each["comment"] for each in found}


def shared(people: People, about: str) -> str:
    """A model that attempts share which add to it, or change versions of their own; made when first asked for."""
    made: dict[str, str] = people.__dict__.setdefault("shared", {})
    if about not in made:
        made[about] = people.model(about)
    return made[about]


def open_request(people: People, caller: Caller, model: str, version: str, stage: str) -> None:
    """A request by the caller, who may read the model at least while they ask."""
    as_caller(people, caller, model, f"{REQUESTS}/create", name=model, version=version, stage=stage)


def open_comment(people: People, caller: Caller, model: str, version: str) -> str:
    answer = as_caller(people, caller, model, f"{COMMENTS}/create", name=model, version=version, comment="mine")
    identifier: str = answer["comment"]["id"]
    return identifier


def as_caller(people: People, caller: Caller, model: str, path: str, **fields: Any) -> Any:
    if caller.level != "none":
        return people.api(caller).post(path, **fields).ok()
    people.as_reader(caller, model)
    answer = people.api(caller).post(path, **fields).ok()
    people.as_before(model)
    return answer


@case(CREATE_MODEL, f"POST {MODELS}/create")
def create_model(people: People, caller: Caller) -> Attempt:
    name = people.new_name("created")
    return Attempt(
        "POST",
        f"{MODELS}/create",
        {"name": name},
        done=lambda: model_now(people, name)["user_id"] == people.user_id(caller),
    )


# --- see ---------------------------------------------------------------------------------------------------------


def seen(people: People) -> tuple[str, str]:
    """A model to look at: with a version, an alias, a comment and a request."""
    model = shared(people, "seen")
    if not model_now(people, model).get("latest_versions"):
        version = people.version(model)
        people.creator.post(f"{MODELS}/alias", name=model, alias="champion", version=version).ok()
        people.creator.post(f"{COMMENTS}/create", name=model, version=version, comment="see me").ok()
        people.creator.post(f"{REQUESTS}/create", name=model, version=version, stage=STAGING).ok()
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
        f"GET {COMMENTS}/list": {"version": "1"},
        "GET /mlflow/activities/list": {},
    }
    for call, fields in of_model.items():
        method, _, path = call.partition(" ")

        @case(SEE, call)
        def read(
            people: People, caller: Caller, method: str = method, path: str = path, fields: dict[str, str] = fields
        ) -> Attempt:
            model, _version = seen(people)
            return Attempt(method, path, {"name": model} | fields)

    for suffix in ("", "/permissionLevels"):

        @case(SEE, f"GET {PERMISSIONS}{suffix}")
        def read_permissions(people: People, caller: Caller, suffix: str = suffix) -> Attempt:
            model, _version = seen(people)
            return Attempt("GET", people.permissions_path(model) + suffix, {})


_add_readings()


def _pages(people: People, caller: Caller, path: str, member: str, **fields: Any) -> list[dict[str, Any]]:
    """All pages of a list, as the caller sees it."""
    rows: list[dict[str, Any]] = []
    token = ""
    while True:
        page = people.api(caller).get(path, max_results=1000, page_token=token, **fields).ok()
        rows += page.get(member, [])
        token = page.get("next_page_token", "")
        if not token:
            return rows


def _in_list(path: str, member: str, **fields: Any) -> Prepare:
    def prepare(people: People, caller: Caller) -> Attempt:
        model, _version = seen(people)
        asked = {name: value.format(model=model) for name, value in fields.items()}

        def shown(_first_page: Any) -> bool:
            return any(row["name"] == model for row in _pages(people, caller, path, member, **asked))

        return Attempt("GET", path, asked, shown=shown)

    return prepare


case(SEE, f"GET {MODELS}/search")(_in_list(f"{MODELS}/search", "registered_models", filter="name = '{model}'"))
case(SEE, f"GET {MODELS}/list")(_in_list(f"{MODELS}/list", "registered_models"))
case(SEE, f"GET {VERSIONS}/search")(_in_list(f"{VERSIONS}/search", "model_versions", filter="name = '{model}'"))
case(SEE, f"GET {REQUESTS}/list", "as the inbox")(_in_list(f"{REQUESTS}/list", "requests"))
case(SEE, "GET /mlflow/activities/list", "as the feed")(_in_list("/mlflow/activities/list", "activities"))


# --- edit --------------------------------------------------------------------------------------------------------


@case(EDIT, f"PATCH {MODELS}/update")
def update_model(people: People, caller: Caller) -> Attempt:
    model, words = shared(people, "edited"), people.new_name("words")
    return Attempt(
        "PATCH",
        f"{MODELS}/update",
        {"name": model, "description": words},
        done=lambda: model_now(people, model)["description"] == words,
    )


@case(EDIT, f"POST {MODELS}/set-tag")
def set_model_tag(people: People, caller: Caller) -> Attempt:
    model, value = shared(people, "edited"), people.new_name("value")
    tag = {"key": "set", "value": value}
    return Attempt(
        "POST", f"{MODELS}/set-tag", {"name": model} | tag, done=lambda: tag in model_now(people, model)["tags"]
    )


@case(EDIT, f"DELETE {MODELS}/delete-tag")
def delete_model_tag(people: People, caller: Caller) -> Attempt:
    model = shared(people, "edited")
    people.creator.post(f"{MODELS}/set-tag", name=model, key="doomed", value="x").ok()
    return Attempt(
        "DELETE",
        f"{MODELS}/delete-tag",
        {"name": model, "key": "doomed"},
        done=lambda: all(tag["key"] != "doomed" for tag in model_now(people, model).get("tags", [])),
    )


@case(EDIT, f"POST {VERSIONS}/create")
def create_version(people: People, caller: Caller) -> Attempt:
    model, source = shared(people, "grown"), f"s3://{people.new_name('bucket')}"

    def done() -> bool:
        newest = model_now(people, model)["latest_versions"][-1]
        return bool(newest["source"] == source and newest["user_id"] == people.user_id(caller))

    return Attempt("POST", f"{VERSIONS}/create", {"name": model, "source": source}, done)


@case(EDIT, f"PATCH {VERSIONS}/update")
def update_version(people: People, caller: Caller) -> Attempt:
    model, version = edited_version(people)
    words = people.new_name("words")
    return Attempt(
        "PATCH",
        f"{VERSIONS}/update",
        {"name": model, "version": version, "description": words},
        done=lambda: version_now(people, model, version)["description"] == words,
    )


@case(EDIT, f"POST {VERSIONS}/set-tag")
def set_version_tag(people: People, caller: Caller) -> Attempt:
    model, version = edited_version(people)
    tag = {"key": "set", "value": people.new_name("value")}
    return Attempt(
        "POST",
        f"{VERSIONS}/set-tag",
        {"name": model, "version": version} | tag,
        done=lambda: tag in version_now(people, model, version)["tags"],
    )


@case(EDIT, f"DELETE {VERSIONS}/delete-tag")
def delete_version_tag(people: People, caller: Caller) -> Attempt:
    model, version = edited_version(people)
    people.creator.post(f"{VERSIONS}/set-tag", name=model, version=version, key="doomed", value="x").ok()
    return Attempt(
        "DELETE",
        f"{VERSIONS}/delete-tag",
        {"name": model, "version": version, "key": "doomed"},
        done=lambda: all(tag["key"] != "doomed" for tag in version_now(people, model, version).get("tags", [])),
    )


def edited_version(people: People) -> tuple[str, str]:
    model = shared(people, "edited")
    if not model_now(people, model).get("latest_versions"):
        people.version(model)
    return model, "1"


@case(ALIAS, f"POST {MODELS}/alias")
def set_alias(people: People, caller: Caller) -> Attempt:
    model, version = edited_version(people)
    alias = people.new_name("alias")
    return Attempt(
        "POST",
        f"{MODELS}/alias",
        {"name": model, "version": version, "alias": alias},
        done=lambda: alias in version_now(people, model, version)["aliases"],
    )


@case(ALIAS, f"DELETE {MODELS}/alias")
def delete_alias(people: People, caller: Caller) -> Attempt:
    model, version = edited_version(people)
    alias = people.new_name("doomed")
    people.creator.post(f"{MODELS}/alias", name=model, version=version, alias=alias).ok()
    return Attempt(
        "DELETE",
        f"{MODELS}/alias",
        {"name": model, "alias": alias},
        done=lambda: alias not in version_now(people, model, version).get("aliases", []),
    )


# --- stages ------------------------------------------------------------------------------------------------------


def to_move(origin: str, target: str) -> str:
    return TRANSITION_PRODUCTION if PRODUCTION in (origin, target) else TRANSITION


def _add_moves() -> None:
    for origin, target in PAIRS:
        for path in (f"{VERSIONS}/transition-stage", "/mlflow/databricks/model-versions/transition-stage"):

            @case(to_move(origin, target), f"POST {path}", f"{origin} -> {target}")
            def transition(
                people: People, caller: Caller, path: str = path, origin: str = origin, target: str = target
            ) -> Attempt:
                model = shared(people, "moved")
                version = people.version(model, origin)
                return Attempt(
                    "POST",
                    path,
                    {"name": model, "version": version, "stage": target, "archive_existing_versions": False},
                    done=lambda: version_now(people, model, version)["current_stage"] == target,
                )


def _add_requests() -> None:
    for origin, target in MOVES:

        @case(REQUEST, f"POST {REQUESTS}/create", f"{origin} -> {target}")
        def request(people: People, caller: Caller, origin: str = origin, target: str = target) -> Attempt:
            model = shared(people, "asked")
            version = people.version(model, origin)
            return Attempt(
                "POST",
                f"{REQUESTS}/create",
                {"name": model, "version": version, "stage": target},
                done=lambda: (people.user_id(caller), target) in requests_now(people, model, version),
            )

        @case(to_move(origin, target), f"POST {REQUESTS}/approve", f"{origin} -> {target}")
        def approve(people: People, caller: Caller, origin: str = origin, target: str = target) -> Attempt:
            model, version = asked(people, origin, target)
            return Attempt(
                "POST",
                f"{REQUESTS}/approve",
                {"name": model, "version": version, "stage": target, "archive_existing_versions": False},
                done=lambda: version_now(people, model, version)["current_stage"] == target,
            )

        @case(to_move(origin, target), f"POST {REQUESTS}/reject", f"{origin} -> {target}")
        def reject(people: People, caller: Caller, origin: str = origin, target: str = target) -> Attempt:
            model, version = asked(people, origin, target)
            return Attempt(
                "POST",
                f"{REQUESTS}/reject",
                {"name": model, "version": version, "stage": target},
                done=lambda: not requests_now(people, model, version),
            )


def asked(people: People, origin: str, target: str) -> tuple[str, str]:
    """A version in a stage, of which the creator has asked that it be moved."""
    model = shared(people, "asked")
    version = people.version(model, origin)
    people.creator.post(f"{REQUESTS}/create", name=model, version=version, stage=target).ok()
    return model, version


_add_moves()
_add_requests()


@case(CANCEL_OWN, f"DELETE {REQUESTS}/delete")
def cancel_own(people: People, caller: Caller) -> Attempt:
    model = shared(people, "asked")
    version = people.version(model)
    open_request(people, caller, model, version, PRODUCTION)
    return cancellation(people, model, version, people.user_id(caller))


@case(CANCEL_OTHERS, f"DELETE {REQUESTS}/delete", "somebody else's")
def cancel_others(people: People, caller: Caller) -> Attempt:
    model = shared(people, "asked")
    version = people.version(model)
    requester = somebody_but(caller)
    open_request(people, requester, model, version, PRODUCTION)
    return cancellation(people, model, version, requester.name)


def cancellation(people: People, model: str, version: str, creator: str) -> Attempt:
    return Attempt(
        "DELETE",
        f"{REQUESTS}/delete",
        {"name": model, "version": version, "stage": PRODUCTION, "creator": creator},
        done=lambda: not requests_now(people, model, version),
    )


def somebody_but(caller: Caller) -> Caller:
    other = Caller("CAN_READ", "direct")
    return other if caller != other else Caller("CAN_READ", "group")


# --- comments ----------------------------------------------------------------------------------------------------


@case(COMMENT, f"POST {COMMENTS}/create")
def comment(people: People, caller: Caller) -> Attempt:
    model, version = talked_about(people)
    words = people.new_name("words")
    return Attempt(
        "POST",
        f"{COMMENTS}/create",
        {"name": model, "version": version, "comment": words},
        done=lambda: words in comments_now(people, model, version).values(),
    )


def talked_about(people: People) -> tuple[str, str]:
    model = shared(people, "talked")
    if not model_now(people, model).get("latest_versions"):
        people.version(model)
    return model, people.version(model)


def _add_comments() -> None:
    for mine in (True, False):

        @case(
            EDIT_OWN_COMMENT if mine else EDIT_OTHERS_COMMENT, f"PATCH {COMMENTS}/update", "" if mine else "another's"
        )
        def edit(people: People, caller: Caller, mine: bool = mine) -> Attempt:
            model, version = talked_about(people)
            identifier = open_comment(people, caller if mine else somebody_but(caller), model, version)
            words = people.new_name("words")
            return Attempt(
                "PATCH",
                f"{COMMENTS}/update",
                {"id": identifier, "comment": words},
                done=lambda: comments_now(people, model, version)[identifier] == words,
            )

        @case(
            DELETE_OWN_COMMENT if mine else DELETE_OTHERS_COMMENT,
            f"DELETE {COMMENTS}/delete",
            "" if mine else "another's",
        )
        def delete(people: People, caller: Caller, mine: bool = mine) -> Attempt:
            model, version = talked_about(people)
            identifier = open_comment(people, caller if mine else somebody_but(caller), model, version)
            return Attempt(
                "DELETE",
                f"{COMMENTS}/delete",
                {"id": identifier},
                done=lambda: identifier not in comments_now(people, model, version),
            )


_add_comments()


# --- manage ------------------------------------------------------------------------------------------------------


@case(MANAGE, f"POST {MODELS}/rename")
def rename(people: People, caller: Caller) -> Attempt:
    model, new_name = people.model("old"), people.new_name("new")
    return Attempt(
        "POST",
        f"{MODELS}/rename",
        {"name": model, "new_name": new_name},
        done=lambda: bool(model_now(people, new_name)) and not model_now(people, model),
    )


@case(MANAGE, f"DELETE {MODELS}/delete")
def delete_model(people: People, caller: Caller) -> Attempt:
    model = people.model("doomed")
    return Attempt("DELETE", f"{MODELS}/delete", {"name": model}, done=lambda: not model_now(people, model))


@case(MANAGE, f"DELETE {VERSIONS}/delete")
def delete_version(people: People, caller: Caller) -> Attempt:
    model = shared(people, "shrunk")
    version = people.version(model)
    return Attempt(
        "DELETE",
        f"{VERSIONS}/delete",
        {"name": model, "version": version},
        done=lambda: not version_now(people, model, version),
    )


def _add_permissions() -> None:
    for method in ("PUT", "PATCH"):

        @case(MANAGE, f"{method} {PERMISSIONS}")
        def change_permissions(people: People, caller: Caller, method: str = method) -> Attempt:
            path = people.permissions_path(people.model("governed"))
            entry = {"user_name": Caller("none", "direct").name, "permission_level": "CAN_EDIT"}

            def done() -> bool:
                entries = people.admin.get(path).ok()["access_control_list"]
                permission = {"permission_level": "CAN_EDIT", "inherited": False}
                return any(
                    one.get("user_name") == entry["user_name"] and permission in one["all_permissions"]
                    for one in entries
                )

            return Attempt(method, path, {"access_control_list": [entry]}, done)


_add_permissions()
