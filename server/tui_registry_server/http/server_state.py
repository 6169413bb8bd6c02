"""What this server process knows of itself, for the routes that its operator watches."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tui_registry_server.delivery.worker import DeliveryWorker
from tui_registry_server.http.request_counts import RequestCounts
from tui_registry_server.rules.errors import RegistryError, TemporarilyUnavailable
from tui_registry_server.store import database_status, schema
from tui_registry_server.store.database import Database
from tui_registry_server.store.database_status import DatabaseStatus
from tui_registry_server.store.engine import describe_error, to_api_error
from tui_registry_server.store.schema import SchemaTooNewError

log = logging.getLogger(__name__)

DATABASE_SECONDS = 2.0  # seconds in which the database must answer
KEPT_SECONDS = 0.5  # seconds for which the outcome is kept: no token is needed to ask for it


@dataclass(slots=True)
class ServerState:
    """``connections`` and ``streams`` say how many are open now. ``is_draining``: this server is about to end, and is
    to be sent no more requests."""

    database: Database
    deliveries: DeliveryWorker
    counts: RequestCounts = field(default_factory=RequestCounts)
    connections: Callable[[], int] = int
    streams: Callable[[], int] = int
    is_draining: bool = False
    _database_check: "asyncio.Task[str | None] | None" = None
    _checked: float = 0.0

    async def require_ready(self) -> None:
        """Raises TemporarilyUnavailable, with the reason, if this server should not be sent requests."""
        if self.is_draining:
            raise TemporarilyUnavailable("The server is shutting down. Send requests to another.")
        check = self._database_check
        if check is None or (check.done() and time.monotonic() - self._checked > KEPT_SECONDS):
            check = self._database_check = asyncio.ensure_future(self._check_database())
        if problem := await asyncio.shield(check):  # which others wait for, too
            raise TemporarilyUnavailable(problem)

    async def database_status(self) -> DatabaseStatus | None:
        """None if the database does not answer."""
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                return await self.database.read(database_status.read, lengthy=True)
        except TimeoutError:
            return None
        except Exception as error:
            if _reason(error) is None:
                raise
            return None

    async def _check_database(self) -> str | None:
        """What is wrong with the database; None if nothing is."""
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                await self.database.read(schema.check)
        except TimeoutError:
            return f"The database did not answer within {DATABASE_SECONDS:.0f} seconds."
        except Exception as error:
            reason = _reason(error)
            if reason is None:
                raise
            log.error("the server is not ready: %s", describe_error(error))
            return reason
        finally:
            self._checked = time.monotonic()
        return None


def _reason(error: Exception) -> str | None:
    """What to answer if it is an error of the database; None if it is not."""
    if isinstance(error, SchemaTooNewError):
        return str(error)
    known = error if isinstance(error, RegistryError) else to_api_error(error)
    return None if known is None else known.message
