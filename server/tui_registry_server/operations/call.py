"""What every operation needs to know of the request that it serves."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from tui_registry_server.rules.principals import Principal
from tui_registry_server.store.engine import Connection

Answer = str | bytes | dict[str, Any]
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

    now: milliseconds since the epoch; the same for all that the request does.
    address: the client's address, where known.
    """

    connection: Connection
    principal: Principal
    now: int
    address: str | None = None
    policy: Policy = Policy()
