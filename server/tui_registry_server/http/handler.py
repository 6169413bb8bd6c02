"""The path of every request: find its route, authenticate, decode, load the subject, check the ability, operate."""

import asyncio
import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tui_registry_server.delivery.sender import Sender
from tui_registry_server.http import scim
from tui_registry_server.http.authentication import Authenticator, refresh_principal
from tui_registry_server.http.decoding import decode, has_body
from tui_registry_server.http.events import EventStream
from tui_registry_server.http.large_body_slots import MAX_INLINE_BYTES, LargeBodySlots
from tui_registry_server.http.oauth import OAuth
from tui_registry_server.http.request_counts import TRACKING_SERVER, UNMATCHED
from tui_registry_server.http.request_id import HEADER, request_id
from tui_registry_server.http.response_limiter import ResponseLimiter, in_chunks
from tui_registry_server.http.responses import error_response, json_response
from tui_registry_server.http.route import Route
from tui_registry_server.http.server_state import ServerState
from tui_registry_server.http.tracking_paths import is_passed_on
from tui_registry_server.http.webhook_tests import WebhookTests
from tui_registry_server.operations import dispatch, subjects
from tui_registry_server.operations.call import Answer, Call, Caller, WebhookTest
from tui_registry_server.rules.errors import (
    EndpointNotFound,
    InternalError,
    InvalidParameterValue,
    MethodNotAllowed,
    RegistryError,
)
from tui_registry_server.rules.lineage import RunLookup
from tui_registry_server.rules.principals import Principal
from tui_registry_server.settings import Settings
from tui_registry_server.store import activities, workspaces
from tui_registry_server.store.deadlines import require_thread
from tui_registry_server.store.engine import Connection, describe_error, to_api_error
from tui_registry_server.wire.permission_policy import Ability

if TYPE_CHECKING:
    from tui_registry_server.http.tracking_proxy import TrackingProxy
    from tui_registry_server.identity.sign_in import OpenIdSignIn
    from tui_registry_server.tracking.worker import LineageWorker

log = logging.getLogger(__name__)


class Handler:
    """An ASGI application over a table of routes."""

    def __init__(
        self,
        routes: Iterable[Route],
        state: ServerState,
        settings: Settings,
        sender: Sender,
        lineage: "LineageWorker | None" = None,
        tracking_proxy: "TrackingProxy | None" = None,
        openid: "OpenIdSignIn | None" = None,
    ) -> None:
        """``state`` is for the routes of the server itself; ``sender`` tests webhooks; ``lineage`` asks the tracking
        server, ``tracking_proxy`` passes calls on to it, if there is one; ``openid`` checks the tokens of the OpenID
        provider, if there is one."""
        self._database = database = state.database
        self._counts = state.counts
        self._webhook_tests = WebhookTests(sender)
        self._lineage = lineage
        self._settings = settings
        self._authenticator = Authenticator(database, settings.limits, openid)
        self._oauth = OAuth(database, settings, self._authenticator)
        self._large_body_slots = LargeBodySlots(settings.limits)
        self._response_limiter = ResponseLimiter(settings.limits)
        self._tracking_proxy = tracking_proxy
        self.events = EventStream(database, self._authenticator, settings.limits)
        state.streams = lambda: self.events.streams
        self._fixed: dict[str, dict[str, Route]] = {}
        self._patterns: list[tuple[re.Pattern[str], dict[str, Route]]] = []
        by_pattern: dict[str, dict[str, Route]] = {}
        for each in routes:
            route = (
                replace(each, operation=partial(each.operation, state)) if each.of_server and each.operation else each
            )
            for path in route.paths:
                methods = by_pattern if "{" in path else self._fixed
                methods.setdefault(path, {})[route.method] = route
        for path, methods_of in by_pattern.items():
            self._patterns.append((_pattern(path), methods_of))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        request = Request(scope, receive)
        headers = dict(scope["headers"])
        scope["request_id"] = identity = request_id(headers.get(HEADER))
        try:
            response = await self._serve(request, headers)
        except RegistryError as error:
            self._counts.add_refusal(error)
            response = _error_response(request, error)
        except Exception as error:
            response = _error_response(request, _to_registry_error(error, identity))
        response.raw_headers.append((HEADER, identity))
        try:
            await response(scope, receive, send)
        finally:
            duration = None if isinstance(response, EventSourceResponse) else time.perf_counter() - began
            self._counts.add(scope.get("route", UNMATCHED), scope["method"], response.status_code, duration)

    async def _serve(self, request: Request, headers: dict[bytes, bytes]) -> Response:
        now = time.time_ns() // 1_000_000
        try:
            route, path_fields = self._find(request.scope["path"], request.method)
        except EndpointNotFound:
            if not is_passed_on(request.scope["raw_path"].decode("latin-1")):
                raise
            request.scope["route"] = TRACKING_SERVER
            return await self._pass_on(request, now)
        request.scope["route"] = route.template
        if route.ability is Ability.PUBLIC:
            return await self._serve_public(request, route)
        principal = await self._authenticator.authenticate(request, now, for_write=bool(route.writes))
        request.scope["principal"] = principal
        operation: Any = route.operation
        if operation is None:
            return await self.events.open(request, principal)
        if route.subject in subjects.NEEDING_ONLY_THE_CALLER:
            dispatch.authorize(route.ability, route.subject, Caller(principal), None)
        if not route.sends:
            return await self._operate(request, headers, route, operation, path_fields, principal, now)
        with self._webhook_tests.place(principal.id):
            return await self._operate(request, headers, route, operation, path_fields, principal, now)

    async def _operate(
        self,
        request: Request,
        headers: dict[bytes, bytes],
        route: Route,
        operation: Callable[..., Answer | WebhookTest],
        path_fields: dict[str, str],
        principal: Principal,
        now: int,
    ) -> Response:
        slot = self._large_body_slots.slot(principal.id) if has_body(headers) else None
        try:
            body = await decode(request, route.body, path_fields, self._settings.limits.body_bytes, slot)
            lineage = None if route.logged_model is None else self._lineage
            is_checked_again = route.writes and lineage is None  # when its turn comes, see below
            if slot is not None and not is_checked_again and (decoded_at := time.time_ns() // 1_000_000) != now:
                now = decoded_at  # the token may have been revoked during the upload
                principal = await self._authenticator.authenticate(request, now)
            needs_thread = slot is not None and slot.size > MAX_INLINE_BYTES
            root, if_match = scim.request_headers(request) if route.scim else ("", None)
            policy = self._settings.policy
            address = client[0] if (client := request.scope.get("client")) else None

            if route.writes:
                demo_time = _demo_time(request.headers.get("x-demo-time")) if self._settings.demo_clock else None
                lookup = None if lineage is None else await self._look_up(lineage, route, principal, body, now)

                def write(connection: Connection) -> Answer | WebhookTest:
                    """With the time, and the caller's permissions, when its turn comes."""
                    if needs_thread or route.lengthy:
                        require_thread(connection)
                    clock = time.time_ns() // 1_000_000
                    head = activities.head(connection)
                    caller = refresh_principal(connection, principal, head.revision, clock)
                    at = max(clock, head.last_timestamp) if demo_time is None else demo_time
                    call = Call(connection, caller, at, clock, address, policy, head, root, if_match, lookup)
                    return dispatch.run(operation, route.ability, route.subject, call, body)

                outcome = await self._database.write(write)
                if lineage is not None:
                    lineage.wake()
            else:

                def read(connection: Connection) -> Answer | WebhookTest:
                    call = Call(connection, principal, now, now, address, policy, None, root, if_match)
                    return dispatch.run(operation, route.ability, route.subject, call, body)

                lengthy = route.lengthy or needs_thread
                outcome = await self._database.read(read, by=principal.id, lengthy=lengthy)
            if isinstance(outcome, WebhookTest):
                if slot is not None:
                    slot.release()  # the receiver may take long
                answer = outcome.answer(await self._webhook_tests.send(outcome.request))
            else:
                answer = outcome
            response = (
                scim.scim_response(request, answer, route.status)
                if route.scim
                else json_response(answer, route.status, route.media_type)
            )
            return self._response_limiter.track(response, principal.id)
        finally:
            if slot is not None:
                slot.release()

    async def _serve_public(self, request: Request, route: Route) -> Response:
        if route.oauth is not None:
            return await route.oauth(self._oauth, request)
        operation: Any = route.operation
        answer = await asyncio.to_thread(operation) if route.lengthy else operation()
        return in_chunks(json_response(await answer if route.of_server else answer))

    async def _pass_on(self, request: Request, now: int) -> Response:
        if self._tracking_proxy is None:
            raise EndpointNotFound(
                f"{request.scope['path']} is a call for a tracking server: runs, experiments and artifacts are not "
                "kept here. Set the client's tracking URI to one, or start this server with --tracking-uri."
            )
        request.scope["principal"] = principal = await self._authenticator.authenticate(request, now)

        async def check() -> None:
            await self._authenticator.authenticate(request, time.time_ns() // 1_000_000)

        return self._tracking_proxy.pass_on(request, principal, check)

    async def _look_up(
        self, lineage: "LineageWorker", route: Route, principal: Principal, body: Any, now: int
    ) -> RunLookup | None:
        """What the tracking server says about the request's logged model, for callers who have the route's ability. It
        is asked outside of any transaction."""
        logged_model = route.logged_model
        if logged_model is None:
            return None

        def read(connection: Connection) -> tuple[str | None, str]:
            call = Call(connection, principal, now, now)
            model_id = logged_model(call, body, dispatch.authorize(route.ability, route.subject, call, body))
            return model_id, workspaces.header_name(connection, principal.workspace_id)

        model_id, workspace = await self._database.read(read, by=principal.id)
        return None if model_id is None else await lineage.look_up(model_id, workspace)

    def _find(self, path: str, method: str) -> tuple[Route, dict[str, str]]:
        fields: dict[str, str] = {}
        methods = self._fixed.get(path)
        if methods is None:
            for pattern, methods_of in self._patterns:
                if match := pattern.fullmatch(path):
                    methods, fields = methods_of, match.groupdict()
                    break
        if methods is None:
            raise EndpointNotFound(f"There is no endpoint {path}. See /openapi.json for the existing ones.")
        route = methods.get("GET" if method == "HEAD" else method)
        if route is None:
            allowed = sorted(methods)
            raise MethodNotAllowed(f"{path} does not take {method}. Use {' or '.join(allowed)}.", allowed)
        return route, fields


def _error_response(request: Request, error: RegistryError) -> Response:
    return scim.scim_error_response(request, error) if scim.is_scim(request) else error_response(error)


def _pattern(path: str) -> re.Pattern[str]:
    """Matches a path, with a group for each of its ``{fields}``."""
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


def _demo_time(demo_time: str | None) -> int | None:
    if demo_time is None:
        return None
    if not demo_time.isdecimal() or len(demo_time) > 15:  # less than 64 bits: some 30,000 years
        raise InvalidParameterValue("X-Demo-Time must be a number of milliseconds since the epoch.")
    return int(demo_time)


def _to_registry_error(error: Exception, identity: bytes) -> RegistryError:
    """The error that a client gets for an unexpected exception. The log has the details."""
    known = to_api_error(error)
    if known is not None:
        log.error("the database refused: %s", describe_error(error))
        return known
    reference = uuid.uuid4().hex
    log.error("unexpected error %s of request %s", reference, identity.decode(), exc_info=error)
    return InternalError(
        f"The server failed unexpectedly. Nothing was changed. Its log has the cause under reference {reference}."
    )
