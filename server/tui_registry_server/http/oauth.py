"""OAuth 2.0 for programs (RFC 6749, 4.4; RFC 8693), as databricks-sdk speaks it, and how people can sign in.

These calls are public: the client authenticates by what it sends, and errors have the form of OAuth.
"""

import asyncio
import base64
import logging
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from tui_registry_server.http.authentication import Authenticator
from tui_registry_server.http.origin import origin
from tui_registry_server.http.responses import json_response
from tui_registry_server.identity.provider import OpenIdProvider
from tui_registry_server.operations import oauth
from tui_registry_server.operations.call import Call
from tui_registry_server.operations.oauth import Issued
from tui_registry_server.rules.errors import (
    NotSupported,
    RegistryError,
    RequestLimitExceeded,
    TemporarilyUnavailable,
    Unauthenticated,
)
from tui_registry_server.rules.principals import SERVER
from tui_registry_server.settings import Settings
from tui_registry_server.store import activities
from tui_registry_server.store.database import Database
from tui_registry_server.store.engine import Connection, to_api_error
from tui_registry_server.wire.oauth import ALL_APIS

if TYPE_CHECKING:
    from tui_registry_server.identity.federation import Federation

log = logging.getLogger(__name__)

MAX_FORM_BYTES = 64 * 1024  # of a token request: a JWT has some thousands

CLIENT_CREDENTIALS = "client_credentials"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105  # no password
JWT = "urn:ietf:params:oauth:token-type:jwt"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  # no password

_ENDPOINT = "/oidc"


class OAuthProblem(Exception):
    """A refusal by the token endpoint: an error code of RFC 6749, 5.2, with what to do."""

    def __init__(self, status: int, error: str, description: str, **headers: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description
        self.headers = headers


class _Client(NamedTuple):
    """``secret`` is None if the client has not authenticated."""

    id: str | None
    secret: str | None
    basic: bool


class OAuth:
    """The calls, on one event loop."""

    def __init__(self, database: Database, settings: Settings, authenticator: Authenticator) -> None:
        self._database = database
        self._openid: OpenIdProvider | None = settings.openid
        self._min_interval = settings.limits.openid_key_seconds
        self._authenticator = authenticator
        self._federation: Federation | None = None

    async def databricks_config(self, request: Request) -> Response:
        """What Databricks' SDK requests from every host: where programs get access tokens."""
        own = origin(request)
        return json_response({"oidc_endpoint": f"{own}{_ENDPOINT}" if own else ""})

    async def authorization_server(self, request: Request) -> Response:
        """Where programs get access tokens, and how (RFC 8414)."""
        issuer = f"{origin(request)}{_ENDPOINT}"
        return json_response(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/v1/authorize",
                "token_endpoint": f"{issuer}/v1/token",
                "grant_types_supported": [CLIENT_CREDENTIALS, TOKEN_EXCHANGE],
                "response_types_supported": [],
                "scopes_supported": [ALL_APIS],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            }
        )

    async def authorize(self, request: Request) -> Response:
        """Not supported: people sign in with the OpenID provider itself."""
        raise NotSupported(
            "This registry has no pages to sign in on. Sign in with: tui-registry login URL. Programs use a service "
            "principal's client_id and client_secret, or an access token."
        )

    async def sign_in_offer(self, request: Request) -> Response:
        """How people sign in here."""
        if self._openid is None:
            return json_response({})
        is_own_client = self._openid.audience == self._openid.client_id
        offer = {
            "issuer": self._openid.issuer,
            "client_id": self._openid.client_id,
            "scope": self._openid.scope,
            "token": "id_token" if is_own_client else "access_token",
        }
        return json_response({"openid": offer})

    async def token(self, request: Request) -> Response:
        """A short-lived access token: for a client's secret, or in exchange for a token of a trusted issuer."""
        try:
            return await self._token(request)
        except OAuthProblem as problem:
            return _refusal(problem)
        except RegistryError as error:
            return _refusal(_as_problem(error))
        except Exception as error:
            if (known := to_api_error(error)) is None:
                raise
            log.error("an access token could not be issued: %s", known.message)
            return _refusal(_as_problem(known))

    async def _token(self, request: Request) -> Response:
        form = await _form(request)
        client = _client(request, form)
        if form.get("scope", ALL_APIS) not in ("", ALL_APIS):
            raise OAuthProblem(400, "invalid_scope", f"The only scope is {ALL_APIS}.")
        grant_type = form.get("grant_type", "")
        if grant_type not in (CLIENT_CREDENTIALS, TOKEN_EXCHANGE):
            raise OAuthProblem(400, "unsupported_grant_type", f"Use {CLIENT_CREDENTIALS} or {TOKEN_EXCHANGE}.")
        self._authenticator.check_attempts(request)
        try:
            if grant_type == CLIENT_CREDENTIALS:
                issued = await self._for_secret(request, client)
                return _answer(issued)
            issued = await self._exchange(request, client, form)
            return _answer(issued, issued_token_type=ACCESS_TOKEN)
        except (OAuthProblem, Unauthenticated):
            self._authenticator.record_failure(request)
            raise

    async def _for_secret(self, request: Request, client: _Client) -> Issued:
        if client.id is None or client.secret is None:
            raise _invalid_client(client, "Send a service principal's application id and secret.")
        work = partial(oauth.issue_for_secret, application_id=client.id, secret=client.secret)
        issued = await self._write(request, work)
        if issued is None:
            raise _invalid_client(
                client, "The client id or its secret is not valid: it may have expired or been revoked."
            )
        return issued

    async def _exchange(self, request: Request, client: _Client, form: dict[str, str]) -> Issued:
        if client.secret is not None:
            raise OAuthProblem(400, "invalid_request", "A token exchange takes no client secret.")
        if form.get("subject_token_type") != JWT or not form.get("subject_token"):
            raise OAuthProblem(400, "invalid_request", f"Send a subject_token with subject_token_type {JWT}.")
        if self._federation is None:  # what it needs takes long to import, and few registries need it
            module = await asyncio.to_thread(import_module, "tui_registry_server.identity.federation")
            self._federation = module.Federation(self._database, self._min_interval)
        match = await self._federation.match(form["subject_token"], client.id)
        work = partial(oauth.issue_by_rule, rule_id=match.rule_id, subject=match.subject)
        issued = await self._write(request, work)
        if issued is None:
            raise OAuthProblem(400, "invalid_grant", "The rule that this token matched was deleted.")
        return issued

    async def _write(self, request: Request, work: Callable[[Call], Issued | None]) -> Issued | None:
        address = client[0] if (client := request.scope.get("client")) else None

        def write(connection: Connection) -> Issued | None:
            clock = time.time_ns() // 1_000_000
            head = activities.head(connection)
            return work(Call(connection, SERVER, max(clock, head.last_timestamp), clock, address, head=head))

        return await self._database.write(write)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, each given once."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise OAuthProblem(400, "invalid_request", "Send a form: application/x-www-form-urlencoded.")
    content = bytearray()
    try:
        async for chunk in request.stream():
            if len(content) <= MAX_FORM_BYTES:
                content += chunk
    except ClientDisconnect:
        raise OAuthProblem(400, "invalid_request", "The form ended before it was complete.") from None
    if len(content) > MAX_FORM_BYTES:
        raise OAuthProblem(413, "invalid_request", f"The form has more than {MAX_FORM_BYTES} bytes.")
    try:
        pairs = parse_qsl(content.decode(), keep_blank_values=True, max_num_fields=50, errors="strict")
    except ValueError:
        raise OAuthProblem(400, "invalid_request", "The form could not be read.") from None
    if any(number > 1 for number in Counter(name for name, _ in pairs).values()):
        raise OAuthProblem(400, "invalid_request", "A field of the form is given more than once.")
    if any("\x00" in value for _, value in pairs):
        raise OAuthProblem(400, "invalid_request", "A field of the form has a NUL character.")
    return dict(pairs)


def _client(request: Request, form: dict[str, str]) -> _Client:
    """By Basic authentication, or in the form, but not both (RFC 6749, 2.3)."""
    headers = [value for name, value in request.scope["headers"] if name == b"authorization"]
    if not headers:
        return _Client(form.get("client_id"), form.get("client_secret"), basic=False)
    if len(headers) > 1 or "client_secret" in form:
        raise OAuthProblem(400, "invalid_request", "Authenticate once: by Basic authentication, or in the form.")
    scheme, _, value = headers[0].decode("latin-1").partition(" ")
    try:
        name, colon, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except ValueError:
        name = colon = secret = ""
    if scheme.lower() != "basic" or not colon or "\x00" in name:
        raise _invalid_client(_Client(None, None, basic=True), "The Authorization header could not be read.")
    client = _Client(unquote(name), unquote(secret), basic=True)
    if form.get("client_id") not in (None, client.id):
        raise OAuthProblem(400, "invalid_request", "The client_id in the form is another one.")
    return client


def _invalid_client(client: _Client, description: str) -> OAuthProblem:
    if not client.basic:
        return OAuthProblem(401, "invalid_client", description)
    return OAuthProblem(401, "invalid_client", description, **{"WWW-Authenticate": 'Basic realm="tui-registry"'})


def _as_problem(error: RegistryError) -> OAuthProblem:
    if isinstance(error, Unauthenticated):
        return OAuthProblem(400, "invalid_grant", error.message)
    if isinstance(error, RequestLimitExceeded):
        return OAuthProblem(
            error.status, "temporarily_unavailable", error.message, **{"Retry-After": str(error.retry_after)}
        )
    if isinstance(error, TemporarilyUnavailable):
        return OAuthProblem(error.status, "temporarily_unavailable", error.message, **{"Retry-After": "1"})
    return OAuthProblem(error.status, "invalid_request", error.message)


def _refusal(problem: OAuthProblem) -> Response:
    content = {"error": problem.error, "error_description": problem.description}
    return json_response(content, problem.status, headers={"Cache-Control": "no-store", **problem.headers})


def _answer(issued: Issued, **more: str) -> Response:
    content = {
        "access_token": issued.token,
        "token_type": "Bearer",
        "expires_in": issued.lifetime,
        "scope": ALL_APIS,
        **more,
    }
    return json_response(content, headers={"Cache-Control": "no-store"})
