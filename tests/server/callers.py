"""Users with every level, granted in every way."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.live_registry import LiveRegistry, command
from tests.server.api import Api

LEVELS = (
    "none",
    "CAN_READ",
    "CAN_EDIT",
    "CAN_MANAGE_STAGING_VERSIONS",
    "CAN_MANAGE_PRODUCTION_VERSIONS",
    "CAN_MANAGE",
)
STAGES = ("None", "Staging", "Production", "Archived")
PAIRS = tuple((origin, target) for origin in STAGES for target in STAGES)
MOVES = tuple((origin, target) for origin, target in PAIRS if origin != target)

WAYS = ("direct", "group", "nested", "root")
"""How a level was granted: on the model to the user, to a group, to a group that contains the user's group; or to the
user on the registry."""


@dataclass(frozen=True)
class Caller:
    """A user with a level, and how it was granted."""

    level: str
    way: str

    @property
    def name(self) -> str:
        return f"{self.level.lower().replace('_', '-')}-{self.way}"

    def __str__(self) -> str:
        return f"{self.level} by {self.way}"


ADMIN = Caller("CAN_MANAGE", "admins")
CREATOR = Caller("CAN_MANAGE", "creator")
CALLERS = (*(Caller(level, way) for level in LEVELS for way in WAYS), ADMIN, CREATOR)


@dataclass
class Callers:
    """All callers at one registry, with models on which they have their levels: in the default workspace, or in another
    one that everybody may use."""

    registry: LiveRegistry
    workspace: str | None = None
    apis: dict[str, Api] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        for caller in CALLERS:
            if caller is not ADMIN:
                command(self.registry.database, "users", "create", caller.name)
        names = [caller.name for caller in CALLERS if caller is not ADMIN]
        tokens = command(self.registry.database, "tokens", "create", *names).split()
        self.apis = {name: self._api(token) for name, token in zip(names, tokens, strict=True)}
        self.apis[ADMIN.name] = self._api(self.registry.admin_token)
        for level in LEVELS:
            add_group(self.admin, f"group-{level}", [user_id(self.admin, Caller(level, "group").name)])
            inner = add_group(self.admin, f"inner-{level}", [user_id(self.admin, Caller(level, "nested").name)])
            add_group(self.admin, f"outer-{level}", [inner])
        entries = [
            {"user_name": Caller(level, "root").name, "permission_level": level} for level in LEVELS if level != "none"
        ]
        self.admin.patch("/permissions/registered-models/root", access_control_list=entries).ok()

    def _api(self, token: str) -> Api:
        return Api(self.registry.url, token, self.workspace)

    @property
    def admin(self) -> Api:
        return self.apis[ADMIN.name]

    @property
    def creator(self) -> Api:
        return self.apis[CREATOR.name]

    def api(self, caller: Caller) -> Api:
        return self.apis[caller.name]

    def user_id(self, caller: Caller) -> str:
        return "admin" if caller is ADMIN else caller.name

    def new_user(self) -> tuple[str, Api]:
        """A new user without permissions: the name, and the API with their token."""
        name = self.new_name("new_user")
        command(self.registry.database, "users", "create", name)
        token = command(self.registry.database, "tokens", "create", name).strip()
        self.apis[name] = self._api(token)
        return name, self.apis[name]

    def new_name(self, about: str = "model") -> str:
        return f"{about}-{next(self._numbers)}"

    def model(self, about: str = "model") -> str:
        """A new model, created by the creator, on which every caller has their level."""
        name = self.new_name(about)
        self.creator.post("/mlflow/registered-models/create", name=name).ok()
        self.creator.put(self.permissions_path(name), access_control_list=ACCESS).ok()
        return name

    def version(self, model: str, stage: str = "None") -> str:
        """A new version of a model, in a stage."""
        answer = self.creator.post("/mlflow/model-versions/create", name=model, source=f"s3://models/{model}")
        version: str = answer.ok()["model_version"]["version"]
        if stage != "None":
            self.move(model, version, stage)
        return version

    def move(self, model: str, version: str, stage: str) -> None:
        self.creator.post("/mlflow/model-versions/transition-stage", name=model, version=version, stage=stage).ok()

    def model_id(self, model: str) -> str:
        answer = self.admin.get("/mlflow/databricks/registered-models/get", name=model)
        identifier: str = answer.ok()["registered_model_databricks"]["id"]
        return identifier

    def permissions_path(self, model: str) -> str:
        return f"/permissions/registered-models/{self.model_id(model)}"

    def as_reader(self, caller: Caller, model: str) -> None:
        """Let a caller read a model temporarily; ``as_before`` ends it."""
        entry = {"user_name": self.user_id(caller), "permission_level": "CAN_READ"}
        self.creator.patch(self.permissions_path(model), access_control_list=[entry]).ok()

    def as_before(self, model: str) -> None:
        self.creator.put(self.permissions_path(model), access_control_list=ACCESS).ok()

    def close(self) -> None:
        for api in self.apis.values():
            api.__exit__(None, None, None)


def _access() -> list[dict[str, str]]:
    entries = [{"user_name": CREATOR.name, "permission_level": "CAN_MANAGE"}]
    for level in LEVELS:
        if level != "none":
            entries += [
                {"user_name": Caller(level, "direct").name, "permission_level": level},
                {"group_name": f"group-{level}", "permission_level": level},
                {"group_name": f"outer-{level}", "permission_level": level},
            ]
    return entries


ACCESS = _access()


SCIM = "/preview/scim/v2"


def add_group(admin: Api, name: str, member_ids: Iterable[str] = ()) -> str:
    """Create a group with these members; its id."""
    members = [{"value": member_id} for member_id in member_ids]
    group_id: str = admin.post(f"{SCIM}/Groups", displayName=name, members=members).ok()["id"]
    return group_id


def user_id(admin: Api, name: str) -> str:
    """The id of the user of that name."""
    (user,) = admin.get(f"{SCIM}/Users", filter=f'userName eq "{name}"').ok()["Resources"]
    identifier: str = user["id"]
    return identifier
