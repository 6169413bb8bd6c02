"""The API's description (OpenAPI 3.1), generated from the table of routes and the wire's models."""

import re
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from threading import Lock
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from pydantic_core import to_json

from tui_registry_server.http.events import EventStream
from tui_registry_server.http.openapi_tags import TAGS, tag_of
from tui_registry_server.http.responses import JSON
from tui_registry_server.http.route import NoFields, Route
from tui_registry_server.http.scim import SCIM_JSON
from tui_registry_server.wire.error import ScimError
from tui_registry_server.wire.fields import Nothing
from tui_registry_server.wire.permission_policy import Ability
from tui_registry_server.wire.scim import Group, ServicePrincipal, User
from tui_registry_server.wire.workspace_name import HEADER

_FORM = "application/x-www-form-urlencoded"
_REFERENCE = "#/components/schemas/{model}"

_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag that was read: if the resource has changed since, nothing is changed, and the status is "
    "412.",
    "schema": {"type": "string"},
}
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of a cached answer: if the resource has not changed since, the status is 304.",
    "schema": {"type": "string"},
}
_LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "The id of the last event that was read: the stream continues after it, and misses nothing.",
    "schema": {"type": "string"},
}


def openapi_route(routes: Iterable[Route]) -> Route:
    """``GET /openapi.json``, describing these routes."""
    described = tuple(routes)

    @cache
    def document() -> bytes:
        return to_json(describe(described))

    lock = Lock()

    def operation() -> bytes:
        with lock:  # generated once, even if the first requests are concurrent
            return document()

    return Route("GET", "/openapi.json", Ability.PUBLIC, operation, rooted=True, lengthy=True)


def describe(routes: Iterable[Route]) -> dict[str, Any]:
    """The document, as data."""
    routes = tuple(routes)
    described = {model for route in routes for model in (route.body, route.answer, route.error)}
    models: set[type[BaseModel]] = (described - {NoFields, Nothing}).union({ScimError})
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema([(model, "validation") for model in ordered], ref_template=_REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.paths[0], {})[route.method.lower()] = _operation(route, schemas["$defs"])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tui-registry",
            "version": version("tui-registry"),
            "description": "A model registry for MLflow's and Databricks' clients. `/ajax-api/2.0` is the same as "
            "`/api/2.0`; below either, `/preview/mlflow/` is the same as `/mlflow/`, for MLflow 1.x. Times are "
            f"milliseconds since the epoch; fields without a value are left out. The header `{HEADER}` of any call "
            "names the workspace whose models it is about; without it, that is the default one. To those who may not "
            "use a workspace, it does not exist: 404.",
        },
        "servers": [{"url": "/", "description": "The server of this description."}],
        "tags": [{"name": tag.name, "description": tag.description} for tag in TAGS],
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic", "description": "User `token`, password the token."},
            },
        },
        "security": [{"bearer": []}, {"basic": []}],
        "paths": paths,
    }


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    in_path = re.findall(r"\{(\w+)\}", route.path)
    described: dict[str, Any] = {
        "operationId": f"{route.method.lower()}{re.sub(r'[^0-9A-Za-z]+', '_', route.path)}".rstrip("_"),
        "tags": [tag_of(route).name],
        "summary": _first_line((route.operation or route.oauth or EventStream.open).__doc__),
        "description": f"Needs the ability to {route.ability}." if route.ability is not Ability.PUBLIC else "Public.",
        "parameters": [_parameter(name, "path", {"type": "string"}, required=True) for name in in_path],
        "responses": {
            str(route.status): {"description": "Done."} | _content(route),
            "4XX": _error(route),
            "5XX": _error(route),
        },
    }
    if route.ability is Ability.PUBLIC:
        described["security"] = []
    if _is_stream(route):
        described["parameters"].append(_LAST_EVENT_ID)
    if route.scim and "id" in in_path and issubclass(route.answer, User | Group | ServicePrincipal | Nothing):
        described["parameters"].append(_IF_NONE_MATCH if route.method == "GET" else _IF_MATCH)
        if route.method == "GET":
            described["responses"]["304"] = {"description": "Not modified."}
    if route.body is NoFields:
        return described
    if route.method in {"GET", "DELETE"}:
        described["parameters"] += [
            _parameter(name, "query", schema, required=name in schemas[route.body.__name__].get("required", ()))
            for name, schema in schemas[route.body.__name__]["properties"].items()
            if name not in in_path
        ]
    else:
        described["requestBody"] = {
            "required": bool(_required(schemas[route.body.__name__], in_path)),
            "content": {_FORM: {"schema": _body_schema(route.body, in_path, schemas)}}
            if route.form
            else _json(route, _body_schema(route.body, in_path, schemas)),
        }
    return described


def _content(route: Route) -> dict[str, Any]:
    """The content of a successful response, if it has any."""
    if route.status == 204:
        return {}
    if _is_stream(route):
        return {"content": {"text/event-stream": {"schema": {"type": "string"}}}}
    if route.media_type != JSON:
        return {"content": {route.media_type: {"schema": {"type": "string"}}}}
    return {"content": _json(route, _schema_of(route.answer))}


def _is_stream(route: Route) -> bool:
    return route.operation is None and route.oauth is None


def _error(route: Route) -> dict[str, Any]:
    return {
        "description": "The request was not served; the message says what to do.",
        "content": _json(route, _schema_of(ScimError if route.scim else route.error)),
    }


def _json(route: Route, schema: dict[str, Any]) -> dict[str, Any]:
    """By media type: SCIM has one of its own."""
    return {media_type: {"schema": schema} for media_type in ((JSON, SCIM_JSON) if route.scim else (JSON,))}


def _parameter(name: str, place: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": schema}


def _schema_of(model: type[BaseModel]) -> dict[str, Any]:
    return {"type": "object"} if model is Nothing else {"$ref": _REFERENCE.format(model=model.__name__)}


def _body_schema(body: type[BaseModel], in_path: list[str], schemas: dict[str, Any]) -> dict[str, Any]:
    """The fields that are not already in the path."""
    if not in_path:
        return _schema_of(body)
    schema = schemas[body.__name__]
    return {
        "type": "object",
        "properties": {name: each for name, each in schema["properties"].items() if name not in in_path},
        "required": _required(schema, in_path),
    }


def _required(schema: dict[str, Any], in_path: list[str]) -> list[str]:
    return [name for name in schema.get("required", ()) if name not in in_path]


def _first_line(docstring: str | None) -> str:
    return (docstring or "").strip().partition("\n")[0]
