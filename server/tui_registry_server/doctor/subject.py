"""What is examined: the options of a server, and its database."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.pool import NullPool

from tui_registry_server.rules.webhook_targets import Network
from tui_registry_server.service import Options
from tui_registry_server.store.engine import database_url, make_engine
from tui_registry_server.wire.diagnosis import CheckFailed


@dataclass(frozen=True)
class Server:
    options: Options

    @cached_property
    def url(self) -> URL:
        """Raises InvalidParameterValue."""
        return database_url(self.options.database)

    @property
    def file(self) -> Path | None:
        """The SQLite file, if it is one."""
        return Path(self.url.database or "") if self.url.get_backend_name() == "sqlite" else None

    @property
    def webhook_networks(self) -> tuple[Network, ...]:
        return tuple(self.options.webhook_networks)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that cannot write, and creates no file. Raises CheckFailed if there is no file."""
        file = self.file
        if file is None:
            engine = make_engine(self.url, write=False)
        elif not file.is_file():
            raise CheckFailed(
                f"There is no file {file}.", "Check --database; the first start of a server creates a registry there."
            )
        else:
            address = f"{file.absolute().as_uri()}?mode=ro"
            engine = create_engine(
                "sqlite://",
                creator=lambda: sqlite3.connect(address, uri=True, isolation_level=None, timeout=5),
                poolclass=NullPool,
            )
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


def now() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
