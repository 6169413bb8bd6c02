"""What a route is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from tui_registry_server.operations.call import Answer, WithHeaders
from tui_registry_server.wire.ability import Ability
from tui_registry_server.wire.fields import Nothing, RequestBody

PREFIXES = ("/api/2.0", "/ajax-api/2.0")
"""What the API's paths begin with: for programs, and as MLflow's pages in a browser ask for it."""


class NoFields(RequestBody):
    """A request that needs none."""


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table. It cannot be made without an ability.

    path: below the API's prefixes, or, with ``rooted``, as it is; ``{name}`` is a field taken from the path. See paths.
    operation: called with the call, the request's body and the subject. Only the event stream has none.
    subject: loads what the request is about. Without one, the operation's own statements see only what the caller may
        read, so that the ability can be no more than to read.
    writes: whether it runs as a transaction of the writer: all but GET, if nothing is said.
    scim: whether it is spoken as SCIM has it: see http.scim.
    lengthy: whether it usually takes longer than a moment: lists that are put together here, groups of thousands. For
        what only sometimes does, see store.database.
    """

    method: str
    path: str
    ability: Ability
    operation: Callable[..., Answer | WithHeaders] | None
    body: type[BaseModel] = NoFields
    subject: Callable[..., Any] | None = None
    answer: type[BaseModel] = Nothing
    writes: bool | None = None
    lengthy: bool = False
    status: int = 200
    rooted: bool = False
    scim: bool = False

    def __post_init__(self) -> None:
        if self.subject is None and self.ability not in {Ability.PUBLIC, Ability.ANYONE, Ability.READ}:
            raise ValueError(f"{self.method} {self.path} takes an ability but loads no subject to judge it by")
        if self.writes is None:
            object.__setattr__(self, "writes", self.method != "GET")

    @property
    def paths(self) -> tuple[str, ...]:
        """Everywhere that it is served: what is under /mlflow also under /preview/mlflow, where MLflow 1.x calls it."""
        if self.rooted:
            return (self.path,)
        below = (self.path, f"/preview{self.path}") if self.path.startswith("/mlflow/") else (self.path,)
        return tuple(prefix + path for prefix in PREFIXES for path in below)
