"""Completions as shells ask for them, from a live server: what is offered, how long it takes, and no errors."""

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pexpect
import pytest
from click.testing import CliRunner

from tests.live_registry import ADMIN
from tests.tui_registry.command_line import process, run
from tests.tui_registry.samples import ASKER, OWNER, Samples
from tests.tui_registry.terminal_process import PROGRAM, TIMEOUT
from tui_registry.cli import main
from tui_registry.commands.completers import DEADLINE
from tui_registry.session import profiles

pytestmark = pytest.mark.usefixtures("command_home")


_PROGRAM = """
from tui_registry.cli import main
from tui_registry.commands import completers
completers.DEADLINE = 30
main(prog_name="tui-registry")
"""
PATIENT = (sys.executable, "-P", "-c", _PROGRAM)
"""The program with another deadline: the machine that runs the tests may be busy."""


def asked(
    samples: Samples, line: str, shell: str = "bash", *, program: Sequence[str] = PATIENT, **more: str
) -> "subprocess.CompletedProcess[str]":
    """What the program answers to a shell whose line, after the program's name, is this; it ends where Tab was
    pressed."""
    words = f"tui-registry {line}"
    position = {
        "bash": str(len(words.split(" ")) - 1),
        "zsh": str(len(words.split(" ")) - 1),
        "fish": line.rsplit(" ", maxsplit=1)[-1],
    }
    given = process(samples, _TUI_REGISTRY_COMPLETE=f"{shell}_complete", COMP_WORDS=words, COMP_CWORD=position[shell])
    given["env"] |= more
    given["args"] = list(program)
    done = subprocess.run(**given, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done


def offered(samples: Samples, line: str, **more: str) -> list[str]:
    return [each.partition(",")[2] for each in asked(samples, line, **more).stdout.splitlines() if each]


@pytest.fixture
def group(samples: Samples) -> Iterator[str]:
    name = f"team-{samples.id}"
    assert run(samples, "groups", "create", name, by=ADMIN).exit_code == 0
    yield name
    run(samples, "groups", "delete", name, "--yes", by=ADMIN)


def test_commands_and_options(samples: Samples) -> None:
    assert {"models", "versions", "tokens"} <= set(offered(samples, ""))
    assert offered(samples, "versions tr") == ["transition"]
    assert offered(samples, "versions transition a 1 Staging --arch") == ["--archive-existing", "--archive"]


def test_names_from_the_registry(samples: Samples, group: str) -> None:
    model = samples.model("complete")
    samples.version(model, "Production")
    samples.version(model)
    samples.ask(model, "1", "Staging")
    assert offered(samples, f"models show complete-{samples.id[:3]}") == [model]
    assert offered(samples, f"versions show {model} ") == ["2", "1"]
    assert offered(samples, f"requests approve {model} ") == ["1"]
    assert offered(samples, f"requests approve {model} 1 sta") == ["Staging"]
    assert offered(samples, f"versions list {model} --stage P") == ["Production"]
    assert offered(samples, f"groups show {group[:-2]}") == [group]
    assert ASKER in offered(samples, "users show console-")
    assert ASKER in offered(samples, f"permissions grant {model} CAN_READ --user console-a")
    assert offered(samples, f"permissions grant {model} CAN_MANAGE_S") == [
        "CAN_MANAGE_STAGING_VERSIONS",
    ]
    assert "CAN_READ" in offered(samples, "permissions grant --registry CAN_R")
    assert {OWNER, ASKER} <= set(offered(samples, f"permissions why {model} console-"))
    assert offered(samples, f"groups add {group} {group[:-1]}") == [group]
    assert offered(samples, "workspaces describe def") == ["default"]
    assert offered(samples, "--workspace def") == ["default"]


def test_aliases_tags_comments_and_tokens(samples: Samples) -> None:
    model = samples.model("parts", tags=[{"key": "team", "value": "risk"}])
    samples.version(model)
    samples.call("POST", "/mlflow/registered-models/alias", name=model, alias="champion", version="1")
    samples.call("POST", "/mlflow/comments/create", name=model, version="1", comment="Fine.")
    assert offered(samples, f"aliases set {model} ch") == ["champion"]
    assert offered(samples, f"models untag {model} ") == ["team"]
    (comment,) = samples.call("GET", "/mlflow/comments/list", name=model, version="1")["comments"]
    assert offered(samples, f"comments delete {model} 1 ") == [comment["id"]]
    own = {each["token_id"] for each in samples.call("GET", "/token/list")["token_infos"]}
    assert set(offered(samples, "tokens revoke ")) == own


def test_each_shell_gets_its_own_form(samples: Samples) -> None:
    model = samples.model("shells", description="Predicts, among others.")
    assert asked(samples, "models show shells-").stdout == f"plain,{model}\n"
    assert asked(samples, "models show shells-", "zsh").stdout == f"plain\n{model}\nPredicts, among others.\n"
    assert asked(samples, "models show shells-", "fish").stdout == f"plain,{model}\tPredicts, among others.\n"


def test_profiles_are_completed_without_a_registry(samples: Samples, command_home: Path) -> None:
    profiles.change(lambda _: profiles.Profiles(profiles={"work": profiles.Profile(url="https://a.example")}))
    for line in ("--profile w", "models list --profile w", "logout w", "profiles default w"):
        assert offered(samples, line, HOME=str(command_home)) == ["work"], line


def test_a_name_cannot_be_a_command_of_the_shell(samples: Samples) -> None:
    model = samples.model("=own $(touch x) 'a' \"b\"")
    (value,) = offered(samples, "models show own")
    done = subprocess.run(["bash", "-c", f"printf %s {value}"], capture_output=True, text=True, check=True)
    assert done.stdout == model


@pytest.mark.parametrize(
    "more",
    [
        {"TUI_REGISTRY_TOKEN": "tr_wrong"},
        {"TUI_REGISTRY_TOKEN": ""},
        {"TUI_REGISTRY_URL": "http://127.0.0.1:9"},
        {"TUI_REGISTRY_URL": "not a URL"},
        {"TUI_REGISTRY_URL": "", "TUI_REGISTRY_TOKEN": ""},
    ],
)
def test_without_an_answer_nothing_is_said(samples: Samples, command_home: Path, more: dict[str, str]) -> None:
    assert offered(samples, "models show ", HOME=str(command_home), **more) == []
    assert not list(command_home.rglob("registry.db*"))


def test_a_server_that_does_not_answer_is_not_waited_for(samples: Samples) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        assert asked(samples, "models show ", program=PROGRAM, TUI_REGISTRY_URL=url).stdout == "\n"
        assert time.monotonic() - began < DEADLINE + 5, "a client would wait three times as long"


def test_no_connection_is_opened_without_the_argument_before(samples: Samples) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert asked(samples, "aliases set '' ", TUI_REGISTRY_URL=url).stdout == "\n"
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts_are_valid(shell: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["completion", shell])
    assert done.exit_code == 0
    assert "_TUI_REGISTRY_COMPLETE" in done.stdout
    if (program := shutil.which(shell)) is not None:
        (tmp_path / "script").write_text(done.stdout)
        subprocess.run([program, "-n", tmp_path / "script"], check=True)


def test_bash_completes_names_that_it_would_split(samples: Samples, tmp_path: Path) -> None:
    """In a real bash: its words end at @ and at colons, a blank needs a backslash, an exclamation mark is the history,
    and an asterisk the files here."""
    model = samples.model("=bash m*del!@home")
    (tmp_path / "plain,bash model!@home").touch()
    program = tmp_path / "tui-registry"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(PATIENT)} "$@"\n')
    program.chmod(0o755)
    environment = process(samples)["env"] | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PS1": "$ ", "TERM": "dumb"}
    shell = pexpect.spawn(
        "bash", ["--norc", "--noprofile"], env=environment, timeout=20, encoding="utf-8", cwd=tmp_path
    )
    try:
        shell.sendline('eval "$(tui-registry completion bash)"; bind "set bell-style none"; echo rea""dy')
        shell.expect("ready")
        for typed in (
            "models show bash",
            "models show bash\\ m\\*del\\!@h",
            "models show 'bash m",
            'models show "bash m',
        ):
            shell.send(f'echo begin; tui-registry {typed}\t --json; echo ex""it=$?\n')
            shell.expect("exit=0")
            assert f'"name": "{model}"' in shell.before, typed
    finally:
        shell.close(force=True)


OTHER_SHELLS = {
    "zsh": (
        ["-f", "-o", "no_bang_hist"],
        'autoload -U compinit; compinit -u -D; eval "$(tui-registry completion zsh)"',
    ),
    "fish": (["--no-config"], "tui-registry completion fish | source"),
}
"""Their options without the user's settings, and how completion is set up."""


@pytest.mark.variant
@pytest.mark.parametrize("name", ["=some m*del!@home", "=own $(touch x) 'b' \"c\" home", "=back\\home"])
@pytest.mark.parametrize("shell", OTHER_SHELLS)
def test_other_shells_complete_names(samples: Samples, tmp_path: Path, shell: str, name: str) -> None:
    """In a real zsh and a real fish: as bash does."""
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    model = samples.model(name)
    program = tmp_path / "tui-registry"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(PATIENT)} "$@"\n')
    program.chmod(0o755)
    environment = process(samples)["env"] | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PS1": "$ ", "TERM": "xterm"}
    options, script = OTHER_SHELLS[shell]
    running = pexpect.spawn(
        shell, options, env=environment, timeout=20, encoding="utf-8", cwd=tmp_path, dimensions=(40, 200)
    )
    try:
        running.sendline(f'{script}; echo rea""dy')
        running.expect("ready")
        running.send(f"tui-registry models show {name[1]}\t")
        running.expect("home")  # completed
        running.send(" --json; echo ex''it=$status\r")
        running.expect("exit=0")
        assert f'"name": {json.dumps(model)}' in running.before
        assert not (tmp_path / "x").exists()
    finally:
        running.close(force=True)
