"""What every operation needs to know of the request that it serves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tui_registry_server.rules.principals import Principal
from tui_registry_server.store.engine import Connection


class WithHeaders(NamedTuple):
    """JSON, and what the head of its answer says: of a resource of SCIM, its address and its version."""

    content: str
    headers: Mapping[str, str]


Answer = str | bytes | dict[str, Any] | WithHeaders
"""JSON: written out, when the database assembled it, or as data."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Choices of the server's operator.

    protect_active_versions: refuse, as Databricks does, to delete or rename while a version concerned is in Staging
    or Production; MLflow allows it.
    """

    protect_active_versions: bool = False


class Caller(NamedTuple):
    """What is known of a request before its body is read: who calls."""

    principal: Principal


class Call(NamedTuple):
    """One request: on an open transaction, by an authenticated caller.

    now: milliseconds since the epoch; the same for all that the request does. What changes something is never older
        than the change before it, whatever the clock says.
    clock: what the clock says.
    address: the client's address, where known.
    root: the URL that SCIM's resources are below, as the client reached it.
    if_match: the versions, as ETags, of which the thing must have one to be changed.
    """

    connection: Connection
    principal: Principal
    now: int
    clock: int
    address: str | None = None
    policy: Policy = Policy()
    root: str = ""
    if_match: str | None = None
