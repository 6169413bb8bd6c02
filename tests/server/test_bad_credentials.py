"""Without valid credentials nothing is served, on no route, and what to do is said."""

import base64
import hashlib
import json

import pytest
from sqlalchemy import update

from server.http.route import Route
from server.store import counters
from server.store.tables import principals, tokens
from tests.live_registry import command
from tests.server.api import Api
from tests.server.contents import Contents, changing
from tests.server.people import People
from tests.server.spoiling import GUARDED, TRIED, assert_refused, attempt_of, name_of


@pytest.fixture(scope="module")
def bad_credentials(people: People) -> dict[str, str]:
    """Authorization headers, by what is wrong with them."""
    database = people.registry.database
    for name in ("forgetful", "gone"):
        command(database, "users", "create", name)
    expired, gone = command(database, "tokens", "create", "forgetful", "gone", "--days", "1").split()
    with changing(database) as connection:
        digest = hashlib.sha256(expired.encode()).hexdigest()
        connection.execute(update(tokens).where(tokens.c.hash == digest).values(expiry_timestamp=1))
        connection.execute(update(principals).where(principals.c.name == "gone").values(active=False))
        counters.advance(connection, counters.IDENTITY)
    good = people.admin.token

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
        "deactivated": f"Bearer {gone}",
    }


@pytest.mark.parametrize("route", GUARDED, ids=name_of)
def test_bad_credentials(route: Route, bad_credentials: dict[str, str], people: People, contents: Contents) -> None:
    path, body = route.path.replace("{object_id}", "root"), b"{}"
    if (route.method, route.path) in TRIED:
        ready = attempt_of(route, people)
        path, body = ready.path, json.dumps(ready.fields).encode()
    with Api(people.registry.url, None) as nobody, contents.unchanged():
        for headers in ({}, *({"Authorization": value} for value in bad_credentials.values())):
            answer = nobody.send(route.method, path, body, headers)
            message = answer.refused(401, "UNAUTHENTICATED")
            assert "token" in message
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert_refused(answer)
