"""The context of an operation: the caller, the time, the transaction; and the type of its answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tui_registry_server.rules.lineage import RunLookup
from tui_registry_server.rules.mail import MailServer, OutgoingMail
from tui_registry_server.rules.principals import Principal
from tui_registry_server.rules.secret_box import SecretBox
from tui_registry_server.rules.webhook_http import Outcome, OutgoingRequest
from tui_registry_server.rules.webhook_targets import Network
from tui_registry_server.store.activities import Head
from tui_registry_server.store.engine import Connection


class WithHeaders(NamedTuple):
    """JSON with response headers: of a SCIM resource, its address and version."""

    content: str
    headers: Mapping[str, str]


Answer = str | bytes | dict[str, Any] | WithHeaders
"""JSON: as text, if the database assembled it, or as data."""


class WebhookTest(NamedTuple):
    """A request that is sent after the transaction; ``answer`` makes the answer of its outcome."""

    request: OutgoingRequest | OutgoingMail
    answer: Callable[[Outcome], Answer]


@dataclass(frozen=True, slots=True)
class Policy:
    """Choices of the server's operator.

    protect_active_versions: refuse, as Databricks does, to delete or rename while an affected version is in Staging or
    Production; MLflow allows it.
    asks_tracking_server: new versions are looked up with an MLflow tracking server.
    webhook_networks: where webhooks may send to, besides public addresses; also without TLS.
    secret_box: encrypts webhooks' secrets.
    mail_server: sends e-mail; None if there is none.
    """

    protect_active_versions: bool = False
    asks_tracking_server: bool = False
    webhook_networks: Sequence[Network] = ()
    secret_box: SecretBox = field(default_factory=SecretBox)
    mail_server: MailServer | None = None


class Caller(NamedTuple):
    """What is known of a request before its body is read."""

    principal: Principal


class Call(NamedTuple):
    """One request: on an open transaction, by an authenticated caller.

    now: milliseconds since the epoch, the timestamp of all changes of the request; never before the previous change,
        even if the clock was set back.
    clock: the time of the clock, in milliseconds since the epoch.
    address: the client's address, if known.
    head: of the activities, to which a change appends; None in a read.
    root: the URL of the SCIM endpoints, as the client addressed them.
    if_match: ETags; the resource is only changed if its version is one of them.
    lookup: what the tracking server has said, before the transaction, about the logged model of the request; None if
        it was not asked.
    """

    connection: Connection
    principal: Principal
    now: int
    clock: int
    address: str | None = None
    policy: Policy = Policy()
    head: Head | None = None
    root: str = ""
    if_match: str | None = None
    lookup: RunLookup | None = None
