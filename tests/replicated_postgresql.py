"""Two real PostgreSQL servers, a primary and its standby with streaming replication, for tests of failovers."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.postgresql import bundled_programs

TIMEOUT = 30  # seconds for a server to start, to be promoted, to catch up
NAME = "other"  # the application_name of the current standby
DATABASE = "registry"
SETTINGS = (
    "-c fsync=off -c max_connections=100 -c wal_keep_size=64MB -c max_wal_size=256MB -c shared_buffers=16MB "
    "-c wal_receiver_status_interval=1s -c wal_retrieve_retry_interval=200ms -c hot_standby=on "
    "-c checkpoint_timeout=1h"
)


class Node:
    """A server on a loopback port of its own, as the superuser ``postgres``."""

    def __init__(self, folder: Path) -> None:
        self._programs, self._user = bundled_programs(folder)
        self.data = folder / "data"
        self._log = folder / "log"
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port: int = listener.getsockname()[1]
        self._pids: list[int] = []

    def create(self) -> None:
        self._run("initdb", "--auth=trust", "--encoding=utf8", "-U", "postgres", "-D", str(self.data), "--no-sync")

    def copy(self, primary: "Node") -> None:
        """Become a standby of ``primary``."""
        shutil.rmtree(self.data, ignore_errors=True)
        where = f"host=127.0.0.1 port={primary.port} user=postgres application_name={NAME}"
        self._run("pg_basebackup", "-R", "-c", "fast", "--no-sync", "-X", "stream", "-d", where, "-D", str(self.data))

    def start(self, *, wait: bool = True) -> None:
        """``wait``: until it accepts connections."""
        options = f'-h 127.0.0.1 -p {self.port} -k "" {SETTINGS}'
        self._control("start", "-w" if wait else "-W", "-o", options, "-l", str(self._log))

    def stop(self) -> None:
        """Disconnect everybody, and stop, if it runs."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self._control("stop", "-m", "immediate")

    def promote(self) -> None:
        self._control("promote", "-w", "-t", str(TIMEOUT))

    def signal(self, number: int) -> None:
        """Send SIGKILL or SIGSTOP to all of its processes, or SIGCONT to those that were stopped."""
        if number == signal.SIGCONT:
            self._send(number)
            return
        self._pids = [int((self.data / "postmaster.pid").read_text().split()[0])]
        with self.connect() as connection:
            os.kill(self._pids[0], signal.SIGSTOP)  # so that it starts no others
            self._pids += [row[0] for row in connection.execute("SELECT pid FROM pg_stat_activity")]
            self._send(number)
        if number == signal.SIGKILL:  # the file would look as if it still ran
            (self.data / "postmaster.pid").unlink()

    def _send(self, number: int) -> None:
        for pid in self._pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        if number != signal.SIGSTOP:
            self._pids.clear()

    def connect(self, database: str = "postgres") -> "psycopg.Connection[Any]":
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname=database, autocommit=True, connect_timeout=5
        )

    def execute(self, *statements: str) -> list[Any]:
        """The rows of the last statement, if it has any."""
        with self.connect() as connection:
            for statement in statements:
                done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []

    def query(self, sql: str) -> list[Any]:
        """The result of a query on the registry's database."""
        with self.connect(DATABASE) as connection:
            return connection.execute(sql.encode()).fetchall()

    def until(self, sql: str) -> None:
        """Wait until the result of a query is true."""
        deadline = time.monotonic() + TIMEOUT
        while self.execute(sql) != [(True,)]:
            assert time.monotonic() < deadline, f"{sql}\n{self._log.read_text()[-2000:]}"
            time.sleep(0.05)

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self.data), *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        with tempfile.TemporaryFile() as output:  # a pipe would be inherited by the server, and never end
            try:
                subprocess.run(
                    [self._programs / program, *arguments],
                    check=True,
                    cwd=self.data.parent,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    user=self._user,
                    timeout=60,
                )
            except subprocess.CalledProcessError as error:
                output.seek(0)
                error.add_note(output.read().decode() + (self._log.read_text()[-2000:] if self._log.exists() else ""))
                raise


@dataclass
class Pair:
    """``first`` and ``second`` are in the order of the URL."""

    first: Node
    second: Node
    primary: Node = field(init=False)
    standby: Node = field(init=False)

    def __post_init__(self) -> None:
        self.primary, self.standby = self.first, self.second

    @property
    def hosts(self) -> str:
        return f"127.0.0.1:{self.first.port},127.0.0.1:{self.second.port}"

    def promote(self) -> None:
        """Promote the standby; the old primary may only come back as its standby."""
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary

    def attach(self) -> None:
        """Recreate the standby from the primary, and wait until replication is synchronous."""
        self.standby.stop()
        self.standby.copy(self.primary)
        self.standby.start()
        self.synchronous(on=True)

    def synchronous(self, *, on: bool) -> None:
        names = NAME if on else ""
        self.primary.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'", "SELECT pg_reload_conf()")
        if on:
            self.primary.until("SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'")
        else:
            self.primary.until("SELECT current_setting('synchronous_standby_names') = ''")


@contextlib.contextmanager
def replicated_postgresql() -> Iterator[Pair]:
    """A new primary with an empty database, and its synchronous standby, until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="registry-replicated-"))
    try:
        nodes = []
        for name in ("first", "second"):
            (folder / name).mkdir()
            nodes.append(Node(folder / name))
        pair = Pair(*nodes)
        try:
            pair.primary.create()
            pair.primary.start()
            pair.primary.execute(f"CREATE DATABASE {DATABASE}")
            pair.attach()
            yield pair
        finally:
            for node in nodes:
                node.signal(signal.SIGCONT)
                node.stop()
    finally:
        shutil.rmtree(folder)
