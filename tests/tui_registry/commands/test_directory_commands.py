"""Groups, users, service principals and tokens by commands: over the API, or directly in a database."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live_registry import ADMIN, command
from tests.tui_registry.command_line import answer, lines, process, run
from tests.tui_registry.samples import ASKER, OWNER, SECOND_ASKER, Samples
from tests.tui_registry.terminal_process import TIMEOUT, terminal
from tui_registry.commands.exit_codes import Exit

pytestmark = pytest.mark.usefixtures("command_home")


@pytest.fixture
def name(samples: Samples) -> Iterator[str]:
    """A name for an account or group, which is deleted afterwards."""
    name = f"who-{samples.id}"
    yield name
    for group in ("users", "groups", "service-principals"):
        run(samples, group, "delete", name, "--yes", by=ADMIN)


def test_a_user_from_their_creation_to_their_end(samples: Samples, name: str) -> None:
    made = answer(samples, "users", "create", name, "--display-name", "Ada L.", by=ADMIN)
    assert (made["userName"], made["displayName"], made["active"]) == (name, "Ada L.", True)
    again = run(samples, "users", "create", name, by=ADMIN)
    assert again.exit_code == Exit.REFUSED
    assert f"there is already a user {name}" in again.stderr
    assert lines(run(samples, "users", "show", name))[:3] == [
        f"User:          {name}",
        "Display name:  Ada L.",
        "Status:        active",
    ]
    assert answer(samples, "users", "list", name)["Resources"] == [answer(samples, "users", "show", name)]
    token = command(samples.registry.database, "tokens", "create", name).strip()
    assert run(samples, "models", "list", TUI_REGISTRY_TOKEN=token).exit_code == 0
    assert answer(samples, "users", "deactivate", name, by=ADMIN)["active"] is False
    assert "already deactivated" in lines(run(samples, "users", "deactivate", name, by=ADMIN))[0]
    refused = run(samples, "models", "list", TUI_REGISTRY_TOKEN=token)
    assert refused.exit_code == Exit.NOT_ALLOWED
    assert "tui-registry login" in refused.stderr
    headings, row = lines(run(samples, "users", "list", name, "is:deactivated"))
    assert row[headings.index("STATUS") :].startswith("deactivated")
    assert answer(samples, "users", "activate", name, by=ADMIN)["active"] is True
    assert run(samples, "users", "delete", name, by=ADMIN).exit_code == Exit.REFUSED
    assert run(samples, "users", "delete", name, "--dry-run", by=ADMIN).exit_code == 0
    assert lines(run(samples, "users", "delete", name, "--yes", by=ADMIN)) == [f"{name}: Deleted."]
    assert run(samples, "users", "show", name).exit_code == Exit.NOT_FOUND


def test_an_administrator_is_created_over_the_api(samples: Samples, name: str) -> None:
    done = lines(run(samples, "users", "create", name, "--admin", by=ADMIN))
    assert done == [f"user {name}: Created.", f"group admins: {name} added."]
    assert "admins" in [group["display"] for group in answer(samples, "users", "show", name)["groups"]]


def test_only_administrators_create_users(samples: Samples, name: str) -> None:
    done = run(samples, "users", "create", name)
    assert done.exit_code == Exit.NOT_ALLOWED
    assert answer(samples, "users", "list", name)["Resources"] == []


@pytest.mark.usefixtures("pages_of_two")
def test_every_page_of_users_is_read(samples: Samples) -> None:
    found = answer(samples, "users", "list", "console")
    assert {OWNER, ASKER} <= {each["userName"] for each in found["Resources"]}
    assert found["totalResults"] == len(found["Resources"]) > 2
    limited = run(samples, "users", "list", "console", "--limit", "1")
    assert len(lines(limited)) == 2
    assert "raise --limit" in limited.stderr


def test_a_group_from_its_creation_to_its_end(samples: Samples, name: str) -> None:
    assert answer(samples, "groups", "create", name, by=ADMIN)["displayName"] == name
    added = lines(run(samples, "groups", "add", name, OWNER, f"user:{ASKER}", by=ADMIN))
    assert added == [f"group {name}: {OWNER} added.", f"group {name}: {ASKER} added."]
    shown = lines(run(samples, "groups", "show", name))
    assert shown[0] == f"Group:  {name}"
    assert {line.split()[1] for line in shown[3:]} == {OWNER, ASKER}
    assert {line.split()[0] for line in shown[3:]} == {"user"}
    again = lines(run(samples, "groups", "add", name, OWNER, by=ADMIN))
    assert again == [f"Already in group {name}: {OWNER}."]
    mixed = lines(run(samples, "groups", "remove", name, ASKER, ASKER, SECOND_ASKER, "--dry-run", by=ADMIN))
    assert mixed[0] == f"Not in group {name}: {SECOND_ASKER}."
    assert [line for line in mixed if ASKER in line and SECOND_ASKER not in line] == [mixed[1]]
    removed = answer(samples, "groups", "remove", name, OWNER, by=ADMIN)
    assert [member["display"] for member in removed["members"]] == [ASKER]
    assert run(samples, "groups", "add", name, "nobody-at-all", by=ADMIN).exit_code == Exit.NOT_FOUND
    assert [each["displayName"] for each in answer(samples, "groups", "list", name)["Resources"]] == [name]
    assert run(samples, "groups", "delete", name, by=ADMIN).exit_code == Exit.REFUSED
    assert run(samples, "groups", "delete", name, "--yes", by=ADMIN).exit_code == 0
    assert run(samples, "groups", "show", name).exit_code == Exit.NOT_FOUND


def test_an_administrator_is_asked_before_they_lose_their_rights(samples: Samples) -> None:
    for arguments in (("groups", "remove", "admins", ADMIN), ("users", "deactivate", ADMIN)):
        done = run(samples, *arguments, by=ADMIN)
        assert done.exit_code == Exit.REFUSED
        assert "add --yes" in done.stderr
    assert run(samples, "groups", "list", by=ADMIN).exit_code == 0


def test_a_program_and_its_token(samples: Samples, name: str) -> None:
    assert answer(samples, "service-principals", "create", name, by=ADMIN)["applicationId"] == name
    made = answer(samples, "tokens", "create", "--service-principal", name, "--comment", "ci", "--days", "1", by=ADMIN)
    me = run(samples, "tokens", "list", TUI_REGISTRY_TOKEN=made["token_value"])
    assert made["token_info"]["token_id"] in me.stdout
    headings, *rows = lines(run(samples, "tokens", "list", "--all", by=ADMIN))
    (own,) = [row for row in rows if made["token_info"]["token_id"] in row]
    assert own[headings.index("OWNER") :].startswith(name)
    revoked = run(samples, "tokens", "revoke", made["token_info"]["token_id"], "--yes", by=ADMIN)
    assert lines(revoked) == [f"token of {name}: Revoked: it is no longer accepted."]
    assert run(samples, "tokens", "revoke", "nowhere", "--yes").exit_code == Exit.NOT_FOUND
    assert run(samples, "models", "list", TUI_REGISTRY_TOKEN=made["token_value"]).exit_code == Exit.NOT_ALLOWED


def test_a_token_of_ones_own(samples: Samples) -> None:
    done = run(samples, "tokens", "create", "--comment", "laptop", "--days", "2")
    (value,) = done.stdout.splitlines()
    assert value.startswith("tr_")
    assert value not in done.stderr
    (made,) = [each for each in answer(samples, "tokens", "list")["token_infos"] if each.get("comment") == "laptop"]
    assert run(samples, "tokens", "list", TUI_REGISTRY_TOKEN=value).exit_code == 0
    dry = run(samples, "tokens", "create", "--dry-run")
    assert dry.stdout.splitlines() == [f"token for {OWNER}: creating it", "Dry run: nothing was changed."]
    refused = run(samples, "tokens", "revoke", made["token_id"], made["token_id"])
    assert refused.exit_code == Exit.REFUSED
    assert "Clients that use 1 token will lose access." in refused.stderr
    assert run(samples, "tokens", "revoke", made["token_id"], made["token_id"], "--yes").exit_code == 0
    assert run(samples, "tokens", "list", TUI_REGISTRY_TOKEN=value).exit_code == Exit.NOT_ALLOWED


def test_a_confirmation_in_a_terminal(samples: Samples) -> None:
    model = samples.model("confirmed")
    variables = {"TUI_REGISTRY_URL": samples.url, "TUI_REGISTRY_TOKEN": samples.token}
    for typed, code in (("n", Exit.REFUSED), ("y", 0)):
        with terminal("models", "delete", model, variables=variables) as shown:
            shown.shows("with 0 versions will be deleted", "Proceed? [y/N]")
            shown.type(f"{typed}\r")
            assert shown.ends() == code
    assert run(samples, "models", "show", model).exit_code == Exit.NOT_FOUND


def database(samples: Samples, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    given = process(samples, *arguments, **more)
    return subprocess.run(**given, capture_output=True, text=True, timeout=TIMEOUT, check=False)


def test_with_a_database_no_server_is_asked(samples: Samples, tmp_path: Path) -> None:
    file = str(tmp_path / "own.db")
    nobody = {"TUI_REGISTRY_URL": "http://127.0.0.1:9"}
    done = database(samples, "users", "create", "ada", "--admin", "--database", file, **nobody)
    assert (done.returncode, done.stderr) == (0, "Created administrator ada.\n")
    made = database(samples, "tokens", "create", "ada", "--days", "3", "--comment", "x", TUI_REGISTRY_DATABASE=file)
    assert made.stdout.startswith("tr_")
    listed = command(file, "tokens", "list").splitlines()
    assert listed[1].split()[1] == "ada"
    assert database(samples, "tokens", "list", f"--database={file}").stdout.splitlines() == listed
    token_id = listed[1].split()[0]
    assert database(samples, "tokens", "revoke", token_id, "--database", file).stderr == "Revoked 1.\n"
    assert len(command(file, "tokens", "list").splitlines()) == 1


def test_what_a_database_cannot_do_is_reported(samples: Samples, tmp_path: Path) -> None:
    file = str(tmp_path / "own.db")
    for arguments, message in {
        ("users", "create", "ada", "--dry-run", "--database", file): "--dry-run works over a server's API",
        ("users", "create", "ada", "--profile", "x", "--database", file): "--profile works over a server's API",
        ("--profile", "x", "users", "create", "ada", "--database", file): "either --profile or --database",
        ("tokens", "create", "ada"): "add --database",
    }.items():
        done = run(samples, *arguments)
        assert done.exit_code == Exit.USAGE, arguments
        assert message in done.stderr, arguments
    by_variable = run(samples, "users", "create", "ada", "--json", TUI_REGISTRY_DATABASE=file)
    assert "TUI_REGISTRY_DATABASE, which is set," in by_variable.stderr
    over_profile = run(samples, "--profile", "x", "users", "create", "ada", TUI_REGISTRY_DATABASE=file)
    assert "no profile 'x'" in over_profile.stderr


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="reads another process's arguments from /proc")
def test_a_password_in_the_databases_url_is_no_argument(samples: Samples) -> None:
    """Everybody on the machine can list arguments."""
    with socket.create_server(("127.0.0.1", 0)) as database_server:
        url = f"postgresql://ann:s3cret@127.0.0.1:{database_server.getsockname()[1]}/registry"
        given = process(samples, "users", "create", "ada", TUI_REGISTRY_DATABASE=url)
        with subprocess.Popen(**given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            database_server.settimeout(TIMEOUT)
            with database_server.accept()[0]:  # it is the server's program by now
                arguments = Path(f"/proc/{running.pid}/cmdline").read_bytes()
            running.kill()
    assert b"tui_registry_server" in arguments
    assert b"s3cret" not in arguments
