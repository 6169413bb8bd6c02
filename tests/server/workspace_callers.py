"""A registry with workspaces: everybody of the permission tests in one of them, and somebody who may do everything in
the others."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.live_registry import LiveRegistry
from tests.server.api import Api
from tests.server.callers import ADMIN, Caller, Callers, add_group, user_id

WORKSPACES = "/api/3.0/mlflow/workspaces"
ROOT = "/permissions/registered-models/root"
HERE, THERE = "here", "there"
OUTSIDER = "outsider"


@dataclass
class Outsider:
    """Somebody who manages all of one workspace, and of the default one, and may not use the other one."""

    here: Api
    default: Api
    there: Api

    @property
    def elsewhere(self) -> tuple[Api, Api]:
        return self.here, self.default


def make_workspaces(registry: LiveRegistry) -> None:
    """Two besides the default one."""
    with Api(registry.url, registry.admin_token) as api:
        for name in (HERE, THERE):
            api.post(WORKSPACES, name=name, description=f"the one called {name}").ok()


def insiders_of(registry: LiveRegistry) -> Callers:
    """Everybody, with every level on models of the one workspace, which they all may use."""
    with Api(registry.url, registry.admin_token, THERE) as api:
        entry = {"group_name": "users", "permission_level": "CAN_CREATE_REGISTERED_MODEL"}
        api.patch(ROOT, access_control_list=[entry]).ok()
    return Callers(registry, THERE)


@contextmanager
def outsider_of(registry: LiveRegistry, insiders: Callers) -> Iterator[Outsider]:
    """After this, nobody else may use the insiders' workspace but they."""
    token = registry.token(OUTSIDER)
    entry = {"user_name": OUTSIDER, "permission_level": "CAN_MANAGE"}
    with (
        Api(registry.url, registry.admin_token, HERE) as admin_here,
        Api(registry.url, registry.admin_token) as admin,
        Api(registry.url, token, HERE) as here,
        Api(registry.url, token) as default,
        Api(registry.url, token, THERE) as there,
    ):
        for api in (admin_here, admin):
            api.patch(ROOT, access_control_list=[entry]).ok()
        add_group(admin, "insiders", [user_id(admin, name) for name in insiders.apis if name != ADMIN.name])
        entries = [
            {"group_name": "insiders", "permission_level": "CAN_CREATE_REGISTERED_MODEL"},
            *(
                {"user_name": Caller(level, "root").name, "permission_level": level}
                for level in ("CAN_READ", "CAN_EDIT", "CAN_MANAGE")
            ),
        ]
        insiders.admin.put(ROOT, access_control_list=entries).ok()
        yield Outsider(here, default, there)
