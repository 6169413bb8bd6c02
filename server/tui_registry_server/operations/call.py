"""What every operation needs to know of the request that it serves."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from tui_registry_server.rules.principals import Principal
from tui_registry_server.store.engine import Connection

Answer = str | bytes | dict[str, Any]
"""JSON: written out, when the database assembled it, or as data."""


class WithHeaders(NamedTuple):
    """An answer that says something in the header, too."""

    answer: Answer
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Policy:
    """Choices of the server's operator.

    protect_active_versions: refuse, as Databricks does, to delete or rename while a version concerned is in Staging
    or Production; MLflow allows it.
    """

    protect_active_versions: bool = False


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
