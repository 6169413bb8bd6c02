"""A registry that may have several servers, with an administrator."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.history import check
from tests.live_registry import ADMIN, DATABASE_VARIABLE, Server, command, fresh_database
from tests.server.api import Api
from tui_registry_server.store.engine import database_url, make_engine


@dataclass
class SharedRegistry:
    """``token`` is the administrator's."""

    database: str
    urls: Sequence[str]
    token: str

    @property
    def api(self) -> Api:
        return Api(self.urls[0], self.token)

    def check(self) -> int:
        """Check its history. Returns the number of records."""
        engine = make_engine(database_url(self.database), write=False)
        with engine.connect() as connection:
            count = check(connection)
        engine.dispose()
        return count


@contextmanager
def shared_registry(folder: Path) -> Iterator[SharedRegistry]:
    """On PostgreSQL it has two servers, else one."""
    with fresh_database(folder) as database, ExitStack() as stack:
        command(database, "users", "create", ADMIN, "--admin")
        token = command(database, "tokens", "create", ADMIN).strip()
        urls = []
        for number in range(2 if os.environ.get(DATABASE_VARIABLE) else 1):
            own = Path(folder / str(number))
            own.mkdir()
            server = stack.enter_context(Server(own, database))
            urls.append(server.start())
        yield SharedRegistry(database, urls, token)
