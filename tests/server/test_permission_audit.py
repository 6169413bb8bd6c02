"""Every change of permissions is recorded: the current ones can be computed from the log alone."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Connection, select

from tests.live_registry import LiveRegistry, command
from tests.server.api import Answer, Api
from tests.server.callers import SCIM, add_group, user_id
from tests.server.database_state import changing
from tests.variants import variant
from tui_registry_server.store.tables import activities, grants, memberships, principals, tokens

LEVELS = {
    10: "CAN_CREATE_REGISTERED_MODEL",
    20: "CAN_READ",
    30: "CAN_EDIT",
    40: "CAN_MANAGE_STAGING_VERSIONS",
    50: "CAN_MANAGE_PRODUCTION_VERSIONS",
    60: "CAN_MANAGE",
}
ROOT = "/permissions/registered-models/root"
TOKENS = "/permissions/authorization/tokens"
NAMES = ("ops", "dev", "eve", "risk")
PLURALS = {"user": "Users", "group": "Groups", "service_principal": "ServicePrincipals"}
NAME_FIELDS = {"user": "userName", "group": "displayName", "service_principal": "applicationId"}
STEPS = 120
KINDS = {
    "CREATED_PRINCIPAL",
    "CHANGED_PRINCIPAL",
    "DELETED_PRINCIPAL",
    "OFFBOARDED_PRINCIPAL",
    "CHANGED_PERMISSIONS",
    "CREATED_MODEL",
    "CREATED_TOKEN",
    "DELETED_TOKEN",
}
"""Types of records that a run must have produced."""


@dataclass
class Rights:
    """Principals, memberships, levels and tokens."""

    principals: dict[str, tuple[str, str, bool]] = field(default_factory=dict)
    memberships: set[tuple[str, str]] = field(default_factory=set)
    grants: dict[tuple[str, str], str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, connection: Connection) -> "Rights":
        """As in the database."""
        row = principals.c
        return cls(
            {
                one[0]: (one[1], one[2], bool(one[3]))
                for one in connection.execute(select(row.id, row.kind, row.name, row.active))
            },
            {tuple(one) for one in connection.execute(select(memberships.c.group_id, memberships.c.member_id))},
            {
                (one[0], one[1]): "CAN_USE" if one[0] == "tokens" else LEVELS[one[2]]
                for one in connection.execute(select(grants.c.object_id, grants.c.principal_id, grants.c.level))
            },
            {one[0]: one[1] for one in connection.execute(select(tokens.c.id, tokens.c.principal_id))},
        )

    def follow(self, kind: str, detail: dict[str, Any], model_id: str | None) -> None:
        """Apply a record, which must identify the principals as they are at that time."""
        match kind:
            case "CREATED_PRINCIPAL":
                self.principals[detail["id"]] = (detail["kind"], detail["name"], detail["active"])
            case "CHANGED_PRINCIPAL":
                self._change(detail)
            case "DELETED_PRINCIPAL":
                self._delete(detail)
            case "OFFBOARDED_PRINCIPAL":
                self._change(detail)
                self._take(detail)
            case "CHANGED_PERMISSIONS" | "CREATED_MODEL":
                for each in detail["levels"]:
                    self._change_level(detail.get("object", model_id), self.meant(each), each["level"])
            case "CREATED_TOKEN":
                self.tokens[detail["token_id"]] = self.meant(detail["owner"])
            case "DELETED_TOKEN":
                assert self.tokens.pop(detail["token_id"]) == self.meant(detail["owner"])
            case _:
                assert "levels" not in detail

    def meant(self, who: dict[str, Any]) -> str:
        """The id of a principal in a record, whose kind and name must match."""
        assert self.principals[who["id"]][:2] == (who["kind"], who["name"])
        identifier: str = who["id"]
        return identifier

    def _change(self, detail: dict[str, Any]) -> None:
        kind, name, active = self.principals[detail["id"]]
        changed = detail.get("changed", {})
        for column, known in (("name", name), ("active", active)):
            if column in changed:
                assert changed[column][0] == known
        self.principals[detail["id"]] = (kind, changed.get("name", [0, name])[1], changed.get("active", [0, active])[1])
        self.meant(detail)
        for each in detail.get("added", ()):
            assert (detail["id"], each["id"]) not in self.memberships
            self.memberships.add((detail["id"], self.meant(each)))
        for each in detail.get("removed", ()):
            self.memberships.remove((detail["id"], self.meant(each)))

    def _change_level(self, object_id: str | None, principal_id: str, level: list[str | None]) -> None:
        assert object_id is not None
        assert self.grants.pop((object_id, principal_id), None) == level[0] != level[1]
        if level[1] is not None:
            self.grants[object_id, principal_id] = level[1]

    def _delete(self, detail: dict[str, Any]) -> None:
        self._take(detail)
        del self.principals[detail["id"]]

    def _take(self, detail: dict[str, Any]) -> None:
        """Take all that a principal has, which the record lists."""
        who = self.meant(detail)
        groups = {(self.meant(each), who) for each in detail.get("groups", ())}
        members = {(who, self.meant(each)) for each in detail.get("members", ())}
        assert {pair for pair in self.memberships if who in pair} == groups | members
        self.memberships -= groups | members
        for each in detail.get("levels", ()):
            self._change_level(each["object"], who, each["level"])
        assert who not in {principal_id for _, principal_id in self.grants}
        assert {each for each, owner in self.tokens.items() if owner == who} == set(detail.get("tokens", ()))
        for each in detail.get("tokens", ()):
            del self.tokens[each]


@pytest.fixture
def admin(fresh_registry: LiveRegistry) -> Iterator[Api]:
    with Api(fresh_registry.url, fresh_registry.admin_token) as api:
        yield api


class Log:
    """The records from now on."""

    def __init__(self, database: str) -> None:
        self._database = database
        self.rights, self._seen = self._read(0)[1], self._read(0)[2]

    def _read(self, after: int) -> tuple[list[Any], Rights, int]:
        with changing(self._database) as connection:
            columns = activities.c.sequence, activities.c.activity_type, activities.c.detail, activities.c.model_id
            query = select(*columns).where(activities.c.sequence > after).order_by(activities.c.sequence)
            rows = connection.execute(query).all()
            return list(rows), Rights.of(connection), rows[-1][0] if rows else after

    def new(self) -> list[tuple[str, dict[str, Any]]]:
        """The records since the last call, after which the permissions are those in the database."""
        rows, now, self._seen = self._read(self._seen)
        for _, kind, detail, model_id in rows:
            self.rights.follow(kind, json.loads(detail or "{}"), model_id)
        assert self.rights == now
        return [(row[1], json.loads(row[2] or "{}")) for row in rows]


def patched(admin: Api, path: str, *operations: dict[str, Any]) -> Answer:
    schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
    return admin.patch(f"{SCIM}/{path}", schemas=[schema], Operations=list(operations))


def test_who_is_added_removed_and_added_again_is_on_record(admin: Api, fresh_registry: LiveRegistry) -> None:
    eve = admin.post(f"{SCIM}/Users", userName="eve").ok()["id"]
    (admins,) = admin.get(f"{SCIM}/Groups", filter='displayName eq "admins"').ok()["Resources"]
    log = Log(fresh_registry.database)
    add, remove = ({"op": op, "path": "members", "value": [{"value": eve}]} for op in ("add", "remove"))
    patched(admin, f"Groups/{admins['id']}", add, remove, add).ok()
    ((kind, detail),) = log.new()
    assert (kind, detail["removed"]) == ("CHANGED_PRINCIPAL", [])
    assert detail["added"] == [{"kind": "user", "id": eve, "name": "eve"}]
    patched(admin, f"Groups/{admins['id']}", remove, add, remove, add).ok()
    assert log.new() == [], "nothing is different"


def test_a_group_in_the_place_of_a_user_of_its_name_is_on_record(admin: Api, fresh_registry: LiveRegistry) -> None:
    user = admin.post(f"{SCIM}/Users", userName="ops").ok()["id"]
    group = add_group(admin, "ops")
    target = add_group(admin, "target", [user])
    log = Log(fresh_registry.database)
    admin.put(f"{SCIM}/Groups/{target}", displayName="target", members=[{"value": group}]).ok()
    ((_, detail),) = log.new()
    assert detail["added"] == [{"kind": "group", "id": group, "name": "ops"}]
    assert detail["removed"] == [{"kind": "user", "id": user, "name": "ops"}]
    entries = [
        {"user_name": "ops", "permission_level": "CAN_READ"},
        {"group_name": "ops", "permission_level": "CAN_EDIT"},
    ]
    admin.put(ROOT, access_control_list=entries).ok()
    ((_, detail),) = log.new()
    assert detail == {
        "object": "root",
        "levels": [
            {"kind": "group", "id": group, "name": "ops", "level": [None, "CAN_EDIT"]},
            {"kind": "user", "id": user, "name": "ops", "level": [None, "CAN_READ"]},
        ],
    }


class Steps:
    """Random changes of permissions, with names that users, groups and service principals share."""

    def __init__(self, admin: Api, registry: LiveRegistry, seed: int) -> None:
        self._admin = admin
        self._registry = registry
        self._random = random.Random(seed)
        self._admins = admin.get(f"{SCIM}/Groups", filter='displayName eq "admins"').ok()["Resources"][0]["id"]
        self._mine = user_id(admin, "admin")
        self._there: dict[str, list[str]] = {kind: [] for kind in PLURALS}
        self._objects = [ROOT]
        self._tokens: list[str] = []
        self._count = 0

    def take(self) -> None:
        """One of them, which may be refused."""
        often: list[Callable[[], object]] = [self._create, self._members, self._grant]
        rarely: list[Callable[[], object]] = [self._delete, self._replace, self._activate, self._model, self._offboard]
        self._random.choice([*often, *often, *rarely, self._token, self._revoke, self._command])()

    def _create(self) -> None:
        kind = self._random.choice(list(PLURALS))
        fields: dict[str, Any] = {NAME_FIELDS[kind]: self._random.choice(NAMES), "active": self._random.random() < 0.8}
        if kind == "group":
            fields = {"displayName": self._random.choice(NAMES), "members": self._some()}
        self._keep(kind, self._admin.post(f"{SCIM}/{PLURALS[kind]}", **fields))

    def _keep(self, kind: str, answer: Answer) -> None:
        if answer.status == 201:
            self._there[kind].append(answer.json["id"])

    def _some(self) -> list[dict[str, str]]:
        everybody = [each for listed in self._there.values() for each in listed]
        return [
            {"value": each} for each in self._random.sample(everybody, min(len(everybody), self._random.randint(0, 3)))
        ]

    def _one(self, kind: str) -> str | None:
        return self._random.choice(self._there[kind]) if self._there[kind] else None

    def _delete(self) -> None:
        kind = self._random.choice(list(PLURALS))
        if (gone := self._one(kind)) and self._admin.delete(f"{SCIM}/{PLURALS[kind]}/{gone}").status == 204:
            self._there[kind].remove(gone)

    def _offboard(self) -> None:
        if leaver := self._one(self._random.choice(["user", "service_principal"])):
            self._admin.post(f"/principals/{leaver}/offboard").ok()

    def _members(self) -> None:
        group = self._random.choice([self._admins, self._one("group")]) or self._admins
        operations: list[dict[str, Any]] = []
        for _ in range(self._random.randint(1, 4)):
            some = self._some() or [{"value": self._mine}]
            op = self._random.choice(["add", "remove"])
            if op == "remove":
                some = [each for each in some if each["value"] != self._mine] or [{"value": "0"}]
            operations.append({"op": op, "path": "members", "value": some})
        if group != self._admins and self._random.random() < 0.3:
            operations.insert(0, {"op": "remove", "path": "members"})
        patched(self._admin, f"Groups/{group}", *operations)

    def _replace(self) -> None:
        if group := self._one("group"):
            name = self._random.choice(NAMES)
            self._admin.put(f"{SCIM}/Groups/{group}", displayName=name, members=self._some())

    def _activate(self) -> None:
        kind = self._random.choice(["user", "service_principal"])
        if one := self._one(kind):
            value = self._random.random() < 0.5
            patched(self._admin, f"{PLURALS[kind]}/{one}", {"op": "replace", "path": "active", "value": value})

    def _grant(self) -> None:
        where = self._random.choice([*self._objects, TOKENS])
        levels = ["CAN_USE"] if where == TOKENS else list(LEVELS.values())[where != ROOT :]
        fields = ("user_name", "group_name", "service_principal_name")
        entries = [
            {self._random.choice(fields): self._random.choice(NAMES), "permission_level": self._random.choice(levels)}
            for _ in range(self._random.randint(0, 2))
        ]
        self._admin.call(self._random.choice(["PUT", "PATCH"]), where, {"access_control_list": entries})

    def _model(self) -> None:
        name = self._random.choice(NAMES)
        if self._admin.post("/mlflow/registered-models/create", name=name).status != 200:
            self._admin.delete("/mlflow/registered-models/delete", name=name).ok()
            return
        made = self._admin.get("/mlflow/databricks/registered-models/get", name=name).ok()
        self._objects.append(f"/permissions/registered-models/{made['registered_model_databricks']['id']}")

    def _token(self) -> None:
        name = self._random.choice(NAMES)
        made = self._admin.post("/token-management/on-behalf-of/tokens", application_id=name)
        if made.status != 200:
            made = self._admin.post("/token/create")
        self._tokens.append(made.ok()["token_info"]["token_id"])

    def _revoke(self) -> None:
        if self._tokens:
            self._admin.delete(f"/token-management/tokens/{self._tokens.pop()}")

    def _command(self) -> None:
        self._count += 1
        name = f"by-command-{self._count}"
        command(self._registry.database, "users", "create", name, *self._random.choice([[], ["--admin"]]))
        command(self._registry.database, "tokens", "create", name)
        self._there["user"].append(user_id(self._admin, name))


@pytest.mark.parametrize("seed", [1, variant(2)])
def test_rights_can_be_computed_from_the_log_alone(admin: Api, fresh_registry: LiveRegistry, seed: int) -> None:
    log, steps = Log(fresh_registry.database), Steps(admin, fresh_registry, seed)
    kinds = set()
    for _ in range(STEPS):
        steps.take()
        kinds |= {kind for kind, _ in log.new()}
    assert kinds >= KINDS
