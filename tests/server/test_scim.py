"""SCIM's protocol over HTTP (RFC 7644): errors, media types, addresses, versions, searches by POST."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.live_registry import LiveRegistry
from tests.server.api import Answer, Api
from tests.server.directory import (
    GROUPS,
    SCIM,
    SERVICE_PRINCIPALS,
    USERS,
    create_group,
    create_service_principal,
    create_user,
    listed,
    new_name,
    patched,
)

SCIM_JSON = "application/scim+json"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def test_errors_are_scims_and_the_registrys(admin: Api, anyone: Api, registry: LiveRegistry) -> None:
    """In one body, so that clients need to know only one of them (RFC 7644, 3.12)."""
    user = create_user(admin)
    path = f"{USERS}/{user['id']}"
    with Api(registry.url, None) as nobody:
        refusals = [
            (admin.post(USERS, userName=user["userName"]), 409, "uniqueness", "RESOURCE_ALREADY_EXISTS"),
            (admin.post(USERS, displayName="A"), 400, "invalidValue", "INVALID_PARAMETER_VALUE"),
            (admin.send("POST", USERS, b"{"), 400, "invalidSyntax", "BAD_REQUEST"),
            (admin.send("POST", USERS, b"[]"), 400, "invalidSyntax", "BAD_REQUEST"),
            (admin.get(USERS, filter="userName"), 400, "invalidFilter", "INVALID_PARAMETER_VALUE"),
            (admin.get(USERS, filter=" or ".join(["id pr"] * 101)), 400, "tooMany", "INVALID_PARAMETER_VALUE"),
            (admin.get(USERS, count="many"), 400, "invalidValue", "INVALID_PARAMETER_VALUE"),
            (patched(admin, path, {"op": "add", "path": "a..b"}), 400, "invalidPath", "INVALID_PARAMETER_VALUE"),
            (patched(admin, path, {"op": "add", "path": "id"}), 400, "mutability", "INVALID_PARAMETER_VALUE"),
            (patched(admin, path, {"op": "remove"}), 400, "noTarget", "INVALID_PARAMETER_VALUE"),
            (admin.patch(path, Operations=[]), 400, "invalidSyntax", "BAD_REQUEST"),
            (admin.patch(path, operation={"op": "add"}), 400, "invalidSyntax", "BAD_REQUEST"),
            (admin.get(f"{USERS}/7"), 404, None, "RESOURCE_DOES_NOT_EXIST"),
            (admin.get(f"{SCIM}/Nothing"), 404, None, "ENDPOINT_NOT_FOUND"),
            (admin.get(SCIM), 404, None, "ENDPOINT_NOT_FOUND"),
            (admin.put(USERS), 405, None, "METHOD_NOT_ALLOWED"),
            (admin.post(f"{SCIM}/.search"), 501, None, "NOT_IMPLEMENTED"),
            (anyone.post(USERS, userName="a"), 403, None, "PERMISSION_DENIED"),
            (nobody.get(USERS), 401, None, "UNAUTHENTICATED"),
        ]
    for answer, status, kind, code in refusals:
        assert answer.status == status, answer
        assert answer.json == {
            "schemas": [ERROR],
            "status": str(status),
            "detail": answer.json["message"],
            **({"scimType": kind} if kind else {}),
            "error_code": code,
            "message": answer.json["message"],
        }
    assert nobody_is_told_how(refusals[-1][0])


def nobody_is_told_how(answer: Answer) -> bool:
    return answer.headers["www-authenticate"].startswith("Bearer")


def test_the_last_admin_and_fixed_groups_are_told_of_as_scim_does(fresh_registry: LiveRegistry) -> None:
    with Api(fresh_registry.url, fresh_registry.admin_token) as api:
        me = api.get(f"{SCIM}/Me").ok()["id"]
        answer = patched(api, f"{USERS}/{me}", {"op": "replace", "path": "active", "value": "False"})
        assert answer.refused(400, "INVALID_STATE")
        assert answer.json["scimType"] == "mutability"
        patched(api, f"{USERS}/{me}", {"op": "replace", "path": "userName", "value": "root"}).ok()
        assert api.get(f"{SCIM}/Me").ok()["userName"] == "root"  # still an administrator, by the same token
        api.post(USERS, userName="admin").ok()


def test_versions_of_scim_that_are_not_spoken(registry: LiveRegistry) -> None:
    with Api(registry.url, registry.admin_token) as api:
        for version in ("v1", "v3", "v2.1"):
            answer = api.get(f"/preview/scim/{version}/Users")
            assert (answer.status, answer.json["scimType"]) == (400, "invalidVers")
        assert "scimType" not in api.get("/preview/scim/vx/Users").json


def test_other_errors_are_as_they_were(admin: Api) -> None:
    assert set(admin.get("/mlflow/registered-models/get", name="none").json) == {"error_code", "message"}
    assert admin.post("/mlflow/registered-models/create", name=(name := new_name("model"))).ok()
    assert admin.post("/mlflow/registered-models/create", name=name).refused(400, "RESOURCE_ALREADY_EXISTS")


# --- media types -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        (SCIM_JSON, SCIM_JSON),
        ("Application/SCIM+JSON; charset=utf-8", SCIM_JSON),
        ("application/json;q=0.5, application/scim+json", SCIM_JSON),
    ],
)
def test_the_media_type_is_what_is_asked_for(accept: str | None, answered: str, admin: Api) -> None:
    headers = {"Content-Type": SCIM_JSON} | ({} if accept is None else {"Accept": accept})
    body = json.dumps({"userName": new_name("user")}).encode()
    made = admin.send("POST", USERS, body, headers)
    assert (made.status, made.headers["content-type"]) == (201, answered)
    for answer in (
        admin.send("GET", USERS, None, headers),
        admin.send("GET", f"{SCIM}/Schemas", None, headers),
        admin.send("POST", USERS, body, headers),
        admin.send("GET", f"{SCIM}/Nothing", None, headers),
    ):
        assert answer.headers["content-type"] == answered


# --- addresses, times and versions -------------------------------------------------------------------------------


def test_a_resource_says_where_it_is_and_when_it_changed(admin: Api) -> None:
    earliest = datetime.now(UTC) - timedelta(milliseconds=1)
    for path, kind, fields in (
        (USERS, "User", {"userName": new_name("user")}),
        (GROUPS, "Group", {"displayName": new_name("group")}),
        (SERVICE_PRINCIPALS, "ServicePrincipal", {}),
    ):
        made = admin.post(path, **fields)
        meta = made.ok()["meta"]
        assert set(meta) == {"resourceType", "created", "lastModified", "location", "version"}
        assert meta["resourceType"] == kind
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", meta["created"])
        assert earliest <= datetime.fromisoformat(meta["created"]) <= datetime.now(UTC)
        assert meta["lastModified"] == meta["created"]
        assert meta["location"] == f"{admin.url}/api/2.0{path}/{made.json['id']}"
        assert (made.headers["location"], made.headers["etag"]) == (meta["location"], meta["version"])
        own = meta["location"].removeprefix(admin.url)
        got = admin.get(own)
        assert got.ok() == made.json
        assert (got.headers["location"], got.headers["etag"]) == (meta["location"], meta["version"])
        changed = patched(admin, own, {"op": "replace", "path": "externalId", "value": "e"})
        assert changed.ok()["meta"]["created"] == meta["created"]
        assert changed.json["meta"]["lastModified"] > meta["lastModified"]
        assert changed.headers["etag"] == changed.json["meta"]["version"] != meta["version"]
        again = patched(admin, own, {"op": "replace", "path": "externalId", "value": "e"})
        assert again.ok() == changed.json  # nothing changed
        (found,) = admin.get(path, filter=f'id eq "{made.json["id"]}"').ok()["Resources"]
        assert found["meta"] == changed.json["meta"]


def test_me_is_where_everybody_finds_me(admin: Api, registry: LiveRegistry) -> None:
    me = admin.get(f"{SCIM}/Me")
    assert me.ok()["meta"]["location"].endswith(f"/Users/{me.json['id']}")
    application_id = create_service_principal(admin)["applicationId"]
    made = admin.post("/token-management/on-behalf-of/tokens", application_id=application_id).ok()
    with Api(registry.url, made["token_value"]) as program:
        meta = program.get(f"{SCIM}/Me").ok()["meta"]
    assert "/ServicePrincipals/" in meta["location"]
    assert meta["resourceType"] == "ServicePrincipal"


@pytest.mark.parametrize("host", ["registry.example.com", "registry.example.com:8443", 'a"b', "a/b", ""])
def test_addresses_have_the_name_that_the_client_knows(host: str, admin: Api) -> None:
    answer = admin.send("GET", f"{SCIM}/Me", None, {"Host": host})
    name = f"http://{host}" if re.fullmatch(r"[\w.:]+", host) else ""
    if answer.status != 400:  # some are invalid before the precondition is checked
        assert answer.ok()["meta"]["location"].startswith(f"{name}/api/2.0{SCIM}/Users/")


def test_whoever_knows_a_version_is_not_sent_it_again(admin: Api) -> None:
    path = f"{USERS}/{create_user(admin)['id']}"
    version = admin.get(path).headers["etag"]
    assert version.startswith('W/"')
    for known in (version, f'W/"0", {version}', "*"):
        answer = admin.send("GET", path, None, {"If-None-Match": known})
        assert (answer.status, answer.content, answer.headers["etag"]) == (304, b"", version)
    assert admin.send("GET", path, None, {"If-None-Match": 'W/"0"'}).status == 200
    patched(admin, path, {"op": "replace", "path": "displayName", "value": "B"}).ok()
    assert admin.send("GET", path, None, {"If-None-Match": version}).ok()["displayName"] == "B"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", [USERS, GROUPS, SERVICE_PRINCIPALS])
def test_only_the_version_that_was_read_is_changed(method: str, path: str, admin: Api) -> None:
    named = {USERS: "userName", GROUPS: "displayName", SERVICE_PRINCIPALS: "applicationId"}[path]
    made = admin.post(path, **{named: new_name("versioned")}).ok()
    own, version = f"{path}/{made['id']}", made["meta"]["version"]
    patched(admin, own, {"op": "replace", "path": "externalId", "value": "e"}).ok()
    operations = [{"op": "replace", "path": "externalId", "value": "f"}]
    body = None if method == "DELETE" else json.dumps({"Operations": operations, "externalId": "f"}).encode()
    answer = admin.send(method, own, body, {"If-Match": version})
    assert "has changed since you read it" in answer.refused(412, "RESOURCE_CONFLICT")
    current = admin.get(own)
    assert current.ok()["externalId"] == "e"
    answer = admin.send(method, own, body, {"If-Match": f'W/"0", {current.headers["etag"]}'})
    assert answer.status == (204 if method == "DELETE" else 200)
    assert admin.send(method, f"{path}/7", body, {"If-Match": "*"}).status == 404


def test_a_version_moves_with_all_that_is_shown(admin: Api) -> None:
    """Groups include their members, and members their groups, also indirect ones."""
    user = create_user(admin, displayName="A")
    inner = create_group(admin, member_ids=[user["id"]])
    outer = create_group(admin)
    other = create_user(admin)
    paths = {
        "user": f"{USERS}/{user['id']}",
        "inner": f"{GROUPS}/{inner['id']}",
        "outer": f"{GROUPS}/{outer['id']}",
        "other": f"{USERS}/{other['id']}",
    }

    def seen() -> dict[str, tuple[str, dict[str, Any]]]:
        answers = {name: admin.get(path) for name, path in paths.items()}
        return {name: (answer.headers["etag"], answer.ok()) for name, answer in answers.items() if answer.status == 200}

    def moved(*operation: Any) -> set[str]:
        before = seen()
        method, path, fields = operation
        assert admin.call(method, path, fields).status in (200, 204)
        after = seen()
        changed = {name for name, (version, _) in after.items() if version != before[name][0]}
        for name, (_, document) in after.items():
            without = [{key: each for key, each in one.items() if key != "meta"} for one in (document, before[name][1])]
            assert name in changed or without[0] == without[1], f"{name} changed, but not its version"
        return changed

    def operation(op: str, path: str, value: Any) -> dict[str, Any]:
        return {"Operations": [{"op": op, "path": path, "value": value}]}

    join = operation("add", "members", [{"value": inner["id"]}])
    assert moved("PATCH", paths["outer"], join) == {"outer", "inner", "user"}
    assert moved("PATCH", paths["outer"], join) == set()
    assert moved("PATCH", paths["outer"], operation("replace", "displayName", new_name("o"))) == {
        "outer",
        "inner",
        "user",
    }
    assert moved("PATCH", paths["user"], operation("replace", "displayName", "B")) == {"user", "inner"}
    assert moved("PATCH", paths["inner"], operation("add", "members", [{"value": other["id"]}])) == {"inner", "other"}
    assert moved("PATCH", paths["inner"], operation("remove", "members", [{"value": other["id"]}])) == {
        "inner",
        "other",
    }
    assert moved("DELETE", paths["outer"], {}) == {"inner", "user"}
    assert moved("DELETE", paths["user"], {}) == {"inner"}


# --- lists and searches ------------------------------------------------------------------------------------------


def test_lists_by_when_something_changed(admin: Api) -> None:
    first, second = create_user(admin), create_user(admin)
    patched(admin, f"{USERS}/{first['id']}", {"op": "replace", "path": "displayName", "value": "A"}).ok()
    since = second["meta"]["lastModified"]
    newer = listed(admin, USERS, "id", filter=f'meta.lastModified gt "{since}" and id pr')
    assert first["id"] in newer
    assert second["id"] not in newer
    assert second["id"] in listed(admin, USERS, "id", filter=f'meta.lastModified eq "{since}"')
    both = f'id eq "{first["id"]}" or id eq "{second["id"]}"'
    assert listed(admin, USERS, "id", filter=both, sortBy="meta.lastModified") == [second["id"], first["id"]]
    assert listed(admin, USERS, "id", filter=both, sortBy="meta.created", sortOrder="descending") == [
        second["id"],
        first["id"],
    ]


@pytest.mark.parametrize(
    ("start", "count", "expected"), [(1, 0, (1, 0)), (1, -1, (1, 0)), (0, 1, (1, 1)), (-5, 1, (1, 1)), (2, 5, (2, 0))]
)
def test_pages_at_their_ends(start: int, count: int, expected: tuple[int, int], admin: Api) -> None:
    """RFC 7644, 3.4.2.4: smaller values are taken as 1, or as 0."""
    user = create_user(admin)
    page = admin.get(USERS, filter=f'id eq "{user["id"]}"', startIndex=start, count=count).ok()
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (1, *expected)
    assert len(page["Resources"]) == expected[1]


def test_searches_by_post(admin: Api, anyone: Api) -> None:
    user = create_user(admin, displayName="A", emails=["a@x"])
    group = create_group(admin, member_ids=[user["id"]])
    program = create_service_principal(admin)
    for path, resource in ((USERS, user), (GROUPS, group), (SERVICE_PRINCIPALS, program)):
        text = f'id eq "{resource["id"]}"'
        meta = admin.get(f"{path}/{resource['id']}").ok()["meta"]
        page = admin.post(f"{path}/.search", filter=text, attributes=["meta"], startIndex=1, count=10)
        assert (page.status, page.json["totalResults"]) == (200, 1)
        assert page.json["Resources"] == [{"schemas": resource["schemas"], "id": resource["id"], "meta": meta}]
        bare = admin.post(f"{path}/.search", FILTER=text, excludedAttributes=["meta", "groups"]).ok()["Resources"][0]
        assert not {"meta", "groups"} & set(bare)
    assert "emails" not in anyone.post(f"{USERS}/.search", filter=f'id eq "{user["id"]}"').ok()["Resources"][0]
    assert admin.post(f"{USERS}/.search", attributes=["a"] * 101).invalid()
    assert admin.post(f"{USERS}/.search", filter='emails[type eq "work"').json["scimType"] == "invalidFilter"
