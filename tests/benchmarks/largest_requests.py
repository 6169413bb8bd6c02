"""The largest requests for each route: for every field the longest, the deepest and the most invalid value that fits,
generated from the table of routes and the wire's models, so that new routes are covered automatically."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from tui_registry_server.http.route import Route
from tui_registry_server.http.routes import ROUTES

BODY = 4 * 1024 * 1024 - 1024  # bytes of a value: the largest body, minus the rest of it
TARGET = 60_000  # bytes of a query: the longest target, minus a path
VICTIM = "risk-churn-eu-000000"
KNOWN: Mapping[str, Any] = {
    "name": VICTIM,
    "new_name": VICTIM,
    "version": "1",
    "stage": "Staging",
    "source": "s3://bucket/model",
    "object_id": "root",
    "permission_level": "CAN_READ",
    "user_name": "reader@example.com",
    "op": "add",
    "path": "displayName",
}


class Request(NamedTuple):
    route: str
    case: str
    method: str
    target: str
    body: bytes | None


def largest_requests() -> Iterator[Request]:
    """Those of every route but the event stream's, whose answer does not end."""
    for route in ROUTES:
        if route.operation is not None:
            yield from requests_of(route)


def requests_of(route: Route) -> Iterator[Request]:
    schema = route.body.model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})
    fields: dict[str, Any] = schema.get("properties", {})
    valid = {name: example(fields[name], definitions, name) for name in schema.get("required", ())}
    path = route.path if route.rooted else f"/api/2.0{route.path}"
    for name in fields:
        path = path.replace(f"{{{name}}}", str(KNOWN.get(name, "0" * 16)))
    label = f"{route.method} {route.path}"
    if route.method == "DELETE":
        valid["name"] = "not-there"  # so that nothing is deleted that later requests need
    bodies = {
        f"{name}: {case}": _body(valid, name, value)
        for name in fields
        for case, value in _values(fields[name], definitions, name)
    }
    for case, body in (bodies | dict(_whole(valid))).items():
        yield Request(label, case, route.method, path, body)
    given = {name: str(value) for name, value in valid.items() if isinstance(value, str | int)}
    for case, query in _queries(fields):
        yield Request(label, case, route.method, f"{path}?{urlencode(given)}&{query}", None)


def example(schema: Mapping[str, Any], definitions: Mapping[str, Any], name: str = "") -> Any:
    """A small valid value of a schema."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        return example(schema["anyOf"][0], definitions, name)
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        made = {each: example(properties[each], definitions, each) for each in schema.get("required", ())}
        return made | ({"user_name": KNOWN["user_name"]} if "user_name" in properties else {})
    if schema.get("type") == "array":
        return []
    if schema.get("type") == "boolean":
        return False
    if schema.get("type") == "integer":
        return schema.get("minimum", 1)
    return KNOWN.get(name) or schema.get("enum", schema.get("examples", ["1"]))[0]


def _values(schema: Mapping[str, Any], definitions: Mapping[str, Any], name: str) -> Iterator[tuple[str, bytes]]:
    yield "numbers", _filled(b"1")
    yield "long text", b'"%s"' % (b"a" * BODY)
    yield "long text of escapes", b'"%s"' % (rb"\u00e9" * (BODY // 6))
    yield "long number", b"1" * BODY
    array = next((each for each in (schema, *schema.get("anyOf", ())) if each.get("type") == "array"), None)
    if array is not None:
        yield "empty lists", _filled(b"[]")
        yield "empty objects", _filled(b"{}")
        yield "deep lists", b"[" * 190 + _filled(b"0", BODY - 400) + b"]" * 190
        element = example(array["items"], definitions, name)
        yield "right elements", _filled(json.dumps(element).encode())
        if isinstance(element, dict):
            wrong = [dict.fromkeys(element), element | {"value": [1] * 10}, {"value": {}}]
            for each in wrong:
                yield f"wrong elements, {len(json.dumps(each))} bytes", _filled(json.dumps(each).encode())


def _whole(valid: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    start = json.dumps(valid).encode()[:-1] + (b"," if valid else b"")
    unknown = b",".join(b'"%x":0' % number for number in range(BODY // 10))
    yield "unknown fields", start + unknown + b"}"
    yield "an unknown field again and again", start + b'"x":0,' * (BODY // 6) + b'"x":0}'
    yield "an unknown field's lists", start + b'"x":' + _filled(b"[]") + b"}"
    yield "an unknown field's large numbers", start + b'"x":' + _filled(b"1" * 4300) + b"}"
    yield "an unknown field's texts", start + b'"x":' + _filled(b'"%s"' % (b'\\"' * 10)) + b"}"
    yield "blanks", start + b" " * BODY + b"}" if not valid else start[:-1] + b" " * BODY + b"}"
    yield "no JSON", b"x" * BODY


def _queries(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in fields:
        field = quote(name)
        yield f"query {name}: long", f"{field}={'a' * TARGET}"
        yield f"query {name}: encoded", f"{field}={'%41' * (TARGET // 3)}"
        yield f"query {name}: repeated", f"{field}=1&" * (TARGET // (len(field) + 3))
    yield "query of unknown fields", "a=1&" * (TARGET // 4)
    yield "query of nothing", "&" * TARGET


def _filled(element: bytes, size: int = BODY) -> bytes:
    return b"[" + (element + b",") * (size // (len(element) + 1)) + element + b"]"


def _body(valid: Mapping[str, Any], name: str, value: bytes) -> bytes:
    """The valid fields, with this one replaced."""
    others = {each: known for each, known in valid.items() if each != name}
    return json.dumps(others).encode()[:-1] + (b"," if others else b"") + b'"%s":%s}' % (name.encode(), value)
