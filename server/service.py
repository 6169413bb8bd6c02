"""Running the server: a listening socket, uvicorn on it, and a clean end."""

import fcntl
import json
import logging
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import click
import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from server.app import Registry
from server.http.protocol import Protocol
from server.operations.call import Policy
from server.rules.errors import RegistryError
from server.settings import Settings
from server.store.engine import CONNECTIONS, LONGEST_READ, database_url, shown, summary
from server.store.schema import SchemaTooNewError

KEEP_ALIVE = 75  # seconds that an idle connection stays open: longer than clients keep theirs
GRACE = 10  # seconds that open requests get to finish
LOOPBACK = ("127.0.0.1", "::1", "localhost")
LOOK = 1.0  # seconds between looks for whether anybody still needs this server


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to serve. ``state_file`` gets ``{"url": ..., "pid": ...}`` once the server is ready; ``end_with`` is a file
    that the consoles hold a shared lock on: the server ends with the last of them."""

    database: str
    host: str
    port: int
    protect_active_versions: bool = False
    connections: int = CONNECTIONS
    longest_read: float = LONGEST_READ
    throwaway: bool = False
    state_file: Path | None = None
    end_with: Path | None = None


def run(options: Options) -> None:
    """Serve until a signal, or until nobody needs it; exits with 1 and a message if it cannot start."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        listener = _listen(options.host, options.port)
    except OSError as error:
        _fail(f"Cannot listen on {options.host} port {options.port}: {error.strerror}. Choose another with --port.")
    with listener:
        _serve(options, listener)


def _serve(options: Options, listener: socket.socket) -> None:
    try:
        registry = Registry(
            Settings(
                database=database_url(options.database),
                policy=Policy(protect_active_versions=options.protect_active_versions),
                connections=options.connections,
                longest_read=options.longest_read,
                durable=not options.throwaway,
                demo_clock=options.throwaway,
            )
        )
    except (SchemaTooNewError, RegistryError) as error:
        _fail(str(error))
    except (SQLAlchemyError, OSError) as error:
        _fail(f"The database {shown(options.database)} could not be opened: {summary(error)}")
    if options.host not in LOOPBACK:
        click.echo(
            f"Warning: listening on {options.host} without TLS. Whoever can read the network can read the tokens.",
            err=True,
        )
    server = _Server(registry, listener, options)
    # uvicorn catches these, shuts down, and then raises them again for the handler that was there before: this one,
    # so that the process ends with 0.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """Tells when it is ready, and ends the event streams before it waits for open requests."""

    def __init__(self, registry: Registry, listener: socket.socket, options: Options) -> None:
        super().__init__(
            uvicorn.Config(
                registry.asgi,
                http=Protocol,
                ws="none",
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=GRACE,
                callback_notify=self._look,
                timeout_notify=LOOK,  # type: ignore[arg-type]  # compared with seconds as they are
            )
        )
        self._registry = registry
        self._options = options
        self._url = _url(listener)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._options.state_file is not None:
            _write_privately(self._options.state_file, json.dumps({"url": self._url, "pid": os.getpid()}))
        click.echo(f"Serving the registry {shown(self._options.database)} on {self._url} (Ctrl-C ends it)", err=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._options.state_file is not None:
            self._options.state_file.unlink(missing_ok=True)
        self._registry.end_streams()
        await super().shutdown(sockets)

    async def _look(self) -> None:
        if self._options.end_with is not None and _is_unlocked(self._options.end_with):
            self.should_exit = True


def _listen(host: str, port: int) -> socket.socket:
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return socket.create_server(address[:2], family=family, backlog=2048)


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if listener.family == socket.AF_INET6 else f"http://{host}:{port}"


def _write_privately(file: Path, content: str) -> None:
    """Whole or not at all, readable by its owner only."""
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(content)
    draft.replace(file)


def _is_unlocked(file: Path) -> bool:
    """Whether no process holds a lock on the file."""
    with file.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _fail(message: str) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.exit(1)
