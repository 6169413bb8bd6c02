"""Valid requests for every route, to be made invalid; and checks of the answers."""

from pydantic.fields import FieldInfo

from tests.server.api import Answer
from tests.server.callers import ADMIN, Callers
from tests.server.permission_case import PermissionAttempt
from tests.server.permission_cases import CASES
from tests.server.webhook_cases import MLFLOW_CASES
from tui_registry_server.http.route import Route
from tui_registry_server.http.routes import ROUTES
from tui_registry_server.wire.permission_policy import Ability

LONGEST_MESSAGE = 2000  # characters: a message must not repeat the whole request

VALID_REQUESTS = {
    (case.method, case.route): case for case in (*CASES, *MLFLOW_CASES) if case.about in ("", "None -> Staging")
}
"""A valid request for every route of models and webhooks."""

GUARDED = [route for route in ROUTES if route.ability is not Ability.PUBLIC]
ELSEWHERE = (
    "/scim/",
    "/token",
    "/principals/",
    "/accounts/",
    "/federation-rules",
    "/imports/",
    "/metrics",
    "/workspaces",
)
OF_MODELS = [route for route in GUARDED if not any(part in route.path for part in ELSEWHERE)]
WITH_BODY = [route for route in OF_MODELS if route.operation is not None]
"""Those of users, groups, tokens, imports and workspaces are tested in test_administration.py."""


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


def in_body(route: Route) -> dict[str, FieldInfo]:
    """The fields of a route's body by their names on the wire, without those in its path."""
    return {
        field.alias or name: field for name, field in route.body.model_fields.items() if f"{{{name}}}" not in route.path
    }


def valid_request(route: Route, callers: Callers) -> PermissionAttempt:
    """A valid request."""
    return VALID_REQUESTS[route.method, route.path].prepare(callers, ADMIN)


def assert_refused(answer: Answer) -> str:
    assert 400 <= answer.status < 500, f"{answer.asked}: {answer.status} {answer.content[:300]!r}"
    message: str = answer.json["message"]
    assert 15 <= len(message) <= LONGEST_MESSAGE, f"{answer.asked}: {message[:300]}"
    return message
