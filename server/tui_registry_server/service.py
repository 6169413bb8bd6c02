"""Running the server: a listening socket, uvicorn on it, and a graceful shutdown."""

import asyncio
import contextlib
import fcntl
import gc
import json
import logging
import os
import resource
import signal
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import IO, cast

import click
import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from tui_registry_server.app import Registry
from tui_registry_server.http.connection_limiter import ConnectionLimiter, Network
from tui_registry_server.http.monitoring_server import MonitoringServer
from tui_registry_server.http.protocol import Protocol
from tui_registry_server.identity.provider import OpenIdProvider
from tui_registry_server.listening import is_loopback, listen, refuse_new_connections, reporting, url_of
from tui_registry_server.operations.call import Policy
from tui_registry_server.output import announce, fail, set_up_log
from tui_registry_server.rules.backup_schedule import BackupSchedule
from tui_registry_server.rules.errors import InvalidParameterValue, RegistryError
from tui_registry_server.rules.limits import Limits
from tui_registry_server.rules.mail import MailServer
from tui_registry_server.rules.secret_box import secret_box
from tui_registry_server.settings import Settings
from tui_registry_server.store.engine import (
    CONNECTIONS,
    LONGEST_READ,
    LONGEST_WRITE,
    database_url,
    describe_error,
    redact_url,
)
from tui_registry_server.store.schema import SchemaTooNewError
from tui_registry_server.systemd import keep_alive, notify
from tui_registry_server.tls import Certificate
from tui_registry_server.tracking.server import TrackingServer

log = logging.getLogger(__name__)

ACCEPT_SECONDS = 0.05  # seconds in which those who have begun to connect are accepted, before the end
SHUTDOWN_TIMEOUT = 10  # seconds that open requests get to finish
SHUTDOWN_POLL_INTERVAL = 0.02  # seconds between checks whether they have
ENDED_AT_ONCE = 1  # the exit code after a second signal: what was still running was cut off
TLS_SHUTDOWN_TIMEOUT = 2  # seconds for a client to answer that a TLS connection ends; idle ones do not
THREAD_SWITCH_INTERVAL = 0.0005  # seconds after which a busy thread yields to the event loop
OTHER_OPEN_FILES = 200  # that the server has open, besides connections
POLL_INTERVAL = 1.0  # seconds between checks whether a console still uses this server


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to serve. ``state_file`` gets ``{"url": ..., "pid": ...}`` once the server is ready; ``end_with`` is a file
    that the consoles hold a shared lock on: the server exits with the last of them. ``socket_fd`` is a listening Unix
    socket, inherited from the parent process, that is served, too. The X-Forwarded-For of ``trusted_proxies`` is
    trusted. ``webhook_networks``: where webhooks may send to, besides public addresses; ``webhook_key_file``: with the
    key that encrypts their secrets; ``mail_server`` sends e-mail. On ``metrics_port``, if there is one,
    http.monitoring is served. ``drain``: seconds after SIGTERM in which requests are still served."""

    database: str
    host: str
    port: int
    protect_active_versions: bool = False
    connections: int = CONNECTIONS
    longest_read: float = LONGEST_READ
    longest_write: float = LONGEST_WRITE
    certificate: Certificate | None = None
    insecure_http: bool = False
    trusted_proxies: Sequence[Network] = ()
    tracking: TrackingServer | None = None
    openid: OpenIdProvider | None = None
    webhook_networks: Sequence[Network] = ()
    webhook_key_file: Path | None = None
    mail_server: MailServer | None = None
    backups: BackupSchedule | None = None
    limits: Limits = field(default_factory=Limits)
    throwaway: bool = False
    state_file: Path | None = None
    end_with: Path | None = None
    socket_fd: int | None = None
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None
    log_level: str = "warning"
    log_format: str = "text"
    access_log: bool = False
    drain: float = 0.0


def run(options: Options) -> None:
    """Serve until a signal, or until no console uses it. Exits with 1 and a message if it cannot start, and with 2 if
    it would serve other machines without TLS and without ``insecure_http``."""
    set_up_log(options.log_level, options.log_format)
    sys.setswitchinterval(THREAD_SWITCH_INTERVAL)
    _raise_open_files_limit(_most_open_files(options))
    try:
        with reporting(options.host, options.port):
            if options.certificate is None and not is_loopback(options.host):
                _warn_of_plain_http(options)
        context = None if options.certificate is None else options.certificate.context()
    except InvalidParameterValue as error:
        fail(error.message)
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(listen(options.host, options.port))
        monitoring = None
        if options.metrics_port is not None:
            monitoring = stack.enter_context(listen(options.metrics_host, options.metrics_port, "--metrics-"))
        _serve(options, listener, monitoring, context)


def _warn_of_plain_http(options: Options) -> None:
    if not options.insecure_http:
        raise click.UsageError(
            f"{options.host} can be reached from other machines, and without TLS anyone who can read the network can "
            "read the tokens. Give a certificate with --tls-cert and --tls-key; or, if a proxy in front of the server "
            "terminates TLS, or the network is your own, say so with --insecure-http."
        )
    announce(f"Warning: listening on {options.host} without TLS. Anyone who can read the network can read the tokens.")


def _serve(
    options: Options, listener: socket.socket, monitoring: socket.socket | None, context: ssl.SSLContext | None
) -> None:
    try:
        registry = Registry(
            Settings(
                database=database_url(options.database),
                policy=Policy(
                    protect_active_versions=options.protect_active_versions,
                    asks_tracking_server=options.tracking is not None,
                    webhook_networks=options.webhook_networks,
                    secret_box=secret_box(options.webhook_key_file),
                    mail_server=options.mail_server,
                ),
                connections=options.connections,
                longest_read=options.longest_read,
                longest_write=options.longest_write,
                limits=options.limits,
                durable=not options.throwaway,
                demo_clock=options.throwaway,
                tracking=options.tracking,
                access_log=options.access_log,
                traces=options.end_with is None,
                openid=options.openid,
                backups=options.backups,
            )
        )
    except (SchemaTooNewError, RegistryError) as error:
        fail(str(error))
    except (SQLAlchemyError, OSError, UnicodeDecodeError) as error:
        fail(f"The database {redact_url(options.database)} could not be opened: {describe_error(error)}")
    server = _Server(registry, listener, monitoring, options, context)
    # uvicorn catches these, shuts down, and then raises them again for the handler that was there before: this one,
    # so that the process ends with 0.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    server.run(sockets=[listener, *_inherited(options.socket_fd)])


class _Server(uvicorn.Server):
    """Reports when it is ready, and ends the event streams before it waits for open requests."""

    def __init__(
        self,
        registry: Registry,
        listener: socket.socket,
        monitoring: socket.socket | None,
        options: Options,
        context: ssl.SSLContext | None,
    ) -> None:
        connection_limiter = ConnectionLimiter(options.limits, options.trusted_proxies)
        protocol = partial(Protocol, connection_limiter=connection_limiter, state=registry.state)
        super().__init__(
            uvicorn.Config(
                registry,
                http=cast("type[asyncio.Protocol]", protocol),
                ws="none",
                log_config=None,  # its lines go through our log
                log_level="error",  # each request that is not HTTP would log a line, and anyone can send many
                access_log=False,
                server_header=False,
                proxy_headers=bool(options.trusted_proxies),
                forwarded_allow_ips=[str(proxy) for proxy in options.trusted_proxies],
                ssl_context_factory=None if context is None else lambda *_: context,
                timeout_keep_alive=options.limits.idle_seconds,
                callback_notify=self._exit_if_unused,
                timeout_notify=POLL_INTERVAL,  # type: ignore[arg-type]  # compared with seconds as they are
            )
        )
        self._registry = registry
        registry.state.connections = lambda: len(self.server_state.connections)
        self._monitoring = (
            None
            if monitoring is None
            else MonitoringServer(monitoring, url_of(monitoring, "http"), registry.state, options.limits)
        )
        self._drain_end: float | None = None
        self._watchdog: asyncio.Task[None] | None = None
        self._options = options
        self._context = context
        self._exclusive_lock: IO[str] | None = None
        self._url = url_of(listener, "http" if context is None else "https")

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        if self._context is not None:
            loop.create_server = partial(  # type: ignore[method-assign]  # uvicorn has no setting for these
                loop.create_server,
                ssl_handshake_timeout=self._options.limits.head_seconds,
                ssl_shutdown_timeout=TLS_SHUTDOWN_TIMEOUT,
            )
            loop.add_signal_handler(signal.SIGHUP, self._reload_certificate)
        await super().startup(sockets)
        if self._monitoring is not None:
            await self._monitoring.start()
            announce(f"Monitoring: {self._monitoring.url}/metrics")
        gc.collect()
        gc.freeze()  # these objects stay; a full collection of them would block the event loop for 0.1 s
        if self._options.state_file is not None:
            _write_private_file(self._options.state_file, json.dumps({"url": self._url, "pid": os.getpid()}))
        self._watchdog = asyncio.ensure_future(keep_alive())
        notify("READY=1", f"STATUS=Serving on {self._url}")
        announce(f"Serving the registry {redact_url(self._options.database)} on {self._url} (Ctrl-C ends it)")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal begins the shutdown: if it is SIGTERM, after a while in which requests are still served, so
        that load balancers notice that this server is not ready. The second one ends it at once."""
        self._captured_signals.append(sig)
        if self._registry.state.is_draining:
            self._remove_state_file()
            os._exit(ENDED_AT_ONCE)
        self._registry.state.is_draining = True
        if sig == signal.SIGTERM and self._options.drain > 0 and self._options.end_with is None:
            self._drain_end = time.monotonic() + self._options.drain
            # The unit's TimeoutStopSec may be shorter: systemd would kill it.
            notify(f"EXTEND_TIMEOUT_USEC={(self._options.drain + 2 * SHUTDOWN_TIMEOUT) * 1_000_000:.0f}")
        else:
            self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        if self._drain_end is not None:
            if time.monotonic() >= self._drain_end:
                self.should_exit = True
            for connection in list(self.server_state.connections):
                cast("Protocol", connection).drain()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """In place of uvicorn's, which closes connections whose next request is on its way."""
        notify("STOPPING=1")
        self._registry.state.is_draining = True
        self._remove_state_file()
        for each in sockets or ():
            refuse_new_connections(each)
        await asyncio.sleep(ACCEPT_SECONDS)
        for server in self.servers:
            server.close()
        for each in sockets or ():
            each.close()
        self._registry.end_streams()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self._answer_running()
        await self.lifespan.shutdown()
        if self._monitoring is not None:
            self._monitoring.stop()
        if self._watchdog is not None:
            self._watchdog.cancel()

    async def _answer_running(self) -> None:
        """Wait until all connections are closed and all requests answered, for SHUTDOWN_TIMEOUT."""
        state = self.server_state
        end = time.monotonic() + SHUTDOWN_TIMEOUT
        while (state.connections or state.tasks) and time.monotonic() < end:  # noqa: ASYNC110  # uvicorn's have no event
            await asyncio.sleep(SHUTDOWN_POLL_INTERVAL)
        if state.tasks:
            log.error("%d requests were not answered in time, and are aborted", len(state.tasks))
        for task in state.tasks:
            task.cancel()

    def _remove_state_file(self) -> None:
        if self._options.state_file is not None:
            _remove_own(self._options.state_file)

    def _reload_certificate(self) -> None:
        """Serve new connections with the current certificate and key files."""
        certificate, context = self._options.certificate, self._context
        if certificate is None or context is None:
            return
        try:
            certificate.context()  # if anything is wrong with them, the previous ones stay in use
            certificate.load_into(context)
        except InvalidParameterValue as error:
            log.error("the certificate was not renewed: %s", error.message)
        else:
            log.warning("the certificate was renewed")

    async def _exit_if_unused(self) -> None:
        """A console that starts after this waits for the lock, until this process has exited."""
        if self._options.end_with is not None and self._exclusive_lock is None:
            self._exclusive_lock = _lock(self._options.end_with)
            self.should_exit = self._exclusive_lock is not None


def _inherited(descriptor: int | None) -> list[socket.socket]:
    return [] if descriptor is None else [socket.socket(fileno=descriptor)]


def _most_open_files(options: Options) -> int:
    """How many may be open at once, by the limits."""
    limits = options.limits
    tracking = 0 if options.tracking is None else 2 * limits.tracking_requests  # two each: see tracking.early_responses
    return limits.connections + limits.refused_connections + limits.webhook_sends + tracking + OTHER_OPEN_FILES


def _raise_open_files_limit(wanted: int) -> None:
    """Raise the soft limit of open files, up to the hard one: each connection is a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    new = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (new, hard))
    if new < wanted:
        log.warning("only %d files may be open: raise the limit (ulimit -n), or lower --limit connections", new)


def _write_private_file(file: Path, content: str) -> None:
    """Replace a file atomically; readable by its owner only."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")  # a new file, of mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(content)
        temporary.replace(file)
    except BaseException:
        temporary.unlink()
        raise


def _remove_own(state: Path) -> None:
    """Remove the state file, unless another server has replaced it with its own."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        if json.loads(state.read_text())["pid"] == os.getpid():
            state.unlink()


def _lock(file: Path) -> IO[str] | None:
    """An exclusive lock on the file; None if another process holds one."""
    stream = file.open("a")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        stream.close()
        return None
    return stream
