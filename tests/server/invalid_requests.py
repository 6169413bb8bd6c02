"""Requests that would succeed, on every route, to be spoiled; and how a spoiled one is answered."""

from pydantic.fields import FieldInfo

from tests.server.api import Answer
from tests.server.callers import ADMIN, Callers
from tests.server.permission_cases import CASES, PermissionAttempt
from tui_registry_server.http.route import Route
from tui_registry_server.http.routes import ROUTES
from tui_registry_server.wire.ability import Ability

LONGEST_MESSAGE = 2000  # characters: what a client sent is not sent back whole

VALID_REQUESTS = {(case.method, case.route): case for case in CASES if case.about in ("", "None -> Staging")}
"""For every route a request that would succeed, ready to be spoiled."""

GUARDED = [route for route in ROUTES if route.ability is not Ability.PUBLIC]
OF_MODELS = [route for route in GUARDED if "/scim/" not in route.path and "/token" not in route.path]
WITH_BODY = [route for route in OF_MODELS if route.operation is not None]
"""The others, of users, groups and tokens, are spoiled by test_administration.py."""


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


def in_body(route: Route) -> dict[str, FieldInfo]:
    """The fields of a route's body by their names on the wire, but for those in its path."""
    return {
        field.alias or name: field for name, field in route.body.model_fields.items() if f"{{{name}}}" not in route.path
    }


def valid_request(route: Route, callers: Callers) -> PermissionAttempt:
    """A request that would succeed."""
    return VALID_REQUESTS[route.method, route.path].prepare(callers, ADMIN)


def assert_refused(answer: Answer) -> str:
    assert 400 <= answer.status < 500, f"{answer.asked}: {answer.status} {answer.content[:300]!r}"
    message: str = answer.json["message"]
    assert 15 <= len(message) <= LONGEST_MESSAGE, f"{answer.asked}: {message[:300]}"
    return message
