"""Whatever is wrong around a command, it ends with a sentence and a documented exit code, never with a traceback."""

import os
import signal
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.tui_registry.command_line import process, variables
from tests.tui_registry.samples import Samples
from tests.tui_registry.terminal_process import PROGRAM, ROOT, UNWANTED, terminal
from tui_registry import cli
from tui_registry.commands.exit_codes import MEANINGS, Exit
from tui_registry_server.commands import main as server_main

LIMIT = 120  # seconds
PYTHON = " ".join(PROGRAM)
OF_SERVER = (
    *(("users", "create", "ada"), ("tokens", "create", "ada"), ("tokens", "list"), ("audit", "verify")),
    *(("audit", "export"), ("backup", "out.db"), ("restore", "bad.db"), ("serve", "--port", "0")),
)
WRONG_DATABASES = (".", "bad.db", "/proc/none/registry.db", "postgresql://127.0.0.1:99999/x", "mysql://x", "://")


def assert_told(code: int, message: str, what: object) -> None:
    assert code in set(MEANINGS), (what, code, message)
    assert "Traceback" not in message, (what, message)
    assert "A bug in tui-registry" not in message, (what, message)


@pytest.fixture
def environment(samples: Samples, tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(UNWANTED)}
    return kept | variables(samples) | {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}


def shell(line: str, environment: dict[str, str], folder: Path) -> tuple[int, str]:
    """A command as a shell runs it; its exit code and what stderr said."""
    done = subprocess.run(
        ["bash", "-c", line],
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LIMIT,
        check=False,
    )
    return done.returncode, done.stderr.decode(errors="replace")


SURROUNDINGS = {
    "models list >&-": (Exit.REFUSED, "Bad file descriptor"),
    "--help >&-": (Exit.REFUSED, "Bad file descriptor"),
    "keys >/dev/full": (Exit.REFUSED, "No space left"),
    "keys --help >/dev/full": (Exit.REFUSED, "No space left"),
    "models show none 2>/dev/full": (Exit.NOT_FOUND, ""),
    "models nonsense 2>&-": (Exit.USAGE, ""),
    "models list <&-": (Exit.DONE, ""),
    "activity <&- 2>&- | head -1": (Exit.DONE, ""),
    "models list <&- >&- 2>&-": (Exit.REFUSED, ""),
    "keys | true": (Exit.DONE, ""),
    "--help | true": (Exit.DONE, ""),
    "models list $'caf\\xe9'": (Exit.USAGE, "Argument 3, 'caf\\xe9', is not text in UTF-8"),
    "users create $'caf\\xe9' --database x.db": (Exit.USAGE, "is not text in UTF-8"),
    "</dev/null": (Exit.REFUSED, "needs a terminal"),
    "tokens list --database bad.db >&-": (Exit.REFUSED, "not a database"),
    "login http://127.0.0.1:1 --token-stdin </dev/zero": (Exit.REFUSED, "is longer than 65,536 characters"),
    "serve --database bad.db": (Exit.REFUSED, "could not be opened: file is not a database"),
}
"""What a shell runs, and the outcome."""


def test_streams_and_arguments(environment: dict[str, str], samples: Samples, tmp_path: Path) -> None:
    samples.model("streams")
    (tmp_path / "bad.db").write_text("no database\n" * 500)

    def run(line: str) -> tuple[int, str]:
        return shell(f"set -o pipefail; {PYTHON} {line}", environment, tmp_path)

    with ThreadPoolExecutor(2) as pool:
        for line, (code, message) in zip(SURROUNDINGS, pool.map(run, SURROUNDINGS), strict=True):
            assert_told(code, message, line)
            assert code == SURROUNDINGS[line][0], (line, message)
            assert SURROUNDINGS[line][1] in message, line


def test_a_token_that_nobody_can_be_asked_for(environment: dict[str, str]) -> None:
    """Python would warn in its own words, and show what is typed."""
    done = subprocess.run(
        [*PROGRAM, "login", "--token", "http://127.0.0.1:1"],
        env=environment,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
        start_new_session=True,  # without the terminal that the tests may have
    )
    assert done.returncode == Exit.REFUSED
    assert done.stderr == "Error: There is no terminal to ask for the token. Use --token-stdin.\n"


def test_too_few_open_files(environment: dict[str, str], tmp_path: Path) -> None:
    """The system names no file then. How many are too few depends on the Python."""
    own = {name: value for name, value in environment.items() if not name.startswith("TUI_REGISTRY_")}
    own |= {"HOME": str(tmp_path)}
    messages = [shell(f"ulimit -n {few}; {PYTHON} models list", own, tmp_path)[1] for few in (12, 13)]
    assert any("Too many open files" in each for each in messages), messages
    assert not any("None" in each for each in messages), messages


@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"PYTHONIOENCODING": "ascii"}])
def test_letters_that_the_terminal_does_not_know(samples: Samples, locale: dict[str, str]) -> None:
    model = samples.pending("模型", comment="naïve → ok")
    done = subprocess.run(
        **process(samples, "requests", "list", **locale), capture_output=True, timeout=LIMIT, check=False
    )
    assert_told(done.returncode, done.stderr.decode(), locale)
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert f"??{model[2:]}".encode() in done.stdout


def test_a_folder_that_is_gone_and_a_home_that_is_none(environment: dict[str, str], tmp_path: Path) -> None:
    fine = f"mkdir gone; cd gone; rmdir ../gone; {PYTHON}"
    lines = [
        f"{fine} models list",
        f"unset TUI_REGISTRY_URL; {fine} tokens list --database x.db",
        f"unset HOME; {PYTHON} models list",
        f"export HOME=/proc/none TUI_REGISTRY_URL=; {PYTHON} models list",
        f"export HOME=/dev/null TUI_REGISTRY_URL=; {PYTHON} login http://127.0.0.1:1",
        f"export HOME=/proc/none TUI_REGISTRY_URL=; {PYTHON} users create ada",
    ]
    codes = []
    for number, line in enumerate(lines):
        folder = tmp_path / str(number)
        folder.mkdir()
        code, message = shell(line, environment, folder)
        assert_told(code, message, line)
        codes.append(code)
    assert codes == [0, 1, 0, 1, 1, 1]


ADDRESSES = (
    "http://127.0.0.1:99999",
    "http://127.0.0.1:-1",
    "127.0.0.1:5055",
    "http://",
    "http://[::1",
    "http://a b",
    "ftp://x",
    "http://..",
    "https://" + "a" * 300,
    "https://xn--a",
    "http://user:pw@127.0.0.1:1",
    "http://127.0.0.1:1/%zz",
    "http://\udce9",
)


@pytest.mark.usefixtures("command_home")
@pytest.mark.parametrize("url", ADDRESSES)
def test_addresses(url: str) -> None:
    for arguments in (("models", "list"), ("requests", "approve", "a", "1", "Staging"), ("permissions", "show", "a")):
        done = CliRunner().invoke(cli.main, arguments, env={"TUI_REGISTRY_URL": url, "TUI_REGISTRY_TOKEN": "x"})
        assert_told(done.exit_code, done.output, url)
        assert done.exit_code in {Exit.REFUSED, Exit.UNREACHABLE}
    done = CliRunner().invoke(cli.main, ["login", url], input="")
    assert_told(done.exit_code, done.output, url)
    assert done.exit_code in {Exit.REFUSED, Exit.USAGE}


CONTENTS = (b"", b"\x00\xff", b"[", b"default = 3", b"profiles = 1", b"[profiles.a]\nurl = 3", b"[profiles.a]\nx = 1")


@pytest.mark.parametrize("content", [*CONTENTS, None])
def test_profiles_that_cannot_be_read(command_home: Path, content: bytes | None) -> None:
    file = command_home / ".config" / "tui-registry" / "profiles.toml"
    file.parent.mkdir(parents=True)
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    for arguments in (("--profile", "a", "models", "list"), ("profiles",), ("profiles", "default", "a")):
        done = CliRunner().invoke(cli.main, arguments)
        assert_told(done.exit_code, done.output, (content, arguments))
        assert done.exit_code or not content


@pytest.mark.parametrize("database", WRONG_DATABASES)
def test_databases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    (tmp_path / "bad.db").write_text("no database\n" * 500)
    monkeypatch.chdir(tmp_path)
    commands: Sequence[Sequence[str]] = [*OF_SERVER, ("migrate", database, "to.db"), ("migrate", "none.db", database)]
    for arguments in commands:
        done = CliRunner().invoke(server_main, arguments, env={"TUI_REGISTRY_DATABASE": database})
        assert_told(done.exit_code, done.output, arguments)
        assert done.exit_code == Exit.REFUSED, (arguments, done.output)


def test_what_nobody_foresaw_is_told_and_kept(command_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by tr_0123456789abcdef")

    monkeypatch.setattr("tui_registry.session.profiles.read", broken)
    done = CliRunner().invoke(cli.main, ["profiles"])
    assert done.exit_code == Exit.REFUSED
    assert "Traceback" not in done.output
    message, _, file = done.output.strip().partition(". A report is in ")
    assert message.startswith("Error: A bug in tui-registry: ZeroDivisionError")
    report = Path(file).read_text()
    assert "Traceback" in report
    assert "0123456789abcdef" not in report
    monkeypatch.setenv("TUI_REGISTRY_DEBUG", "1")
    assert "Traceback" in CliRunner().invoke(cli.main, ["profiles"]).output


@pytest.mark.parametrize(
    ("arguments", "late"),
    [
        (("models", "list"), "httpx"),
        (("demo",), "tui_registry.session.demo"),
        (("tokens", "list", "--database", "x.db"), "sqlalchemy"),
    ],
)
def test_ctrl_c_at_any_moment(samples: Samples, tmp_path: Path, arguments: tuple[str, ...], late: str) -> None:
    """What is interrupted says so, or nothing, and has its own exit code; also while Python itself starts, when what is
    said is Python's. The moments are imports, which Python reports on stderr: after a fixed time, a busy machine is
    elsewhere."""
    for moment in ("encodings", "tui_registry.commands.exit_codes", late):
        given = process(samples, *arguments, HOME=str(tmp_path), PYTHONPROFILEIMPORTTIME="1") | {"cwd": tmp_path}
        with subprocess.Popen(**given, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as running:
            assert running.stderr is not None
            reached = any(line.rpartition(b"|")[2].strip() == moment.encode() for line in running.stderr)
            running.send_signal(signal.SIGINT)
            _, message = running.communicate(timeout=LIMIT)
        assert reached, moment
        assert running.returncode in {*MEANINGS, -signal.SIGINT}, message
        assert moment == "encodings" or b"Traceback" not in message, message


def test_a_terminal_that_draws_nothing(samples: Samples, tmp_path: Path) -> None:
    with terminal(variables=variables(samples) | {"TERM": "dumb", "HOME": str(tmp_path)}) as shown:
        assert shown.ends() == Exit.REFUSED
        assert "TERM=dumb" in shown.text
