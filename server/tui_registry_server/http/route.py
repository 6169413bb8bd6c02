"""A route: method, path, ability, operation."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from tui_registry_server.http.responses import JSON
from tui_registry_server.operations.call import Answer, WebhookTest
from tui_registry_server.wire.error import Error
from tui_registry_server.wire.fields import Nothing, RequestBody
from tui_registry_server.wire.permission_policy import Ability

PREFIXES = ("/api/2.0", "/ajax-api/2.0")
"""The prefixes of the API's paths: for programs, and for MLflow's web pages."""


class NoFields(RequestBody):
    """The body of requests without fields."""


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table of routes. It cannot be created without an ability.

    path: below the API's prefixes, or, with ``rooted``, absolute; ``{name}`` is a field taken from the path. See paths.
    operation: called with the call, the request's body and the subject. Only the event stream and the calls of OAuth
        have none.
    subject: loads what the request is about. Without one, the operation's own statements filter what the caller may
        read, so that no ability beyond reading can be checked.
    writes: whether it runs as a transaction of the writer; by default, all methods but GET.
    logged_model: which logged model the tracking server is asked about before the operation runs, which gets the answer
        in ``Call.lookup``: a function like the operation, run in a read of its own. It returns an id or None.
    error: what answers of the statuses 4xx and 5xx have.
    scim: whether it has SCIM's headers and errors: see http.scim.
    of_server: whether the operation is about this server itself: it is called with the ServerState first, and, if it is
        public, may be a coroutine function.
    media_type: of its answer.
    oauth: of the calls of OAuth, the method of http.oauth.OAuth that answers the request.
    form: whether the body is a form, not JSON.
    sends: whether it sends a request to a webhook's receiver, and waits for the answer.
    lengthy: whether it usually exceeds the inline budget (see store.deadlines): lists that are assembled here, groups
        of thousands. For operations that rarely do, see store.database.
    """

    method: str
    path: str
    ability: Ability
    operation: Callable[..., Answer | WebhookTest | Awaitable[Answer]] | None
    body: type[BaseModel] = NoFields
    subject: Callable[..., Any] | None = None
    answer: type[BaseModel] = Nothing
    writes: bool | None = None
    sends: bool = False
    lengthy: bool = False
    status: int = 200
    rooted: bool = False
    scim: bool = False
    of_server: bool = False
    media_type: str = JSON
    logged_model: Callable[..., str | None] | None = None
    oauth: Callable[..., Awaitable[Response]] | None = None
    form: bool = False
    error: type[BaseModel] = Error
    template: str = field(init=False)
    """Its first path, by which logs and metrics name it."""

    def __post_init__(self) -> None:
        if self.subject is None and self.ability not in {Ability.PUBLIC, Ability.ANYONE, Ability.READ}:
            raise ValueError(f"{self.method} {self.path} needs an ability but has no subject to check it on")
        if self.writes is None:
            object.__setattr__(self, "writes", self.method != "GET")
        object.__setattr__(self, "template", self.paths[0])

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths of the route: those under /mlflow are also served under /preview/mlflow, for MLflow 1.x."""
        if self.rooted:
            return (self.path,)
        below = (self.path, f"/preview{self.path}") if self.path.startswith("/mlflow/") else (self.path,)
        return tuple(prefix + path for prefix in PREFIXES for path in below)
