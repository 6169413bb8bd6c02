"""Whatever characters names, comments and files contain, the output of the server's commands has no control sequences
and no additional lines."""

import ast
import logging
import sys
import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

from tests.live_registry import ROOT, LiveRegistry
from tests.server.api import Api
from tests.server.directory import USERS
from tui_registry_server.commands import main
from tui_registry_server.output import LogFormatter

COMMENTS = (
    "\x1b[31mred\x1b]0;title\x07\x9b2J\x7f\x85",
    "one\r\nf00f00f00  admin  2020-01-01 00:00  never  never  forged",
    "two\u2028three\x0bfour\x0cfive",
    "pay\u202eelddim\u2066\u200f\u061c",
    "un\u200bseen\u2060\ufeff\u00ad\U000e0041",
    "e" + "\u0301" * 60,
    "需要予測 한국 👩🏽‍🚀 🇩🇪",
)
NASTY = "x\x1b[2J\r\nError: forged\u202e"
SANITIZERS = {"output.py"}
"""Modules that print: the server's output and the console's commands/output."""


def assert_plain(done: Result) -> None:
    for text in (done.stdout, done.stderr):
        bad = {c for c in text.replace("\n", "") if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}}
        assert not bad, f"{bad} in {text!r}"
    assert "Traceback" not in done.output
    assert not any(line.startswith("Error: forged") for line in done.output.splitlines())


def run(*arguments: str) -> Result:
    done = CliRunner().invoke(main, list(arguments))
    assert_plain(done)
    return done


def test_a_token_is_a_row_whatever_it_is_for(fresh_registry: LiveRegistry) -> None:
    with Api(fresh_registry.url, fresh_registry.admin_token) as admin:
        for comment in COMMENTS:
            admin.post("/token/create", comment=comment).ok()
        admin.post(USERS, userName="需要予測").ok()
    assert (
        run("tokens", "create", "需要予測", "--comment", "wide", "--database", fresh_registry.database).exit_code == 0
    )
    heading, *rows = run("tokens", "list", "--database", fresh_registry.database).stdout.splitlines()
    assert len(rows) == len(COMMENTS) + 2, "and the one of the start"
    at = heading.index("COMMENT")
    assert [row for row in rows if row.startswith("f00f00f00")] == []
    wide = next(row for row in rows if row.endswith("wide"))
    assert cell_len(wide[: -len("wide")]) == at
    output = "\n".join(rows)
    for kept in ("red", "one f00f00f00", "two three", "payelddim", "unseen", "需要予測 한국"):
        assert kept in output


@pytest.mark.parametrize(
    "arguments",
    [
        ("users", "create", NASTY),
        ("tokens", "create", NASTY),
        ("tokens", "revoke", NASTY),
        ("tokens", "list", NASTY),
        ("tokens", "create", "admin", "--days", NASTY),
        ("audit", "verify", "--head", NASTY),
        ("audit", "verify", "--file", NASTY),
        ("audit", "export", "--since", NASTY),
        ("audit", "export", "--output", f"/none/{NASTY}"),
        ("backup", f"/none/{NASTY}"),
        ("restore", f"/none/{NASTY}"),
        ("serve", "--port", NASTY),
        ("serve", "--limit", NASTY),
        ("serve", "--trusted-proxy", NASTY),
        ("serve", "--tls-cert", NASTY, "--tls-key", NASTY),
        (NASTY,),
        (f"--{NASTY}",),
    ],
    ids=lambda arguments: " ".join(arguments[:-1]) or "main",
)
def test_mistakes_are_reported_in_plain_text(arguments: tuple[str, ...], tmp_path: Path) -> None:
    database = ("--database", str(tmp_path / "r.db")) if len(arguments) > 1 else ()
    assert run(*arguments, *database).exit_code in (1, 2)


def test_files_by_any_name(fresh_registry: LiveRegistry, tmp_path: Path) -> None:
    file = tmp_path / NASTY
    assert run("backup", str(file), "--database", fresh_registry.database).exit_code == 0
    assert run("backup", str(file), "--database", fresh_registry.database).exit_code == 1
    other = str(tmp_path / f"{NASTY}.db")
    assert run("restore", str(file), "--database", other).exit_code == 0
    assert run("restore", str(file), "--database", other).exit_code == 1
    assert run("restore", "--force", str(file), "--database", other).exit_code == 0
    assert run("migrate", other, other).exit_code == 1
    assert run("migrate", other, f"{other}2").exit_code == 0
    assert run("audit", "verify", "--database", f"{other}3").exit_code == 1


def test_the_log_of_changes_is_plain(fresh_registry: LiveRegistry) -> None:
    with Api(fresh_registry.url, fresh_registry.admin_token) as admin:
        for comment in COMMENTS:
            admin.post(
                "/mlflow/registered-models/create", name=f"m {comment}".replace(":", ""), description=comment
            ).ok()
    exported = run("audit", "export", "--database", fresh_registry.database)
    assert exported.stdout.isascii()
    assert run("audit", "verify", "--database", fresh_registry.database).exit_code == 0


def test_a_line_of_the_server_s_log_is_one_record() -> None:
    """They contain paths of requests, names and errors of the database."""
    try:
        raise ValueError(NASTY)
    except ValueError:
        record = logging.LogRecord("registry", logging.ERROR, "", 0, "refused %s", (NASTY,), sys.exc_info())
    first, *others = LogFormatter("%(levelname)s %(message)s").format(record).splitlines()
    assert first == "ERROR refused x\ufffd[2J"
    assert others
    assert all(line.startswith("  ") for line in others)
    assert not any(unicodedata.category(c) in {"Cc", "Cf"} for line in others for c in line)


def test_nothing_is_printed_beside_the_gate() -> None:
    """No other module of the server, nor of the console's commands, prints."""
    places = [
        *(ROOT / "server" / "tui_registry_server").rglob("*.py"),
        *(ROOT / "tui_registry" / "commands").glob("*.py"),
    ]
    printing = {
        (file.name, ast.unparse(node.func))
        for file in places
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
    }
    around = {"print", "click.echo", "click.secho", "echo", "sys.stdout.write", "sys.stderr.write"}
    around |= {"click.echo_via_pager", "sys.stdout.writelines", "sys.stderr.writelines", "logging.basicConfig"}
    assert [each for each in printing if each[1] in around and each[0] not in SANITIZERS] == []
