"""The API's description is valid and complete. That answers match it is checked in tests.server.api."""

import re
from typing import Any
from urllib.parse import urljoin

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.server.api import Api
from tests.server.callers import Callers
from tests.server.invalid_requests import in_body, name_of
from tui_registry_server.http.route import Route
from tui_registry_server.http.routes import ROUTES
from tui_registry_server.wire.permission_policy import Ability


@pytest.fixture(scope="module")
def document(callers: Callers) -> dict[str, Any]:
    """Without a token."""
    with Api(callers.registry.url, None) as nobody:
        answer: dict[str, Any] = nobody.get("/openapi.json").ok()
    return answer


def test_it_is_valid(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"] == "3.1.0"


def test_it_has_the_routes_and_no_others(document: dict[str, Any]) -> None:
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(route.method, path_of(route)) for route in ROUTES}


def path_of(route: Route) -> str:
    return route.path if route.rooted else f"/api/2.0{route.path}"


def test_every_operation_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(set(names)) == len(names)


def test_names_of_operations_stay(document: dict[str, Any]) -> None:
    """They are the method names of generated clients."""
    paths = document["paths"]
    assert paths["/health"]["get"]["operationId"] == "get_health"
    assert paths["/.well-known/databricks-config"]["get"]["operationId"] == "get_well_known_databricks_config"
    assert paths["/api/2.0/mlflow/model-versions/get"]["get"]["operationId"] == "get_mlflow_model_versions_get"
    permissions = paths["/api/2.0/permissions/registered-models/{object_id}"]
    assert permissions["patch"]["operationId"] == "patch_permissions_registered_models_object_id"


def test_it_says_where_the_server_is(document: dict[str, Any], callers: Callers) -> None:
    """At any address, also below a proxy's path: server URLs are relative to the description's."""
    assert [server["url"] for server in document["servers"]] == ["/"]
    described = urljoin(f"{callers.registry.url}/openapi.json", document["servers"][0]["url"])
    assert described.rstrip("/") == callers.registry.url
    assert "/preview/mlflow/" in document["info"]["description"]


def test_every_operation_is_in_one_chapter(document: dict[str, Any]) -> None:
    chapters = [tag["name"] for tag in document["tags"]]
    assert chapters == [
        "Registered models",
        "Model versions",
        "Transition requests",
        "Comments",
        "Activities",
        "Overview",
        "Webhooks",
        "Permissions",
        "Workspaces",
        "People",
        "Offboarding",
        "Imports",
        "Tokens",
        "Server",
    ]
    assert all(tag["description"].endswith(".") for tag in document["tags"])
    used = [operation["tags"] for methods in document["paths"].values() for operation in methods.values()]
    assert all(len(tags) == 1 for tags in used)
    assert {tags[0] for tags in used} == set(chapters)
    paths = document["paths"]
    assert paths["/api/2.0/permissions/registered-models/{object_id}"]["get"]["tags"] == ["Permissions"]
    assert paths["/api/2.0/permissions/authorization/tokens"]["get"]["tags"] == ["Tokens"]
    assert paths["/api/2.0/mlflow/events"]["get"]["tags"] == ["Activities"]


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_an_operation_says_what_it_takes_and_answers(route: Route, document: dict[str, Any]) -> None:
    operation = document["paths"][path_of(route)][route.method.lower()]
    assert operation["summary"].strip()
    parameters = {each["name"]: each for each in operation["parameters"] if each["in"] != "header"}
    in_path = set(re.findall(r"\{(\w+)\}", route.path))
    assert {name for name, each in parameters.items() if each["in"] == "path"} == in_path
    fields = in_body(route)
    if route.method in ("GET", "DELETE"):
        assert set(parameters) - in_path == set(fields)
        required = {name for name, each in parameters.items() if each["required"]} - in_path
    else:
        schema = operation.get("requestBody", {"content": {"application/json": {"schema": {}}}})
        media_type = "application/x-www-form-urlencoded" if route.form else "application/json"
        schema = resolved(schema["content"][media_type]["schema"], document)
        assert set(schema.get("properties", {})) == set(fields)
        required = set(schema.get("required", []))
    assert required == {name for name, field in fields.items() if field.is_required()}
    assert (operation.get("security") == []) == (route.ability is Ability.PUBLIC)
    assert str(route.status) in operation["responses"]
    assert "4XX" in operation["responses"]


def test_the_event_stream_is_no_json(document: dict[str, Any]) -> None:
    operation = document["paths"]["/api/2.0/mlflow/events"]["get"]
    assert list(operation["responses"]["200"]["content"]) == ["text/event-stream"]
    assert [(each["name"], each["in"]) for each in operation["parameters"]] == [("Last-Event-ID", "header")]


def resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """A schema, or the one that it refers to."""
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def test_a_body_is_required_where_one_of_its_fields_is(document: dict[str, Any]) -> None:
    paths = document["paths"]
    assert paths["/api/2.0/mlflow/registered-models/create"]["post"]["requestBody"]["required"]
    assert not paths["/api/2.0/token/create"]["post"]["requestBody"]["required"]
