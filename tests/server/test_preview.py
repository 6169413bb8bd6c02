"""MLflow 1.x calls /preview/mlflow: every route of /mlflow exists there, too, and does the same."""

import pytest

from tests.server.api import Api, hold_against_contract
from tests.server.callers import ADMIN, Caller, Callers
from tests.server.invalid_requests import WITH_BODY, name_of, valid_request
from tui_registry_server.http.route import Route
from tui_registry_server.wire.permission_policy import Ability

OF_MLFLOW = [route for route in WITH_BODY if route.path.startswith("/mlflow/")]
PREVIEWS = ("/api/2.0/preview", "/ajax-api/2.0/preview")
UNPRIVILEGED = Caller("none", "direct")


@pytest.mark.parametrize("prefix", PREVIEWS)
@pytest.mark.parametrize("route", OF_MLFLOW, ids=name_of)
def test_a_route(route: Route, prefix: str, callers: Callers) -> None:
    attempt = valid_request(route, callers)
    if route.ability is not Ability.CREATE_MODEL:  # which everybody may
        refused = callers.api(UNPRIVILEGED).call(attempt.method, prefix + attempt.path, attempt.fields)
        as_ever = callers.api(UNPRIVILEGED).call(attempt.method, attempt.path, attempt.fields)
        assert (refused.status, refused.content) == (as_ever.status, as_ever.content)
    answer = callers.api(ADMIN).call(attempt.method, prefix + attempt.path, attempt.fields)
    hold_against_contract(attempt.method, attempt.path, answer)
    shown = answer.ok()
    assert attempt.done()
    assert attempt.shown is None or attempt.shown(shown)


@pytest.mark.parametrize("prefix", PREVIEWS)
def test_the_event_stream(prefix: str, callers: Callers) -> None:
    assert callers.admin.send("HEAD", f"{prefix}/mlflow/events").status == 200
    with Api(callers.registry.url, None) as nobody:
        nobody.get(f"{prefix}/mlflow/events").refused(401, "UNAUTHENTICATED")


@pytest.mark.parametrize("path", ["/preview/permissions/registered-models/root", "/preview/preview/mlflow/events"])
def test_nothing_else_is(path: str, callers: Callers) -> None:
    callers.admin.get(path).refused(404, "ENDPOINT_NOT_FOUND")
