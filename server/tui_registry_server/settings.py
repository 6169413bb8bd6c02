"""The server's settings, read once at the start."""

from dataclasses import dataclass, field

from tui_registry_server.identity.provider import OpenIdProvider
from tui_registry_server.operations.call import Policy
from tui_registry_server.rules.backup_schedule import BackupSchedule
from tui_registry_server.rules.limits import Limits
from tui_registry_server.store.engine import CONNECTIONS, LONGEST_READ, LONGEST_WRITE, URL
from tui_registry_server.tracking.server import TrackingServer


@dataclass(frozen=True, slots=True)
class Settings:
    """database: where the registry is stored.

    connections: the number of PostgreSQL connections for reading.
    longest_read: the deadline of a read, in seconds.
    longest_write: seconds that a change may wait for its turn on PostgreSQL, and again for its commit.
    limits: the largest requests, numbers of connections etc. that are served.
    durable: whether a write is on the disk before it is answered; off for throwaway registries only.
    tracking: the MLflow tracking server that is asked about new versions, if any.
    access_log: whether each request is logged.
    traces: whether traces are sent, if the environment says where to.
    openid: the OpenID provider whose tokens are accepted, if any.
    backups: when the server backs the registry up, if it does.
    demo_clock: whether a client may set the time of a change by the header ``X-Demo-Time`` (milliseconds); only for
    filling a throwaway registry with history.
    """

    database: URL
    policy: Policy = field(default_factory=Policy)
    connections: int = CONNECTIONS
    longest_read: float = LONGEST_READ
    longest_write: float = LONGEST_WRITE
    limits: Limits = field(default_factory=Limits)
    durable: bool = True
    demo_clock: bool = False
    access_log: bool = False
    traces: bool = False
    tracking: TrackingServer | None = None
    openid: OpenIdProvider | None = None
    backups: BackupSchedule | None = None
