"""The API for tests: a client with a persistent connection that checks every answer against the contract."""

import http.client
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from tui_registry_server.http.responses import JSON
from tui_registry_server.http.route import Route
from tui_registry_server.http.routes import ROUTES
from tui_registry_server.wire.error import Error, ErrorCode, ScimError
from tui_registry_server.wire.workspace_name import HEADER

PREFIX = "/api/2.0"
TIMEOUT = 60  # seconds
IDLE = 2  # seconds after which a new connection is opened: the server closes idle ones after 5

_PATTERNS = [
    (route.method, re.compile(re.sub(r"\{\w+\}", "[^/]+", route.path)), route)
    for route in sorted(ROUTES, key=lambda route: "{" in route.path)
]


@dataclass(frozen=True)
class Answer:
    """An answer, and the request that it is for."""

    asked: str
    status: int
    content: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    def ok(self) -> Any:
        """The JSON of a successful answer."""
        assert self.status in (200, 201, 204), f"{self.asked}: {self.status} {self.content[:500]!r}"
        return self.json if self.content else {}

    def refused(self, status: int, code: str) -> str:
        """The message of an error."""
        assert (self.status, self.json.get("error_code")) == (status, code), (
            f"{self.asked}: {self.status} {self.content[:500]!r}, not {status} {code}"
        )
        message: str = self.json["message"]
        return message

    def missing(self) -> str:
        return self.refused(404, "RESOURCE_DOES_NOT_EXIST")

    def denied(self) -> str:
        return self.refused(403, "PERMISSION_DENIED")

    def invalid(self) -> str:
        return self.refused(400, "INVALID_PARAMETER_VALUE")


class Api:
    """The registry at a URL, with one token, in the named workspace or, without one, the default one. Fields are sent
    in the query of a GET, otherwise in a JSON body."""

    def __init__(self, url: str, token: str | None, workspace: str | None = None) -> None:
        self.url = url
        self.token = token
        self.workspace = workspace
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT)
        self._used = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def get(self, path: str, **fields: Any) -> Answer:
        return self.call("GET", path, fields)

    def post(self, path: str, **fields: Any) -> Answer:
        return self.call("POST", path, fields)

    def patch(self, path: str, **fields: Any) -> Answer:
        return self.call("PATCH", path, fields)

    def put(self, path: str, **fields: Any) -> Answer:
        return self.call("PUT", path, fields)

    def delete(self, path: str, **fields: Any) -> Answer:
        return self.call("DELETE", path, fields)

    def call(self, method: str, path: str, fields: Mapping[str, Any]) -> Answer:
        """One request. The path is below the API's prefix, unless the route is rooted."""
        if method == "GET":
            return self.send(method, f"{path}?{urlencode(fields, doseq=True)}" if fields else path)
        return self.send(method, path, json.dumps(fields).encode())

    def send(
        self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request with a raw body; ``headers`` are added to the token's."""
        whole = path if is_rooted(path) else PREFIX + path
        sent = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        if self.workspace is not None:
            sent[HEADER] = self.workspace
        if time.monotonic() - self._used > IDLE:
            self._connection.close()  # it reconnects by itself
        try:
            self._connection.request(method, whole, content, sent | dict(headers or {}))
            response = self._connection.getresponse()
            read = response.read()
            self._used = time.monotonic()
        except BaseException:
            self._connection.close()  # it cannot be reused
            raise
        answer = Answer(f"{method} {path[:200]} {(content or b'')[:200]!r}", response.status, read, response.headers)  # type: ignore[arg-type]  # a Message has what a mapping has
        hold_against_contract(method, path, answer)
        return answer


def is_rooted(path: str) -> bool:
    return path.startswith(("/api/", "/ajax-api/")) or path.partition("?")[0] in {"/openapi.json"} | {
        route.path for route in ROUTES if route.rooted
    }


def route_of(method: str, path: str) -> Route | None:
    """The route that serves a path."""
    bare = path.partition("?")[0].removeprefix(PREFIX)
    return next(
        (route for known, pattern, route in _PATTERNS if known == method and pattern.fullmatch(bare)),
        None,
    )


def hold_against_contract(method: str, path: str, answer: Answer) -> None:
    """Check that an answer has only the fields of its route, and an error the format of errors."""
    if answer.status >= 400:
        if method == "HEAD":
            return
        shape = ScimError if re.search(r"/preview/scim/v[\d.]+(/|\?|$)", path) else Error
        if (route := route_of(method, path)) is not None and route.form:
            route.error.model_validate_json(answer.content, extra="forbid")
            return
        error = shape.model_validate_json(answer.content, extra="forbid")
        assert error.error_code in set(ErrorCode)
        assert error.message.strip(), answer.asked
        if isinstance(error, ScimError):
            assert (error.status, error.detail) == (str(answer.status), error.message)
        assert answer.headers["content-type"] in ("application/json", "application/scim+json")
        return
    route = route_of(method, path)
    if route is None or not answer.content or route.media_type != JSON:
        return
    route.answer.model_validate_json(answer.content, extra="forbid")
    if "/mlflow/" in path:
        _assert_nothing_empty(answer.json, answer.asked)


def _assert_nothing_empty(value: Any, asked: str) -> None:
    """Check that unset fields and empty lists are omitted."""
    if isinstance(value, dict):
        for name, member in value.items():
            assert member is not None, f"{asked} answers with {name} null"
            assert member != [], f"{asked} answers with an empty list {name}"
            _assert_nothing_empty(member, asked)
    if isinstance(value, list):
        for member in value:
            _assert_nothing_empty(member, asked)
