"""People in groups in groups, and a model that they may be granted levels on."""

from typing import Any

from tests.server.api import Api
from tests.server.callers import Callers, add_group, user_id
from tests.server.permission_case import MODELS

ROOT = "/permissions/registered-models/root"


def entry(kind: str, name: str, level: str) -> dict[str, str]:
    return {f"{kind}_name": name, "permission_level": level}


class Staff:
    """People in groups in groups, and a model, on a registry that others use too."""

    def __init__(self, callers: Callers) -> None:
        self.callers = callers
        self.model = callers.new_name("governed")
        callers.creator.post(f"{MODELS}/create", name=self.model).ok()
        self.path = callers.permissions_path(self.model)
        self.users: dict[str, tuple[str, Api]] = {name: callers.new_user() for name in ("ann", "bob", "cy", "dee")}
        self.groups: dict[str, str] = {}
        self.ids = {name: user_id(callers.admin, user) for name, (user, _) in self.users.items()}
        for group, members in {
            "inner": ("ann", "bob"),
            "middle": ("inner", "cy"),
            "outer": ("middle",),
            "aside": ("bob", "dee"),
        }.items():
            self.groups[group] = callers.new_name(group)
            self.ids[group] = add_group(callers.admin, self.groups[group], [self.ids[each] for each in members])

    def close(self) -> None:
        """Revoke what everybody may have been granted: others count what a new_user can read."""
        self.callers.admin.put(self.path, access_control_list=[])

    def user(self, name: str) -> str:
        return self.users[name][0]

    def entry(self, name: str, level: str) -> dict[str, str]:
        if name in self.groups:
            return entry("group", self.groups[name], level)
        return entry("user", self.user(name), level)

    def address(self, name: str) -> str:
        return f"group:{self.groups[name]}" if name in self.groups else f"user:{self.user(name)}"

    def grant(self, *entries: dict[str, str], path: str = "") -> None:
        self.callers.admin.patch(path or self.path, access_control_list=list(entries)).ok()

    def why(self, name: str, path: str = "") -> dict[str, Any]:
        answer: dict[str, Any] = self.callers.admin.get(f"{path or self.path}/why", principal=self.address(name)).ok()
        return answer

    def true_level(self, name: str) -> str | None:
        """What the server itself says to them."""
        answer = self.users[name][1].get("/mlflow/databricks/registered-models/get", name=self.model)
        if answer.status == 404:
            return None
        level: str = answer.ok()["registered_model_databricks"]["permission_level"]
        return level


def direct_entries(api: Api, path: str) -> list[dict[str, str]]:
    """The direct entries, as a PUT takes them."""
    return [
        {name: each[name] for name in ("user_name", "group_name", "service_principal_name") if name in each}
        | {"permission_level": permission["permission_level"]}
        for each in api.get(path).ok()["access_control_list"]
        for permission in each["all_permissions"]
        if not permission["inherited"]
    ]
