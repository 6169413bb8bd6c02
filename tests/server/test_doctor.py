"""``doctor``: a sound server and its console, and each thing that can be wrong with them."""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.certificates import Files, issue
from tests.live_registry import DATABASE_VARIABLE, LiveRegistry, command, serving
from tests.server.scripted_tracking_server import answer, serving_script
from tui_registry.cli import main as console
from tui_registry_server.commands import main

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
SQLITE_ONLY = pytest.mark.skipif(bool(os.environ.get(DATABASE_VARIABLE)), reason="of an SQLite file")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return issue(tmp_path_factory.mktemp("certificates"), "server", days=90)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, files: Files) -> Iterator[LiveRegistry]:
    """A registry with a webhook into a private network, which has a secret."""
    folder = tmp_path_factory.mktemp("doctor")
    (folder / "webhook.key").touch(mode=0o600)
    (folder / "webhook.key").write_text(KEY)
    options = ("--webhook-allow", "127.0.0.0/8", "--webhook-key-file", str(folder / "webhook.key"), *files.options)
    with serving(folder, *options, verify=files.authority) as registry:
        hook = {"url": "https://127.0.0.1:1/", "secret": "s"}
        with registry.client(verify=files.authority) as api:
            made = api.post(
                "/mlflow/registry-webhooks/create", json={"events": ["COMMENT_CREATED"], "http_url_spec": hook}
            )
        assert made.status_code == 200, made.text
        yield registry


def findings(*options: str, database: str, fails: bool) -> dict[str, list[tuple[str, str, str]]]:
    """Status, text and remedy by the check's name."""
    done = CliRunner().invoke(main, ["doctor", "--json", "--database", database, *options])
    assert done.exit_code == int(fails), done.output
    found: dict[str, list[tuple[str, str, str]]] = {}
    document: dict[str, Any] = json.loads(done.stdout)
    for each in document["checks"]:
        found.setdefault(each["check"], []).append((each["status"], each["text"], each["remedy"]))
        assert each["status"] == "OK" or each["remedy"], each
    return found


def statuses(found: dict[str, list[tuple[str, str, str]]]) -> dict[str, set[str]]:
    return {name: {status for status, _, _ in each} for name, each in found.items()}


def test_a_sound_server(live: LiveRegistry, files: Files, tmp_path: Path) -> None:
    key = str(live.log.parent / "webhook.key")
    options = ("--webhook-allow", "127.0.0.0/8", "--webhook-key-file", key, *files.options)
    backups = ("--backup-every", "1h", "--backup-folder", str(tmp_path))
    command(live.database, "backup", "--folder", str(tmp_path))
    with serving_script() as tracking:
        uri = f"http://127.0.0.1:{tracking.server_port}"
        tracking.reply = lambda request: answer(request, 200, {"experiments": []})
        found = findings(*options, *backups, "--tracking-uri", uri, database=live.database, fails=False)
        assert statuses(found).pop("tracking server") == {"OK"}
        tracking.reply = lambda request: answer(request, 403, {})
        found = findings("--tracking-uri", uri, *options, database=live.database, fails=True)
        assert "FAIL" in statuses(found)["tracking server"]
    assert {"database", "schema", "audit log", "clock", "TLS", "webhooks"} <= found.keys()
    assert any(
        "Verification against this machine's certificate authorities fails" in text for _, text, _ in found["TLS"]
    )
    assert statuses(found)["webhooks"] == {"OK"}
    lines = CliRunner().invoke(main, ["doctor", "--database", live.database, *options]).stdout.splitlines()
    assert lines[0].startswith("OK    database ")


def test_what_the_options_lack(live: LiveRegistry, tmp_path: Path) -> None:
    expired = issue(tmp_path, "expired", days=-1)
    backups = ("--backup-every", "1h", "--backup-folder", str(tmp_path / "none"))
    openid = ("--oidc-issuer", "http://127.0.0.1:1", "--oidc-client-id", "tui-registry")
    mail = ("--smtp-url", "smtp://127.0.0.1:1", "--smtp-from", "registry@example.com", "--insecure-smtp")
    others = (*backups, *openid, *mail, "--tracking-uri", "http://127.0.0.1:1")
    found = findings(*expired.options, *others, database=live.database, fails=True)
    failing = {name for name, each in statuses(found).items() if "FAIL" in each}
    assert failing == {"TLS", "backups", "tracking server", "OpenID provider", "mail server", "webhooks"}
    assert "expired" in found["TLS"][0][1]
    assert "127.0.0.1" in found["webhooks"][0][1]
    allowed = findings("--webhook-allow", "127.0.0.0/8", database=live.database, fails=True)
    assert "cannot be decrypted" in allowed["webhooks"][0][1]


@SQLITE_ONLY
def test_what_the_database_lacks(live: LiveRegistry, tmp_path: Path) -> None:
    missing = tmp_path / "missing.db"
    assert statuses(findings(database=str(missing), fails=True))["database"] == {"FAIL"}
    assert not missing.exists()
    copy = tmp_path / "copy.db"
    command(live.database, "backup", str(copy))
    copy.chmod(0o644)
    content = copy.read_bytes()
    assert statuses(findings("--webhook-allow", "127.0.0.0/8", database=str(copy), fails=True))["permissions"] == {
        "WARN",
        "OK",
    }
    assert copy.read_bytes() == content, "nothing is written"
    with closing(sqlite3.connect(copy)) as database:
        database.executescript("DROP TRIGGER activities_no_update; UPDATE activities SET user_id = 'x'")
    assert statuses(findings(database=str(copy), fails=True))["audit log"] == {"FAIL"}
    with closing(sqlite3.connect(copy)) as database:
        database.executescript("UPDATE alembic_version SET version_num = '9999'")
    newer = findings(database=str(copy), fails=True)
    assert statuses(newer)["schema"] == {"FAIL"}
    assert "audit log" not in newer, "what it cannot read is not judged"
    damaged = tmp_path / "damaged.db"
    for broken, check in (
        (content[:8192] + b"\xff" * 8192 + content[16384:], "integrity"),
        (b"text" * 999, "database"),
    ):
        damaged.write_bytes(broken)
        assert statuses(findings(database=str(damaged), fails=True))[check] == {"FAIL"}


def test_the_console(live: LiveRegistry, files: Files) -> None:
    """Of a token that expires soon, of one that is refused, and of a server that is not there."""
    command(live.database, "users", "create", "soon")
    token = command(live.database, "tokens", "create", "soon", "--days", "3").strip()
    given = {"TUI_REGISTRY_URL": live.url, "TUI_REGISTRY_TOKEN": token, "TUI_REGISTRY_CA": files.authority}

    def look(**changed: str) -> tuple[int, dict[str, set[str]], str]:
        done = CliRunner().invoke(console, ["doctor", "--json"], env=given | changed)
        found: dict[str, set[str]] = {}
        for each in json.loads(done.stdout)["checks"]:
            found.setdefault(each["check"], set()).add(each["status"])
        return done.exit_code, found, done.stdout

    code, found, text = look()
    assert (code, found["server"], found["account"]) == (0, {"OK"}, {"OK", "WARN"})
    assert "You are soon." in text
    assert token not in text
    code, found, _ = look(TUI_REGISTRY_TOKEN="tr_refused")
    assert (code, found["account"]) == (1, {"FAIL"})
    code, found, text = look(TUI_REGISTRY_CA="")
    assert (code, found["server"]) == (1, {"FAIL"})
    assert "CERTIFICATE_VERIFY_FAILED" in text
    code, found, _ = look(TUI_REGISTRY_TOKEN="")
    assert (code, found["token"]) == (1, {"FAIL"})
