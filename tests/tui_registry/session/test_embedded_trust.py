"""One's own registry on a machine with others: what a console sends is read by its server alone, and no token of it is
valid for ever."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import keyring
import pytest
from click.testing import CliRunner, Result

from tests.live_registry import command
from tests.tui_registry.console import Console
from tests.tui_registry.keyrings import MemoryKeyring
from tests.tui_registry.recording_server import recorder
from tests.tui_registry.session.test_embedded import beside, opened, quit_console, runs, server_pid, variables
from tests.tui_registry.terminal_process import TIMEOUT, terminal
from tests.variants import variant
from tests.waiting import until
from tui_registry.app import ConsoleApp
from tui_registry.cli import main
from tui_registry.session import connection, embedded, live_connection, session_token
from tui_registry.session.embedded import EmbeddedError, EmbeddedRegistry

DAY = 24 * 60 * 60.0  # seconds
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's files")
NOBODY = 65534

IMPOSTOR = """
import http.server, os, sys
port, record, user = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
log = open(record, "a", buffering=1)
class Impostor(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        log.write(f"{self.requestline} {dict(self.headers)}\\n")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status":"OK"}')
    do_POST = do_GET
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Impostor)
if user:
    os.setgroups([]); os.setgid(user); os.setuid(user)
log.write("listening\\n")
server.serve_forever()
"""


@contextlib.contextmanager
def impostor(home: Path) -> Iterator[Path]:
    """A process of another user, where there can be one, on the port that the state file names; what it wrote down."""
    port = json.loads(beside(home, ".server").read_text())["url"].rpartition(":")[2]
    record = home / "impostor.log"
    user = NOBODY if os.geteuid() == 0 else 0
    process = subprocess.Popen([sys.executable, "-c", IMPOSTOR, port, str(record), str(user)])
    try:
        until(lambda: record.exists() and "listening" in record.read_text(), "the impostor listens")
        yield record
    finally:
        process.kill()
        process.wait()


def stolen(record: Path) -> list[str]:
    return record.read_text().splitlines()[1:]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith(("TUI_REGISTRY_", "XDG_"))]:
        monkeypatch.delenv(name)
    for name, value in variables(tmp_path).items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
def vault() -> Iterator[MemoryKeyring]:
    before, backend = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@contextlib.contextmanager
def registry(home: Path) -> Iterator[EmbeddedRegistry]:
    """One's own, until the block ends; its server has then ended, too."""
    own = EmbeddedRegistry(beside(home))
    try:
        yield own
    finally:
        own.close()
        until(lambda: not beside(home, ".server").exists(), "the server has ended")


@contextlib.contextmanager
def another_console(home: Path) -> Iterator[EmbeddedRegistry]:
    other = EmbeddedRegistry(beside(home))
    try:
        yield other
    finally:
        other.close()


def status(own: EmbeddedRegistry, token: str) -> int:
    with own.endpoint.client(timeout=TIMEOUT, headers={"Authorization": f"Bearer {token}"}) as client:
        return client.get("/api/2.0/preview/scim/v2/Me").status_code


def own_client(own: EmbeddedRegistry) -> httpx.Client:
    token = own.open()
    return own.endpoint.client(timeout=TIMEOUT, headers={"Authorization": f"Bearer {token}"})


def expiries(home: Path) -> list[float | None]:
    """Seconds that each token is still valid for, the oldest first."""
    with contextlib.closing(sqlite3.connect(beside(home))) as database:
        rows = database.execute("SELECT expiry_timestamp FROM tokens ORDER BY creation_timestamp").fetchall()
    return [None if moment is None else moment / 1000 - time.time() for (moment,) in rows]


pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")  # it is meant to


# --- who took the port


def test_who_takes_the_port_of_a_killed_server_is_sent_nothing(home: Path) -> None:
    """Neither by a console that is open, whose server another one restarts, nor by one that starts."""
    with terminal(variables=variables(home)) as shown:
        opened(shown)
        pid = server_pid(home)
        os.kill(pid, signal.SIGKILL)
        with impostor(home) as record:
            shown.shows("✗ no connection")
            shown.press("2")  # asks for more
            shown.shows("✗ no connection", "Models")
            with terminal(variables=variables(home)) as other:
                opened(other)
                assert server_pid(home) != pid
                shown.shows("● live", "No models that you can read")
                assert stolen(record) == []
                pid = server_pid(home)
                quit_console(other)
            quit_console(shown)
    until(lambda: not runs(pid), "the server has ended")


def test_a_command_is_not_fooled_by_a_state_file(home: Path) -> None:
    """It may be from before a restart of the machine, or have been put there."""
    with recorder() as other:
        beside(home).parent.mkdir(parents=True, mode=0o700)
        beside(home, ".server").write_text(json.dumps({"url": other.url, "pid": os.getpid()}))
        done = run("models", "list")
        assert done.exit_code == 0, done.output
        assert other.connections == 0


def test_what_lies_in_the_place_of_its_files_is_replaced(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that nobody listens on any more, and links, which are not followed; in a folder that others may read,
    and whose path is longer than a socket's may be."""
    home = home / ("deep" * 20) / ("deeper" * 20)
    monkeypatch.setenv("HOME", str(home))
    folder = beside(home).parent
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    victim = home / "victim"
    victim.write_text("precious")
    monkeypatch.chdir(folder)
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as left:
        left.bind("registry.db.socket")
    for suffix in (".server", ".log"):
        beside(home, suffix).symlink_to(victim)
    with registry(home) as own:
        assert status(own, own.open()) == 200
        assert victim.read_text() == "precious"
        for suffix in (".server", ".log", ".socket"):
            about = beside(home, suffix).lstat()
            assert not stat.S_ISLNK(about.st_mode)
            assert stat.S_IMODE(about.st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("suffix", [".consoles", variant(".start")])
@pytest.mark.parametrize("put", [os.mkfifo, lambda place: place.symlink_to("elsewhere")], ids=["pipe", "link"])
def test_what_cannot_be_locked_is_named(put: Callable[[Path], None], suffix: str, home: Path) -> None:
    """Rather than waited for, or made elsewhere."""
    beside(home).parent.mkdir(parents=True, mode=0o700)
    put(beside(home, suffix))
    done = run("models", "list")
    assert done.exit_code == 1
    assert str(beside(home, suffix)) in done.stderr
    assert [each.name for each in beside(home).parent.glob("elsewhere")] == []


def test_who_may_read_its_files(home: Path) -> None:
    before = os.umask(0)
    try:
        with registry(home) as own:
            assert status(own, own.open()) == 200
            modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in beside(home).parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(modes, 0o600)


@pytest.mark.parametrize("suffix", [".consoles", variant(".start")])
def test_what_others_keep_locked_is_reported(suffix: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is stopped as it ends, or a console as it starts, by Ctrl-Z or a debugger."""
    monkeypatch.setattr(embedded, "LOCK_TIMEOUT", 0.2)
    beside(home).parent.mkdir(parents=True, mode=0o700)
    with beside(home, suffix).open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = run("models", "list")
    assert done.exit_code == 1
    assert "has held its lock" in done.stderr
    assert str(beside(home, suffix)) in done.stderr
    assert run("models", "list").exit_code == 0


@pytest.mark.parametrize("name", ["--help", *(variant(each) for each in ("-x", "--"))])
def test_a_user_whose_name_begins_as_an_option_does(name: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", name)
    with registry(home) as own, own_client(own) as client:
        assert client.get("/api/2.0/preview/scim/v2/Me").json()["userName"] == name


# --- the folder


@pytest.mark.parametrize("mode", [0o777, *(variant(each) for each in (0o770, 0o1777))])
def test_a_folder_that_others_may_write_in(home: Path, mode: int) -> None:
    """Whatever lies there may be theirs: it is left to its owner to look."""
    folder = beside(home).parent
    folder.mkdir(parents=True)
    folder.chmod(mode)
    done = run("models", "list")
    assert done.exit_code == 1
    assert f"Other users can write to {folder}" in done.stderr
    assert f"chmod go-w {folder}" in done.stderr
    assert list(folder.iterdir()) == []


@ROOT_ONLY
@pytest.mark.parametrize("what", ["folder", "database"])
def test_what_belongs_to_another_user_is_not_used(home: Path, what: str) -> None:
    folder = beside(home).parent
    folder.mkdir(parents=True, mode=0o700)
    theirs = folder if what == "folder" else beside(home)
    theirs.touch()
    os.chown(theirs, NOBODY, NOBODY)
    done = run("models", "list")
    assert done.exit_code == 1
    assert f"{theirs} belongs to nobody" in done.stderr


# --- how long a token is valid


def test_a_token_ends_by_itself_and_is_renewed_before(home: Path, vault: MemoryKeyring) -> None:
    def kept() -> dict[str, object]:
        (text,) = vault.passwords.values()
        content: dict[str, object] = json.loads(text)
        return content

    with registry(home) as own:
        first = own.open()
        assert not own.token_is_due
        (account,) = vault.passwords
        with another_console(home) as other:
            assert other.open() == first
        vault.passwords[account] = json.dumps({"token": first, "expiry": time.time() + 2 * DAY})  # time passes
        with another_console(home) as other:
            second = other.open()
            assert second != first
            assert kept()["token"] == second
            third = other.renew()
            assert kept()["token"] == third
        assert status(own, first) == 200  # which this one still uses
        assert own.renew() == third
    assert len(vault.passwords) == 1
    assert all(left is not None and 0 < left <= 7 * DAY for left in expiries(home))


def test_what_else_the_keyring_holds_is_replaced(home: Path, vault: MemoryKeyring) -> None:
    """The token of an older release never ends: it is revoked, too. The rest is none."""
    account = "tui-registry", f"embedded {beside(home)}"
    with registry(home) as own:
        own.open()
        (endless,) = own.tokens_of([own.user])
        with contextlib.closing(sqlite3.connect(beside(home))) as database, database:
            database.execute("UPDATE tokens SET expiry_timestamp = NULL")
        for kept in (endless, "ünïcode\r\n", '{"token": "tr_x", "expiry": "soon"}'):
            vault.passwords[account] = kept
            with another_console(home) as other:
                token = other.open()
                assert status(other, token) == 200
                assert json.loads(vault.passwords[account])["token"] == token
        assert status(own, endless) == 401
        with contextlib.closing(sqlite3.connect(beside(home))) as database, database:
            database.execute("UPDATE tokens SET expiry_timestamp = 1")
        own.tokens_of([own.user])
        assert len(expiries(home)) == 1, "what has expired is not forgotten"


async def test_an_open_console_renews_its_token(
    home: Path, vault: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it ends; and when it is refused, as after the machine slept for too long. Nobody is asked."""
    monkeypatch.setattr(live_connection, "TOKEN_CHECK_INTERVAL", 0.2)
    with registry(home) as own:
        connected = connection.Connection("", own.open(), "local", own, endpoint=own.endpoint)
        app = ConsoleApp(connected)
        async with app.run_test(notifications=True) as pilot:
            shown = Console(app, pilot)
            await shown.until(lambda: "● live" in shown.header, "it is live")
            with monkeypatch.context() as patch:
                patch.setattr(session_token, "RENEWAL_AGE", -1.0)
                await shown.until(lambda: token_of(app) != connected.token, "it is renewed")
            await shown.until(lambda: not app.connection._renewal.locked(), "it is no more renewed")
            second = token_of(app)
            assert status(own, second) == status(own, connected.token) == 200
            command(str(beside(home)), "tokens", "revoke", *token_ids(home))
            await shown.until(lambda: token_of(app) != second, "it is renewed")
            await shown.until(lambda: "● live" in shown.header, "it is live")
            await shown.press("2")
            await shown.shows("No models that you can read")
            assert json.loads(next(iter(vault.passwords.values())))["token"] == token_of(app)
            assert len(vault.passwords) == 1
            assert app.client.url == own.url  # which is copied


def token_of(app: ConsoleApp) -> str:
    assert app.connection.opened is not None
    return app.connection.opened.token


def token_ids(home: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(beside(home))) as database:
        return [token_id for (token_id,) in database.execute("SELECT id FROM tokens")]


def test_without_one_that_is_open_there_is_nothing_to_reach(home: Path) -> None:
    with pytest.raises(EmbeddedError, match="is not open"):
        _ = EmbeddedRegistry(beside(home)).endpoint
