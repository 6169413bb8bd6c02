"""Invalid input on every endpoint, generated from the route table and the wire's models, so that none is forgotten.

Every request must be answered by a 4xx with a message, and change nothing; never by a 500. LEGAL lists the values that
are valid for a field.
"""

import json
from urllib.parse import urlencode

import httpx
import pytest

from tests.live_registry import trusting
from tests.server.callers import Callers
from tests.server.database_state import DatabaseState
from tests.server.invalid_requests import (
    GUARDED,
    VALID_REQUESTS,
    WITH_BODY,
    assert_refused,
    in_body,
    name_of,
    valid_request,
)
from tests.server.permission_case import PermissionAttempt
from tui_registry_server.http.route import Route

LONG = "x" * 200_000
VALUES = {
    "null": "null",
    "integer": "987654",
    "one": "1",
    "negative": "-1",
    "huge": "9" * 40,
    "endless": "9" * 5000,
    "very negative": "-" + "9" * 40,
    "float": "1.5",
    "infinite": "1e400",
    "NaN": "NaN",
    "Infinity": "Infinity",
    "true": "true",
    "list": "[]",
    "list of numbers": "[1]",
    "list of nulls": "[null]",
    "list of texts": '["nonsense"]',
    "list of lists": "[[]]",
    "list of objects": "[{}]",
    "object": "{}",
    "nested object": '{"name": {"name": 1}}',
    "empty": '""',
    "blank": '"   "',
    "long": json.dumps(LONG),
    "NUL": r'"a\u0000b"',
    "lone surrogate": r'"a\ud800b"',
    "swapped surrogates": r'"\udc00\ud800"',
    "control characters": r'"a\u0007\u001b[31mb\r\nc"',
    "right to left": r'"\u202egnp.exe"',
    "nonsense": '"nonsense"',
    "huge number as text": '"99999999999999999999"',
    "negative number as text": '"-1"',
    "exponent as text": '"1e3"',
    "foreign digits": '"\u0669\u0668\u0667\u0666\u0665\u0664"',
    "SQL": '"\' OR 1=1; DROP TABLE tokens; --"',
    "path": '"../../etc/passwd"',
}
"""JSON for any field, by what is wrong with it."""

ANY_TEXT = {
    "empty", "blank", "control characters", "right to left", "nonsense", "huge number as text",
    "negative number as text", "exponent as text", "foreign digits", "SQL", "path",
}  # fmt: skip
WORD = {"nonsense", "huge number as text", "negative number as text", "exponent as text", "foreign digits"}
NAME = ANY_TEXT - {"empty", "blank", "path"}
LEGAL: dict[str, set[str]] = {
    "POST /mlflow/registered-models/create name": NAME,
    "new_name": NAME,
    "source": NAME,
    "description": ANY_TEXT | {"null"},
    "tags": {"list"},
    "key": WORD | {"blank"},
    "value": ANY_TEXT,
    "POST /mlflow/registered-models/alias alias": WORD,
    "DELETE /mlflow/registered-models/alias alias": WORD,
    "run_id": ANY_TEXT | {"null"},
    "run_link": ANY_TEXT | {"null"},
    "model_id": ANY_TEXT | {"null"},
    "comment": ANY_TEXT | {"null"},
    "etag": {"null"},
    "POST /mlflow/comments/create comment": ANY_TEXT - {"empty"},
    "PATCH /mlflow/comments/update comment": ANY_TEXT - {"empty"},
    "archive_existing_versions": {"one", "true"},
    "include_prompts": {"one", "true"},
    "stages": {"list"},
    "filter": {"empty"},
    "order_by": {"list"},
    "max_results": {"one"},
    "page_token": {"empty"},
    # The requests of one version are a single page: the parameters of pages are ignored.
    "GET /mlflow/transition-requests/list page_token": ANY_TEXT | {"long"},
    "GET /mlflow/transition-requests/list version": {"null"},
    "GET /mlflow/registered-models/stage-history stage": {"null"},
    "GET /mlflow/registered-models/stage-history version": {"null", "integer", "negative", "negative number as text"},
    "GET /mlflow/activities/list name": {"null"},
    "GET /mlflow/activities/list version": {"null"},
    "user": ANY_TEXT | {"null", "long"},  # there is no such user, and so no activity
    "activity_type": {"list"},
    "from": {"null", "integer", "one"},
    "to": {"null", "integer", "one"},
    "day_start": {"list", "list of numbers"},
    "production_days": {"one"},
    "token_days": {"one"},
    "access_control_list": {"list"},
    "replace": {"one", "true"},
    "principal": {"empty", "blank"},
    "model_name": {"null"},
    "events": {"null"},
    "POST /mlflow/registry-webhooks/create events": set(),
    "GET /mlflow/registry-webhooks/list events": {"list"},
    "POST /mlflow/webhooks events": set(),
    "status": {"null"},
    "POST /mlflow/registry-webhooks/create status": set(),
    "POST /mlflow/webhooks status": set(),
    "format": {"null"},
    "email": {"null"},
    "slack_url": {"null"},
    "POST /mlflow/follows/set slack_url": set(),
    "POST /mlflow/registry-webhooks/create format": set(),
    "http_url_spec": {"null"},
    "POST /mlflow/registry-webhooks/create http_url_spec": set(),
    "job_spec": {"null"},
    "event": {"null"},
    "delivery_id": {"null"},
    "POST /mlflow/registry-webhooks/replay from": {"integer", "one"},
    "POST /mlflow/webhooks name": ANY_TEXT - {"empty"},
    "PATCH /mlflow/webhooks/{webhook_id} name": ANY_TEXT - {"empty"} | {"null"},
    "PATCH /mlflow/webhooks/{webhook_id} url": {"null"},
    "secret": {"empty", "null"},  # others need a key, which this server does not have
}
"""Values that are valid for a field, of one route ("POST /path field") or of all ("field"). All others are refused."""


def spoiled(attempt: PermissionAttempt, field: str, value: str) -> bytes:
    """The attempt's body with one field replaced."""
    rest = {name: each for name, each in attempt.fields.items() if name != field}
    return json.dumps(rest)[:-1].encode() + f"{', ' if rest else ''}{json.dumps(field)}: {value}}}".encode()


def test_every_route_is_spoiled() -> None:
    assert set(VALID_REQUESTS) >= {(route.method, route.path) for route in WITH_BODY}


@pytest.mark.parametrize("route", WITH_BODY, ids=name_of)
def test_fields(route: Route, callers: Callers, database_state: DatabaseState) -> None:
    attempt = valid_request(route, callers)
    for field in in_body(route):
        legal = LEGAL.get(f"{name_of(route)} {field}", LEGAL.get(field, set()))
        for about, value in VALUES.items():
            if (field, about) == ("version", "one"):
                continue  # a valid value
            body = spoiled(attempt, field, value)
            if about in legal:
                assert callers.admin.send(route.method, attempt.path, body).status == 200, f"{field}: {about}"
                if about in NAME and field in ("name", "new_name") and "/registered-models/" in route.path:
                    callers.admin.delete("/mlflow/registered-models/delete", name=json.loads(value)).ok()
                attempt = valid_request(route, callers)
            else:
                with database_state.unchanged():
                    assert_refused(callers.admin.send(route.method, attempt.path, body))


@pytest.mark.parametrize("route", WITH_BODY, ids=name_of)
def test_missing_fields(route: Route, callers: Callers, database_state: DatabaseState) -> None:
    attempt = valid_request(route, callers)
    for field, info in in_body(route).items():
        if info.is_required():
            rest = {name: value for name, value in attempt.fields.items() if name != field}
            with database_state.unchanged():
                assert f"'{field}'" in callers.admin.call(route.method, attempt.path, rest).invalid()


@pytest.mark.parametrize("route", WITH_BODY, ids=name_of)
def test_fields_in_the_query(route: Route, callers: Callers, database_state: DatabaseState) -> None:
    """The fields of DELETE and GET are in the query, others may be, too."""
    attempt = valid_request(route, callers)
    required = [field for field, info in in_body(route).items() if info.is_required()]
    for field in required:
        for value in ("", "%00", "a%00b", "%ED%A0%80%00", "x" * 50_000 + "%00"):
            query = urlencode({name: each for name, each in attempt.fields.items() if name != field}, doseq=True)
            with database_state.unchanged():
                assert_refused(callers.admin.send(route.method, f"{attempt.path}?{query}&{field}={value}"))


NUMBERS = {
    "version",
    "max_results",
    "from",
    "to",
    "startIndex",
    "count",
    "lifetime_seconds",
    "owner_id",
    "created_by_id",
}
NOT_WRITTEN_OUT = ("1_0", "+1", " 1", "1 ", "\t1", "1\n", "--1", "1.0", "1e0", "0x1", "\uff11", "\u0661", "1,0", "")


@pytest.mark.parametrize("route", [route for route in GUARDED if NUMBERS & in_body(route).keys()], ids=name_of)
def test_numbers_that_only_python_reads(route: Route, callers: Callers, database_state: DatabaseState) -> None:
    """In the body and in the query alike."""
    tried = (route.method, route.path) in VALID_REQUESTS
    path, fields = route.path, {}
    if tried:
        attempt = valid_request(route, callers)
        path, fields = attempt.path, attempt.fields
    for field in NUMBERS & in_body(route).keys():
        rest = {name: each for name, each in fields.items() if name != field}
        for value in NOT_WRITTEN_OUT:
            query = urlencode({**rest, field: value}, doseq=True)
            with database_state.unchanged():
                callers.admin.send(route.method, path, json.dumps({**rest, field: value}).encode()).invalid()
                callers.admin.send(route.method, f"{path}?{query}").invalid()


BODIES = {
    "broken": b'{"name": ',
    "half": b'{"name"',
    "unquoted": b"{name: 1}",
    "single quotes": b"{'name': 'x'}",
    "two objects": b"{}{}",
    "trailing comma": b'{"name": "x",}',
    "comment": b'{"name": "x"} // no',
    "list": b"[]",
    "list of objects": b'[{"name": "x"}]',
    "string": b'"name"',
    "number": b"5",
    "null": b"null",
    "true": b"true",
    "NaN": b"NaN",
    "deep list": b"[" * 400,
    "deep field": b'{"name": ' + b"[" * 400 + b"]" * 400 + b"}",
    "deep object": b'{"a":' * 400 + b"1" + b"}" * 400,
    "deep field that nobody asked for": b'{"unknown": ' + b"[" * 400 + b"]" * 400 + b"}",
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "Latin-1": '{"name": "é"}'.encode("latin-1"),
    "overlong": b'{"name": "\xc0\x80"}',
    "surrogate in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "control character": b'{"name": "a\x01b"}',
    "line break": b'{"name": "a\nb"}',
    "zeros": b"\x00" * 1000,
    "form": b"name=x&version=1",
}


@pytest.mark.parametrize("route", WITH_BODY, ids=name_of)
def test_bodies(route: Route, callers: Callers, database_state: DatabaseState) -> None:
    attempt = valid_request(route, callers)
    for body in BODIES.values():
        with database_state.unchanged():
            answer = callers.admin.send(route.method, attempt.path, body)
        assert answer.refused(400, "BAD_REQUEST")
        assert_refused(answer)


def test_unknown_fields_are_ignored(callers: Callers) -> None:
    name = callers.model("known")
    assert callers.admin.get("/mlflow/registered-models/get", name=name, surprise="x").ok()
    callers.admin.patch("/mlflow/registered-models/update", name=name, surprise={"a": [1]}).ok()


TWENTY_MEGABYTES = b'{"name": "' + b"x" * 20_000_000 + b'"}'


@pytest.mark.parametrize("route", GUARDED, ids=name_of)
def test_large_bodies(route: Route, callers: Callers, database_state: DatabaseState) -> None:
    if route.operation is None:
        return  # an event stream ignores the body
    path = valid_request(route, callers).path if (route.method, route.path) in VALID_REQUESTS else route.path
    with database_state.unchanged():
        answer = callers.admin.send(route.method, path, TWENTY_MEGABYTES)
    assert "4194304 bytes" in answer.refused(413, "MAX_REQUEST_SIZE_EXCEEDED")


@pytest.mark.parametrize("token", ["good", "bad"])
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
@pytest.mark.parametrize("path", ["/mlflow/registered-models/get", "/mlflow/registered-models/delete", "/nowhere"])
def test_large_bodies_in_chunks(
    method: str, path: str, token: str, callers: Callers, database_state: DatabaseState
) -> None:
    """Of unknown length, also if the answer is known before the body is read: a client can always read it."""
    chunks = (TWENTY_MEGABYTES[start : start + 100_000] for start in range(0, len(TWENTY_MEGABYTES), 100_000))
    headers = {"Authorization": f"Bearer {callers.admin.token if token == 'good' else 'bad'}"}
    with database_state.unchanged():
        url = f"{callers.registry.url}/api/2.0{path}"
        answer = httpx.request(method, url, content=chunks, headers=headers, timeout=60, verify=trusting(None))
    assert answer.status_code in (401, 404, 405, 413)
    assert set(answer.json()) == {"error_code", "message"}
