"""Access tokens over HTTP: one's own, all of them, and who may create some."""

import hashlib
import json
import re
import time
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from tests.live_registry import LiveRegistry, command
from tests.server.api import Api
from tests.server.database_state import DatabaseState
from tests.server.directory import SCIM, create_service_principal, new_name
from tests.server.sockets import connect, rest
from tui_registry_server.commands import main

TOKENS = "/token-management/tokens"
PERMISSIONS = "/permissions/authorization/tokens"
DAY = 24 * 60 * 60 * 1000  # milliseconds


@pytest.fixture
def user(registry: LiveRegistry) -> Iterator[Api]:
    with Api(registry.url, registry.token(new_name("owner"))) as api:
        yield api


def test_a_token_of_ones_own(user: Api, registry: LiveRegistry) -> None:
    before = time.time_ns() // 1_000_000
    made = user.post("/token/create", comment="laptop", lifetime_seconds=3600).ok()
    assert re.fullmatch(r"tr_[\w\-]{43}", made["token_value"])
    info = made["token_info"]
    assert before <= info["creation_time"] <= time.time_ns() // 1_000_000
    assert info["expiry_time"] == info["creation_time"] + 3_600_000
    assert info["comment"] == "laptop"
    with Api(registry.url, made["token_value"]) as api:
        assert api.get(f"{SCIM}/Me").ok() == user.get(f"{SCIM}/Me").ok()
        answer = api.get("/token/list").ok()
        listed = answer["token_infos"]
        assert answer["calling_token_id"] == info["token_id"]
        assert user.get("/token/list").ok()["calling_token_id"] != info["token_id"]
        assert info in [{name: one[name] for name in one if name != "last_used_time"} for one in listed]
        assert made["token_value"] not in api.get("/token/list").content.decode()
        user.post("/token/delete", token_id=info["token_id"]).ok()
        assert api.get(f"{SCIM}/Me").refused(401, "UNAUTHENTICATED")
    assert user.post("/token/delete", token_id=info["token_id"]).missing()


def test_without_a_lifetime_it_never_expires(user: Api) -> None:
    assert user.post("/token/create").ok()["token_info"]["expiry_time"] == -1


def test_what_a_token_makes_does_not_outlive_it(user: Api, registry: LiveRegistry) -> None:
    made = user.post("/token/create", lifetime_seconds=3600).ok()
    expiry = made["token_info"]["expiry_time"]
    with Api(registry.url, made["token_value"]) as api:
        assert api.post("/token/create").ok()["token_info"]["expiry_time"] == expiry
        assert api.post("/token/create", lifetime_seconds=60).ok()["token_info"]["expiry_time"] < expiry
        for lifetime in (3601, 36_500 * 24 * 3600):
            message = api.post("/token/create", lifetime_seconds=lifetime).invalid()
            assert "lifetime_seconds" in message
            assert re.search(r"expires in 35\d\d seconds", message)
        child = api.post("/token/create").ok()["token_value"]
    with Api(registry.url, child) as api:  # nor does a token that is created with it
        assert api.post("/token/create").ok()["token_info"]["expiry_time"] == expiry
        api.post("/token/create", lifetime_seconds=7200).invalid()


def test_nor_what_it_makes_on_behalf_of_others(admin: Api, registry: LiveRegistry) -> None:
    path, robot = "/token-management/on-behalf-of/tokens", create_service_principal(admin)["applicationId"]
    made = admin.post("/token/create", lifetime_seconds=3600).ok()
    with Api(registry.url, made["token_value"]) as api:
        info = api.post(path, application_id=robot).ok()["token_info"]
        assert info["expiry_time"] == made["token_info"]["expiry_time"]
        api.post(path, application_id=robot, lifetime_seconds=7200).invalid()
    assert admin.post(path, application_id=robot).ok()["token_info"]["expiry_time"] == -1


@pytest.mark.parametrize("lifetime", [0, -1, 36_500 * 24 * 3600 + 1, 2**63, "soon"])
def test_lifetimes_that_are_refused(user: Api, lifetime: object) -> None:
    assert "lifetime_seconds" in user.post("/token/create", lifetime_seconds=lifetime).invalid()


def test_expired_tokens_open_nothing_and_are_not_listed(user: Api, registry: LiveRegistry) -> None:
    made = user.post("/token/create", lifetime_seconds=1).ok()
    time.sleep(1.1)
    with Api(registry.url, made["token_value"]) as api:
        assert "expired" in api.get(f"{SCIM}/Me").refused(401, "UNAUTHENTICATED")
    infos = user.get("/token/list").ok()["token_infos"]
    assert made["token_info"]["token_id"] not in [info["token_id"] for info in infos]


def test_only_the_comment_can_be_changed(user: Api) -> None:
    token_id = user.post("/token/create", comment="a").ok()["token_info"]["token_id"]
    assert user.patch(f"/token/{token_id}", token={"comment": "b"}, update_mask="comment").ok() == {}
    assert "b" in [info.get("comment") for info in user.get("/token/list").ok()["token_infos"]]
    assert "update_mask" in user.patch(f"/token/{token_id}", token={}, update_mask="expiry_time").invalid()


def test_somebody_elses_token_is_as_none(user: Api, admin: Api) -> None:
    token_id = admin.post("/token/create").ok()["token_info"]["token_id"]
    assert user.post("/token/delete", token_id=token_id).missing()
    assert user.patch(f"/token/{token_id}", token={"comment": "b"}, update_mask="comment").missing()
    admin.get(f"{TOKENS}/{token_id}").ok()


def test_administrators_manage_everybodys_tokens(user: Api, admin: Api, registry: LiveRegistry) -> None:
    me = user.get(f"{SCIM}/Me").ok()
    made = user.post("/token/create", comment=new_name("c")).ok()
    token_id = made["token_info"]["token_id"]
    with Api(registry.url, made["token_value"]) as api:
        api.get(f"{SCIM}/Me").ok()
        deadline = time.monotonic() + 60
        while "last_used_day" not in (info := admin.get(f"{TOKENS}/{token_id}").ok()["token_info"]):
            assert time.monotonic() < deadline, "the use of the token was never noted"
        assert info == made["token_info"] | {
            "owner_id": int(me["id"]),
            "created_by_id": int(me["id"]),
            "created_by_username": me["userName"],
            "last_used_day": info["last_used_day"],
            "last_used_time": info["last_used_time"],
        }
        assert info["last_used_day"] % DAY == 0
        assert admin.get(TOKENS, created_by_username=me["userName"].upper()).ok()["token_infos"] == [info]
        assert admin.get(TOKENS, created_by_id=me["id"]).ok()["token_infos"] == [info]
        assert (
            len(admin.get(TOKENS, owner_id=me["id"]).ok()["token_infos"]) == 2
        )  # the other was created on the command line
        assert info in admin.get(TOKENS).ok()["token_infos"]
        for part in (info["comment"], me["userName"].upper()[1:]):
            newest = admin.get(TOKENS, text=part, max_results=1).ok()["token_infos"]
            assert newest == [info]
        assert not admin.get(TOKENS, text=f"no_{info['comment']}%").ok().get("token_infos")
        changed = admin.patch(f"{TOKENS}/{token_id}", token={"comment": "d"}, update_mask="comment").ok()
        assert changed == info | {"comment": "d"}
        admin.delete(f"{TOKENS}/{token_id}").ok()
        assert api.get(f"{SCIM}/Me").refused(401, "UNAUTHENTICATED")
    assert admin.get(f"{TOKENS}/{token_id}").missing()
    assert admin.delete(f"{TOKENS}/{token_id}").missing()


def test_on_behalf_of_a_service_principal(admin: Api) -> None:
    principal = create_service_principal(admin)
    path = "/token-management/on-behalf-of/tokens"
    info = admin.post(path, application_id=principal["applicationId"], lifetime_seconds=60).ok()["token_info"]
    assert (info["owner_id"], info["created_by_username"]) == (int(principal["id"]), "admin")
    assert admin.post(path, application_id="none").missing()


def test_only_hashes_are_kept(fresh_registry: LiveRegistry) -> None:
    with Api(fresh_registry.url, fresh_registry.admin_token) as admin:
        value = admin.post("/token/create").ok()["token_value"]
        content = admin.get(TOKENS).content.decode()
    assert value not in content
    assert hashlib.sha256(value.encode()).hexdigest() not in content


def test_who_may_have_tokens(fresh_registry: LiveRegistry) -> None:
    name = "tokenless"
    with (
        Api(fresh_registry.url, fresh_registry.admin_token) as admin,
        Api(fresh_registry.url, fresh_registry.token(name)) as user,
    ):
        assert admin.get(PERMISSIONS).ok() == {
            "object_id": "/authorization/tokens",
            "object_type": "tokens",
            "access_control_list": [
                {"group_name": "users", "all_permissions": [{"permission_level": "CAN_USE", "inherited": False}]},
                {"group_name": "admins", "all_permissions": [{"permission_level": "CAN_MANAGE", "inherited": False}]},
            ],
        }
        levels = admin.get(f"{PERMISSIONS}/permissionLevels").ok()["permission_levels"]
        assert [level["permission_level"] for level in levels] == ["CAN_USE", "CAN_MANAGE"]
        user.post("/token/create").ok()

        admin.put(PERMISSIONS, access_control_list=[]).ok()
        assert "CAN_USE on the token settings" in user.post("/token/create").denied()
        assert len(user.get("/token/list").ok()["token_infos"]) == 2
        admin.post("/token/create").ok()

        entry = {"user_name": name, "permission_level": "CAN_USE"}
        admin.patch(PERMISSIONS, access_control_list=[entry]).ok()
        user.post("/token/create").ok()
        assert (
            "Only the group 'admins'"
            in admin.patch(PERMISSIONS, access_control_list=[entry | {"permission_level": "CAN_MANAGE"}]).invalid()
        )
        assert admin.patch(PERMISSIONS, access_control_list=[entry | {"permission_level": "CAN_READ"}]).invalid()
        assert admin.put(
            PERMISSIONS, access_control_list=[{"group_name": "admins", "permission_level": "CAN_USE"}]
        ).invalid()
        # Managing all models does not include tokens.
        admin.put(PERMISSIONS, access_control_list=[]).ok()
        everything = {"user_name": name, "permission_level": "CAN_MANAGE"}
        admin.patch("/permissions/registered-models/root", access_control_list=[everything]).ok()
        assert user.post("/token/create").denied()
        assert user.get(PERMISSIONS).denied()


def test_the_last_use_is_kept_to_a_minute_and_reading_writes_nothing(fresh_registry: LiveRegistry) -> None:
    """Many calls in a minute record one use, in the background; the owner can see it."""
    began = time.time_ns() // 1_000_000
    with Api(fresh_registry.url, fresh_registry.admin_token) as api:
        deadline = time.monotonic() + 60
        while "last_used_time" not in (info := api.get("/token/list").ok()["token_infos"][0]):
            assert time.monotonic() < deadline, "the use of the token was never noted"
        assert began <= info["last_used_time"] <= time.time_ns() // 1_000_000
        with DatabaseState(fresh_registry.database) as database_state:
            version = database_state.version()
            for _ in range(200):
                api.get("/mlflow/registered-models/list").ok()
            if version is not None:
                assert database_state.version() == version  # nobody has written
            assert api.get("/token/list").ok()["token_infos"] == [info]


def test_tokens_are_listed_and_revoked_by_commands(fresh_registry: LiveRegistry) -> None:
    """While the server runs; a revoked token is refused at once."""
    database = fresh_registry.database
    value = fresh_registry.token("ada")
    with Api(fresh_registry.url, value) as api:
        api.get(f"{SCIM}/Me").ok()
        deadline = time.monotonic() + 60
        while "never" in (line := _line_of(database, "ada")).split()[5:]:
            assert time.monotonic() < deadline, line
        token_id = line.split()[0]
        assert value not in line
        command(database, "tokens", "revoke", token_id)
        api.get(f"{SCIM}/Me").refused(401, "UNAUTHENTICATED")
    refused = CliRunner().invoke(main, ["tokens", "revoke", token_id, "--database", database])
    assert refused.exit_code == 1
    assert "not found" in refused.stderr


def _line_of(database: str, owner: str) -> str:
    (line,) = [line for line in command(database, "tokens", "list").splitlines() if line.split()[1] == owner]
    return line


@pytest.mark.parametrize("call", ["set-tag", "get-latest-versions"])
def test_a_body_that_comes_after_the_token_was_revoked(user: Api, registry: LiveRegistry, call: str) -> None:
    """A request that is refused now must not have started before, whether it writes or reads."""
    name = new_name("slow-body")
    user.post("/mlflow/registered-models/create", name=name).ok()
    made = user.post("/token/create").ok()
    content = json.dumps({"name": name, "key": "late", "value": "1"}).encode()
    head = (
        f"POST /api/2.0/mlflow/registered-models/{call} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Authorization: Bearer {made['token_value']}\r\nContent-Length: {len(content)}\r\n\r\n"
    ).encode()
    with connect(registry.url) as connection:
        connection.sendall(head + content[:5])
        user.get("/mlflow/registered-models/get", name=name).ok()  # so that the other connection is open
        user.post("/token/delete", token_id=made["token_info"]["token_id"]).ok()
        connection.sendall(content[5:])
        assert rest(connection).statuses == [401]
    assert "tags" not in user.get("/mlflow/registered-models/get", name=name).ok()["registered_model"]
