"""What only administrators may do, what everybody may, and what is recorded of it."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.live_registry import LiveRegistry, serving
from tests.server.api import Api
from tests.server.database_state import DatabaseState, changing
from tests.server.directory import GROUPS, USERS, create_group, create_user, new_name, patched
from tests.server.invalid_requests import assert_refused, in_body
from tests.server.test_bad_input import VALUES
from tui_registry_server.http.route import Route
from tui_registry_server.http.routes import ROUTES
from tui_registry_server.store.tables import activities
from tui_registry_server.wire.permission_policy import Ability

ADMINISTERED = ("/scim/", "/token", "/accounts/", "/federation-rules", "/imports/", "/workspaces")

BODIES = {
    "Users": {"userName": "refused"},
    "Groups": {"displayName": "refused"},
    "ServicePrincipals": {"applicationId": "refused"},
    "models": {"source": "refused", "name": "refused"},
    "workspaces": {"name": "refused"},
}
TIMES = {"creation_timestamp": 1, "last_updated_timestamp": 1}
FIELDS = TIMES | {"application_id": "none", "token": {"comment": "a"}, "update_mask": "comment"}


@pytest.fixture(scope="module")
def manager(registry: LiveRegistry) -> Iterator[Api]:
    """A user who manages every model, but is not an administrator."""
    name = new_name("manager")
    with Api(registry.url, registry.token(name)) as api, Api(registry.url, registry.admin_token) as admin:
        entry = {"user_name": name, "permission_level": "CAN_MANAGE"}
        admin.patch("/permissions/registered-models/root", access_control_list=[entry]).ok()
        yield api


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A registry that may be left in any state."""
    with serving(tmp_path_factory.mktemp("spoiled")) as live, Api(live.url, live.admin_token) as api:
        yield api


FOR_ADMINISTRATORS = {Ability.SEE_ACCOUNT, Ability.ADMINISTER, Ability.ADMINISTER_WEBHOOKS}


@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if route.ability in FOR_ADMINISTRATORS],
    ids=lambda r: f"{r.method} {r.path}",
)
def test_only_administrators(route: Route, manager: Api, database_state: DatabaseState) -> None:
    path = route.path.replace("{id}", "1").replace("{token_id}", "1").replace("{webhook_id}", "1")
    fields = FIELDS | next((body for name, body in BODIES.items() if name in path), {})
    with database_state.unchanged():
        assert "group 'admins'" in manager.call(route.method, path, fields if route.method != "GET" else {}).denied()


@pytest.mark.parametrize(
    "path",
    [
        *(f"/preview/scim/v2/{plural}" for plural in ("Me", "Users", "Groups", "ServicePrincipals")),
        *(f"/preview/scim/v2/{each}" for each in ("ServiceProviderConfig", "ResourceTypes", "Schemas")),
        "/token/list",
    ],
)
def test_anybody_may_look(path: str, registry: LiveRegistry) -> None:
    with Api(registry.url, registry.token("looker")) as api:
        api.get(path).ok()
    with Api(registry.url, None) as api:
        assert api.get(path).refused(401, "UNAUTHENTICATED")


def test_every_change_is_recorded(fresh_registry: LiveRegistry) -> None:
    with Api(fresh_registry.url, fresh_registry.admin_token) as admin:
        user = create_user(admin, "ann")
        group = create_group(admin, "devs", [user["id"]])
        patched(admin, f"{USERS}/{user['id']}", {"op": "replace", "path": "displayName", "value": "Ann"}).ok()
        patched(admin, f"{USERS}/{user['id']}", {"op": "replace", "path": "displayName", "value": "Ann"}).ok()
        patched(admin, f"{GROUPS}/{group['id']}", {"op": "remove", "path": "members"}).ok()
        token_id = admin.post("/token/create").ok()["token_info"]["token_id"]
        admin.patch(f"/token/{token_id}", token={"comment": "x"}, update_mask="comment").ok()
        admin.post("/token/delete", token_id=token_id).ok()
        admin.put("/permissions/authorization/tokens", access_control_list=[]).ok()
        admin.delete(f"{GROUPS}/{group['id']}").ok()
        admin.delete(f"{USERS}/{user['id']}").ok()
    with changing(fresh_registry.database) as connection:
        columns = (activities.c.activity_type, activities.c.system_comment, activities.c.detail)
        query = select(*columns).where(activities.c.user_id == "admin").order_by(activities.c.sequence)
        rows = connection.execute(query).all()
    assert [row[:2] for row in rows] == [
        ("CREATED_PRINCIPAL", "created user ann"),
        ("CREATED_PRINCIPAL", "created group devs"),
        ("CHANGED_PRINCIPAL", "changed members of group devs: added user ann"),
        ("CHANGED_PRINCIPAL", "changed user ann: display_name"),
        ("CHANGED_PRINCIPAL", "changed members of group devs: removed user ann"),
        ("CREATED_TOKEN", "created a token for user admin"),
        ("CHANGED_TOKEN", "changed the comment of a token for user admin"),
        ("DELETED_TOKEN", "revoked a token for user admin"),
        ("CHANGED_PERMISSIONS", "group users: CAN_USE -> none"),
        ("DELETED_PRINCIPAL", "deleted group devs"),
        ("DELETED_PRINCIPAL", "deleted user ann"),
    ]
    assert json.loads(rows[3].detail) == {
        "kind": "user",
        "id": user["id"],
        "name": "ann",
        "changed": {"display_name": [None, "Ann"]},
    }


BAD_PATCHES = [
    f'{{"op": {op}, "path": {path}, "value": {value}}}'
    for op, path in (
        ('"add"', '"members"'),
        ('"remove"', '"members"'),
        ('"replace"', '"emails"'),
        ('"replace"', '"displayName"'),
        ('"replace"', '"active"'),
        ('"add"', "null"),
    )
    for value in VALUES.values()
]


@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if any(part in route.path for part in ADMINISTERED) and not route.form],
    ids=lambda route: f"{route.method} {route.path}",
)
def test_bad_values(route: Route, fresh: Api) -> None:
    """Each is accepted or refused with a short message, never by a 5xx."""
    kind = route.path.removesuffix("/{id}")
    fields = FIELDS | {name: new_name("spoiled") for name in BODIES.get(kind.rpartition("/")[2], {})}
    identifier = "1"
    if "{id}" in route.path and kind.endswith(tuple(BODIES)):
        identifier = fresh.post(kind, **fields).ok()["id"]
    elif "{token_id}" in route.path:
        identifier = fresh.post("/token/create").ok()["token_info"]["token_id"]
    path = route.path.replace("{id}", identifier).replace("{token_id}", identifier)
    for field in in_body(route):
        for value in VALUES.values():
            if route.method == "GET":
                answer = fresh.get(path, **{field: value[:5000]})
            else:
                rest = json.dumps({name: each for name, each in fields.items() if name != field})
                answer = fresh.send(route.method, path, f"{rest[:-1]}, {json.dumps(field)}: {value}}}".encode())
            assert answer.status < 400 or assert_refused(answer)
    if route.method == "PATCH" and "/scim/" in path:
        for patch in BAD_PATCHES:
            answer = fresh.send("PATCH", path, f'{{"Operations": [{patch}]}}'.encode())
            assert answer.status < 400 or assert_refused(answer)
