"""What the server's operator chose, read once at the start."""

from dataclasses import dataclass, field

from tui_registry_server.operations.call import Policy
from tui_registry_server.rules.limits import Limits
from tui_registry_server.store.engine import CONNECTIONS, LONGEST_READ, LONGEST_WRITE, URL


@dataclass(frozen=True, slots=True)
class Settings:
    """database: where the registry is kept.

    connections: how many connections to PostgreSQL read at the same time.
    longest_read: seconds after which a search or a list is given up.
    longest_write: seconds that a change may wait for its turn on PostgreSQL, and as many for its commit.
    limits: what the server takes of anybody before it refuses.
    durable: whether a write is on the disk before it is answered; only a throwaway registry does without.
    demo_clock: whether a client may say, with the header ``X-Demo-Time`` (milliseconds), when a change was made; only
    for filling a throwaway registry with history.
    """

    database: URL
    policy: Policy = field(default_factory=Policy)
    connections: int = CONNECTIONS
    longest_read: float = LONGEST_READ
    longest_write: float = LONGEST_WRITE
    limits: Limits = field(default_factory=Limits)
    durable: bool = True
    demo_clock: bool = False
