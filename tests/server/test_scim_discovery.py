"""What the server says about its SCIM: what it can do, its kinds of resources, and their schemas."""

from typing import Any

import pytest

from tests.server.api import Api
from tests.server.directory import (
    GROUPS,
    SCIM,
    SERVICE_PRINCIPALS,
    USERS,
    create_group,
    create_service_principal,
    new_name,
)

SCIM_JSON = "application/scim+json"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def test_what_it_can_do(anyone: Api) -> None:
    config = anyone.get(f"{SCIM}/ServiceProviderConfig").ok()
    supported = {
        name: each["supported"] for name, each in config.items() if isinstance(each, dict) and "supported" in each
    }
    assert supported == {
        "patch": True,
        "bulk": False,
        "filter": True,
        "changePassword": False,
        "sort": True,
        "etag": True,
    }
    assert [each["type"] for each in config["authenticationSchemes"]] == ["oauthbearertoken", "httpbasic"]
    assert config["meta"]["location"] == f"{anyone.url}/api/2.0{SCIM}/ServiceProviderConfig"


def test_kinds_of_resource(anyone: Api, admin: Api) -> None:
    kinds = anyone.get(f"{SCIM}/ResourceTypes").ok()
    assert (kinds["totalResults"], kinds["itemsPerPage"], kinds["startIndex"]) == (3, 3, 1)
    endpoints = {each["id"]: each["endpoint"] for each in kinds["Resources"]}
    assert endpoints == {"User": "/Users", "Group": "/Groups", "ServicePrincipal": "/ServicePrincipals"}
    for each in kinds["Resources"]:
        assert anyone.get(f"{SCIM}/ResourceTypes/{each['id']}").ok() == each
        assert anyone.get(f"{SCIM}/Schemas/{each['schema']}").ok()["name"] == each["id"]
        assert admin.get(f"{SCIM}{each['endpoint']}", count=1).ok()["schemas"]
    assert "Use one of User" in anyone.get(f"{SCIM}/ResourceTypes/Thing").missing()


def test_schemas_describe_what_is_answered(admin: Api) -> None:
    schemas = {each["name"]: each for each in admin.get(f"{SCIM}/Schemas").ok()["Resources"]}
    assert set(schemas) == {"User", "Group", "ServicePrincipal", "ServiceProviderConfig", "ResourceType", "Schema"}
    assert "Use one of urn:" in admin.get(f"{SCIM}/Schemas/urn:a").missing()
    user = admin.post(
        USERS,
        userName=new_name("user"),
        displayName="A",
        externalId="e",
        name={"givenName": "A", "familyName": "B"},
        emails=[{"value": "a@x", "type": "work", "primary": True, "display": "A"}],
        roles=["r"],
        entitlements=["e"],
    ).ok()
    group = create_group(admin, member_ids=[user["id"]], externalId="e", roles=["r"], entitlements=["e"])
    program = create_service_principal(admin, displayName="A", roles=["r"], entitlements=["e"], externalId="e")
    outer = create_group(admin, member_ids=[group["id"], program["id"]])
    for name, path in (
        ("User", f"{USERS}/{user['id']}"),
        ("Group", f"{GROUPS}/{group['id']}"),
        ("ServicePrincipal", f"{SERVICE_PRINCIPALS}/{program['id']}"),
    ):
        resource = admin.get(path).ok()
        assert_described(resource, schemas[name]["attributes"], left_out={"schemas", "id", "externalId", "meta"})
        assert outer["id"] in {each["value"] for each in resource["groups"]}
    by_name = {each["name"]: each for each in schemas["User"]["attributes"]}
    assert (by_name["userName"]["required"], by_name["userName"]["uniqueness"]) == (True, "server")
    assert by_name["groups"]["mutability"] == "readOnly"
    assert {each["mutability"] for each in by_name["groups"]["subAttributes"]} == {"readOnly"}
    assert by_name["active"]["type"] == "boolean"
    assert by_name["emails"]["multiValued"]
    for schema in schemas.values():
        assert admin.get(f"{SCIM}/Schemas/{schema['id'].upper()}").ok() == schema


def assert_described(document: dict[str, Any], attributes: list[dict[str, Any]], left_out: set[str]) -> None:
    """Everything is described; and everything that is described exists, but what is never returned."""
    described = {each["name"]: each for each in attributes if each["returned"] != "never"}
    assert set(document) - left_out == set(described)
    for name, attribute in described.items():
        values = document[name] if attribute["multiValued"] else [document[name]]
        for value in values:
            if attribute["type"] == "complex":
                parts = attribute["subAttributes"]
                assert set(value) <= {each["name"] for each in parts if each["returned"] != "never"}
            else:
                assert isinstance(value, {"string": str, "boolean": bool}[attribute["type"]])


def test_every_attribute_of_the_core_user_can_be_sent(admin: Api) -> None:
    """Some clients cannot build a user with attributes that the schemas do not describe. What is not kept is described
    as never returned."""
    schemas = {each["name"]: each["attributes"] for each in admin.get(f"{SCIM}/Schemas").ok()["Resources"]}
    described = {each["name"]: each for each in schemas["User"]}
    core = (
        "userName displayName name nickName profileUrl title userType preferredLanguage locale timezone active password"
    )
    core += " emails phoneNumbers ims photos addresses groups entitlements roles x509Certificates"
    assert set(described) == set(core.split())
    parts_of_name = {each["name"] for each in described["name"]["subAttributes"]}
    honorific = {"honorificPrefix", "honorificSuffix"}
    assert parts_of_name == {"formatted", "familyName", "givenName", "middleName"} | honorific

    ignored = {name: example(each) for name, each in described.items() if each["returned"] == "never"}
    full_name = example(described["name"])
    user = admin.post(USERS, userName=new_name("user"), name=full_name, **ignored).ok()
    assert user["name"] == {"givenName": "x", "familyName": "x"}
    path = f"{USERS}/{user['id']}"
    replaced = admin.put(path, userName=user["userName"], name=full_name, **ignored).ok()
    operations = [{"op": "add", "path": name, "value": value} for name, value in ignored.items()]
    patched = admin.patch(path, Operations=[*operations, {"op": "remove", "path": "name.formatted"}]).ok()
    for each in (user, replaced, patched, admin.get(path).ok()):
        assert not set(ignored) & set(each)
        assert each["name"] == {"givenName": "x", "familyName": "x"}

    member = {"value": user["id"], "type": "User", "$ref": user["meta"]["location"]}
    group = admin.post(GROUPS, displayName=new_name("group"), members=[member]).ok()
    assert set(group["members"][0]) == {"value", "display", "$ref"}
    (members,) = (each for each in schemas["Group"] if each["name"] == "members")
    assert {each["name"] for each in members["subAttributes"]} == {"value", "display", "$ref", "type"}


def example(attribute: dict[str, Any]) -> Any:
    """A value of an attribute, as its schema describes it."""
    kind = attribute["type"]
    value = {"string": "x", "reference": "https://x.example.com", "binary": "eA==", "boolean": True}.get(kind)
    if kind == "complex":
        value = {each["name"]: example(each) for each in attribute["subAttributes"]}
    return [value] if attribute["multiValued"] else value


@pytest.mark.parametrize("path", ["ServiceProviderConfig", "ResourceTypes", "Schemas"])
def test_discovery_is_only_read(path: str, admin: Api) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = admin.send(method, f"{SCIM}/{path}", b"{}")
        assert answer.refused(405, "METHOD_NOT_ALLOWED")
        assert answer.headers["allow"] == "GET"
