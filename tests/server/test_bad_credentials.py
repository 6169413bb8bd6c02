"""Without valid credentials no route is served, and the message says what to do."""

import base64
import hashlib
import json

import httpx
import pytest
from sqlalchemy import update

from tests.live_registry import command
from tests.server.api import Api
from tests.server.callers import Callers
from tests.server.database_state import DatabaseState, changing
from tests.server.invalid_requests import GUARDED, VALID_REQUESTS, assert_refused, name_of, valid_request
from tui_registry_server.http.route import Route
from tui_registry_server.http.routes import ROUTES
from tui_registry_server.store import counters
from tui_registry_server.store.tables import principals, tokens


@pytest.fixture(scope="module")
def bad_credentials(callers: Callers) -> dict[str, str]:
    """Invalid Authorization headers, by what is wrong with them."""
    database = callers.registry.database
    for name in ("forgetful", "gone"):
        command(database, "users", "create", name)
    expired, gone = command(database, "tokens", "create", "forgetful", "gone", "--days", "1").split()
    revoked = callers.admin.post("/token/create").ok()
    callers.admin.post("/token/delete", token_id=revoked["token_info"]["token_id"]).ok()
    with changing(database) as connection:
        digest = hashlib.sha256(expired.encode()).hexdigest()
        connection.execute(update(tokens).where(tokens.c.hash == digest).values(expiry_timestamp=1))
        connection.execute(update(principals).where(principals.c.name == "gone").values(active=False))
        counters.advance(connection, counters.IDENTITY)
    good = callers.admin.token

    def basic(text: str) -> str:
        return f"Basic {base64.b64encode(text.encode()).decode()}"

    return {
        "empty": "",
        "garbage": "garbage",
        "token alone": str(good),
        "no token": "Bearer",
        "blank token": "Bearer   ",
        "wrong token": "Bearer tr_wrong",
        "token and more": f"Bearer {good} x",
        "long token": f"Bearer {'x' * 30_000}",
        "token with letters that are not ASCII": "Bearer \xe9\xff",
        "hash of the token": f"Bearer {hashlib.sha256(str(good).encode()).hexdigest()}",
        "another scheme": f"Digest {good}",
        "Basic, not base64": "Basic !!!",
        "Basic, not ASCII": "Basic \xe9\xff",
        "Basic, nothing": "Basic",
        "Basic, no colon": basic("token"),
        "Basic, not UTF-8": f"Basic {base64.b64encode(bytes([255, 254, 58, 255])).decode()}",
        "Basic, wrong token": basic("token:wrong"),
        "Basic, empty token": basic("token:"),
        "Basic, NUL": basic("token:\0"),
        "Basic, wrong user": basic(f"somebody:{good}"),
        "Basic, no user": basic(f":{good}"),
        "expired": f"Bearer {expired}",
        "revoked": f"Bearer {revoked['token_value']}",
        "deactivated": f"Bearer {gone}",
    }


@pytest.mark.parametrize("route", GUARDED, ids=name_of)
def test_bad_credentials(
    route: Route, bad_credentials: dict[str, str], callers: Callers, database_state: DatabaseState
) -> None:
    path, body = route.path.replace("{object_id}", "root"), b"{}"
    if (route.method, route.path) in VALID_REQUESTS:
        ready = valid_request(route, callers)
        path, body = ready.path, json.dumps(ready.fields).encode()
    with Api(callers.registry.url, None) as nobody, database_state.unchanged():
        for headers in ({}, *({"Authorization": value} for value in bad_credentials.values())):
            answer = nobody.send(route.method, path, body, headers)
            message = answer.refused(401, "UNAUTHENTICATED")
            assert "token" in message
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert_refused(answer)


def test_what_is_served_without_credentials() -> None:
    """So that nobody adds to it by accident."""
    public = {name_of(route) for route in ROUTES if route not in GUARDED}
    about_the_server = {"GET /api/3.0/mlflow/server-info", "GET /.well-known/databricks-config", "GET /sign-in"}
    of_oauth = {  # test_oauth.py: the token endpoint authenticates by what is sent
        "GET /oidc/.well-known/oauth-authorization-server",
        "GET /oidc/v1/authorize",
        "POST /oidc/v1/token",
    }
    assert public == {"GET /health", "GET /ready", "GET /version"} | about_the_server | of_oauth


def test_the_other_prefix_is_guarded_too(callers: Callers) -> None:
    with httpx.Client(base_url=callers.registry.url) as nobody:
        for route in GUARDED:
            for headers in ({}, {"Authorization": "Bearer tr_wrong"}):
                path = route.path if route.rooted else f"/ajax-api/2.0{route.path}"
                assert nobody.request(route.method, path, headers=headers).status_code == 401, name_of(route)
