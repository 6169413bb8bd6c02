"""The plain commands as scripts run them, against the real server: what they print, what they change, how they end."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.tui_registry.proxy import Proxy, proxied
from tests.tui_registry.scene import ASKER, OWNER, SECOND_ASKER, Scene
from tests.tui_registry.terminal import PATIENCE, PROGRAM, ROOT, UNWANTED, terminal
from tui_registry import decisions
from tui_registry.cli import main
from tui_registry.commands import registry as asking
from tui_registry.commands.exits import MEANINGS, Exit

HOSTILE = "[/x] \x1b[31mred\x1b]0;title\x07 \u202eright to left 模型 🚀 e\u0301 [@click=app.quit]"
LONG = "x" * 12_000


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in [name for name in os.environ if name.startswith(UNWANTED)]:
        monkeypatch.delenv(variable)
    return tmp_path


def variables(scene: Scene, *, by: str = OWNER, url: str = "") -> dict[str, str]:
    return {"TUI_REGISTRY_URL": url or scene.url, "TUI_REGISTRY_TOKEN": scene.registry.token(by)}


def run(scene: Scene, *arguments: str, by: str = OWNER, url: str = "", **more: str) -> Result:
    return CliRunner().invoke(main, arguments, env=variables(scene, by=by, url=url) | more)


def answer(scene: Scene, *arguments: str, by: str = OWNER) -> Any:
    """The one JSON document of a command that succeeds, and says nothing else."""
    done = run(scene, *arguments, "--json", by=by)
    assert done.exit_code == 0, done.output
    assert done.stderr == ""
    assert done.stdout.isascii()
    return json.loads(done.stdout)


def lines(done: Result) -> list[str]:
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def process(scene: Scene, *arguments: str, **more: str) -> dict[str, Any]:
    """What subprocess needs to run a command as a shell does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(UNWANTED)}
    environment = kept | {"PYTHONPATH": str(ROOT)} | variables(scene) | more
    return {"args": [*PROGRAM, *arguments], "env": environment, "cwd": ROOT}


# Requests


def test_what_waits_is_listed_in_columns(scene: Scene) -> None:
    model = scene.model("listed")
    scene.version(model, "Production")
    scene.ask(model, scene.version(model), "Production", comment="Better everywhere.")
    headings, row = lines(run(scene, "requests", "list"))
    for heading, cell in {
        "MODEL": model,
        "VERSION": "2",
        "FROM": "None",
        "TO": "Production",
        "BY": ASKER,
        "DISPLACES": "1",
        "COMMENT": "Better everywhere.",
    }.items():
        assert row[headings.index(heading) :].startswith(cell), heading
    assert "\x1b" not in headings + row


def test_requests_are_the_wires_own_as_json(scene: Scene) -> None:
    one, other = scene.pending("one"), scene.pending("other", comment="ü")
    assert answer(scene, "requests", "list") == {"requests": scene.requests()}
    found = answer(scene, "requests", "list", "--model", other)["requests"]
    assert [request["name"] for request in found] == [other]
    assert one != other


def test_every_page_is_read(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PAGE", 2)
    for number in range(5):
        scene.pending(f"paged-{number}")
    assert answer(scene, "requests", "list") == {"requests": scene.requests()}
    assert len(scene.requests()) == 5


def test_nothing_pending_is_said_beside_the_answer(scene: Scene) -> None:
    done = run(scene, "requests", "list")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "Nothing is pending.\n")
    assert answer(scene, "requests", "list") == {"requests": []}


def test_an_approval_archives_the_others_unless_told_not_to(scene: Scene) -> None:
    cleared, kept = scene.model("cleared"), scene.model("kept")
    for model in (cleared, kept):
        scene.version(model, "Production")
        scene.ask(model, scene.version(model), "Production")
    done = run(scene, "requests", "approve", cleared, "2", "production", "--comment", "Ship it, ü.")
    assert "Approved by console-owner; version 2 is in Production." in done.stdout
    assert done.exit_code == 0
    assert (scene.stage(cleared, "2"), scene.stage(cleared, "1")) == ("Production", "Archived")
    (activity,) = scene.activities(cleared, "APPROVED_REQUEST")
    assert activity["comment"] == "Ship it, ü."
    assert run(scene, "requests", "approve", kept, "2", "Production", "--no-archive").exit_code == 0
    assert (scene.stage(kept, "2"), scene.stage(kept, "1")) == ("Production", "Production")


def test_a_decision_settles_all_who_asked_and_tells_the_activity(scene: Scene) -> None:
    model = scene.pending("settled")
    scene.ask(model, "1", by=SECOND_ASKER)
    told = answer(scene, "requests", "reject", model, "1", "Staging", "--comment", "Not yet.")
    assert [told["activity"]] == scene.activities(model, "REJECTED_REQUEST")
    assert told["activity"]["comment"] == "Not yet."
    assert scene.requests() == []
    assert scene.stage(model) == "None"


def test_a_stage_that_cannot_be_cleared_is_approved_too(scene: Scene) -> None:
    model = scene.pending("archived", "Archived")
    assert run(scene, "requests", "approve", model, "1", "Archived").exit_code == 0
    assert scene.stage(model) == "Archived"


@pytest.mark.parametrize(
    ("arguments", "more", "code", "told"),
    [
        (("approve", "{model}", "1", "Production"), {}, Exit.NOT_FOUND, "no open request"),
        (("approve", "{model}", "2", "Staging"), {}, Exit.NOT_FOUND, ""),
        (("approve", "nowhere", "1", "Staging"), {}, Exit.NOT_FOUND, ""),
        (("approve", "{model}", "one", "Staging"), {}, Exit.REFUSED, ""),
        (("approve", "{model}", "1", "Nowhere"), {}, Exit.USAGE, "'Nowhere' is not one of"),
        (("approve", "{model}", "1"), {}, Exit.USAGE, "STAGE"),
        (("list", "--model", "nowhere"), {}, Exit.NOT_FOUND, ""),
        (("approve", "{model}", "1", "Staging"), {"by": ASKER}, Exit.NOT_ALLOWED, "You may not approve"),
        (("approve", "{model}", "1", "Staging"), {"TUI_REGISTRY_TOKEN": "tr_no"}, Exit.NOT_ALLOWED, ""),
        (("approve", "{model}", "1", "Staging"), {"TUI_REGISTRY_TOKEN": ""}, Exit.NOT_ALLOWED, "TOKEN is not"),
        (("approve", "{model}", "1", "Staging"), {"TUI_REGISTRY_READ_ONLY": "1"}, Exit.NOT_ALLOWED, "read-only"),
        (("reject", "{model}", "1", "Staging"), {"url": "http://127.0.0.1:9"}, Exit.UNREACHABLE, "cannot be reached"),
        (("reject", "{model}", "1", "Staging"), {"TUI_REGISTRY_URL": "127.0.0.1"}, Exit.REFUSED, "must begin with"),
        (("list", "--profile", "nowhere"), {}, Exit.REFUSED, "no profile 'nowhere'"),
    ],
)
def test_what_fails_says_why_by_its_exit_code(
    scene: Scene, arguments: tuple[str, ...], more: dict[str, str], code: Exit, told: str
) -> None:
    model = scene.pending("failing")
    done = run(scene, "requests", *(each.format(model=model) for each in arguments), "--json", **more)
    assert done.exit_code == code, done.output
    assert done.stdout == ""
    assert told in done.stderr
    assert "Error: " in done.stderr
    assert len(scene.requests()) == 1


async def lost(
    scene: Scene,
    line: str,
    arguments: tuple[str, ...],
    befalls: Callable[[Proxy], Any],
    has_happened: Callable[[], object],
) -> Result:
    """A command over a network that loses the answer to what is asked by this line, and what befalls it then."""
    async with proxied(scene.url) as proxy:
        proxy.hold(line)
        running = asyncio.create_task(asyncio.to_thread(run, scene, *arguments, url=proxy.url))
        await until(has_happened, "the server has done it")
        await proxy.cut()
        proxy.release()
        await befalls(proxy)
        return await running


async def until(seen: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < deadline, f"not seen: {what}"
        await asyncio.sleep(0.05)


async def comes_back(proxy: Proxy) -> None:
    await proxy.open()


async def stays_away(_proxy: Proxy) -> None:
    """For as long as anybody asks."""


APPROVE = "POST /api/2.0/mlflow/transition-requests/approve"


async def test_an_approval_whose_answer_is_lost_is_found_out(scene: Scene) -> None:
    model = scene.pending("found-out")
    done = await lost(
        scene, APPROVE, ("requests", "approve", model, "1", "Staging"), comes_back, lambda: not scene.requests()
    )
    assert done.exit_code == 0, done.output
    assert "The answer was lost, but the request is settled." in done.stdout
    assert len(scene.activities(model, "APPROVED_REQUEST")) == 1


async def test_an_approval_that_nobody_can_tell_of_is_unknown(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "FIRST_PAUSE", 0.01)
    model = scene.pending("unknown")
    done = await lost(
        scene, APPROVE, ("requests", "approve", model, "1", "Staging"), stays_away, lambda: not scene.requests()
    )
    assert done.exit_code == Exit.UNKNOWN, done.output
    assert done.stdout == ""
    assert "do not decide twice" in done.stderr


async def test_a_revocation_whose_answer_is_lost_is_found_out(scene: Scene) -> None:
    model = scene.model("revoked")

    def changes() -> int:
        return len(scene.activities(model, "CHANGED_PERMISSIONS"))

    before = changes()
    put, arguments = "PUT /api/2.0/permissions/registered-models/", ("permissions", "revoke", model, "--user", ASKER)
    done = await lost(scene, put, arguments, comes_back, lambda: changes() > before)
    assert done.exit_code == 0, done.output
    assert "The answer was lost, but it is done." in done.stdout
    assert await asyncio.to_thread(levels, scene, model, ASKER) == []
    assert changes() == before + 1


@pytest.mark.parametrize(
    ("line", "arguments", "code"),
    [
        (APPROVE, ("requests", "approve", "{model}", "1", "Staging"), Exit.UNKNOWN),
        ("GET /api/2.0/mlflow/activities/list", ("activity",), Exit.INTERRUPTED),
    ],
)
async def test_an_interruption_says_whether_anything_may_have_happened(
    scene: Scene, line: str, arguments: tuple[str, ...], code: Exit
) -> None:
    model = scene.pending("interrupted")
    async with proxied(scene.url) as proxy:
        proxy.hold(line)
        given = process(scene, *(each.format(model=model) for each in arguments), TUI_REGISTRY_URL=proxy.url)
        program, *rest = given.pop("args")
        running = await asyncio.create_subprocess_exec(
            program, *rest, **given, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        await until(lambda: any(line in asked for asked in proxy.asked), "it was asked")
        running.send_signal(signal.SIGINT)
        written, told = await asyncio.wait_for(running.communicate(), PATIENCE)
    assert running.returncode == code, told
    assert written == b""
    assert b"Interrupted." in told
    assert b"Traceback" not in told


# Models


def test_models_are_listed_by_words_and_by_grammar(scene: Scene) -> None:
    risk = scene.model("=Risk-EU-" + scene.id, tags=[{"key": "team", "value": "risk"}], description="Two\nlines.")
    churn = scene.model("churn-eu")
    scene.version(risk, "Staging")
    assert [row.split()[0] for row in lines(run(scene, "models", "list", "EU", scene.id))[1:]] == [risk, churn]
    _, row = lines(run(scene, "models", "list", f"= name LIKE '%{scene.id}' AND tags.team = 'risk'"))
    assert row.split("  ")[0] == risk
    assert "Staging 1" in row
    assert "team=risk" in row
    assert row.endswith("Two lines.")
    listed = answer(scene, "models", "list", scene.id)
    path = "/mlflow/registered-models/search"
    assert listed == scene.call("GET", path, filter=f"name ILIKE '%{scene.id}%'")


def test_models_are_limited_and_the_rest_is_not_hidden(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PAGE", 2)
    names = sorted(scene.model(f"limited-{number}") for number in range(5))
    all_of_them = answer(scene, "models", "list", scene.id)
    assert [model["name"] for model in all_of_them["registered_models"]] == names
    assert "next_page_token" not in all_of_them
    done = run(scene, "models", "list", scene.id, "--limit", "3")
    assert [line.split()[0] for line in lines(done)[1:]] == names[:3]
    assert done.stderr == "There are more than these 3.\n"
    done = run(scene, "models", "list", scene.id, "--limit", "3", "--json")
    cut = json.loads(done.stdout)
    assert len(cut["registered_models"]) == 3
    rest = scene.call(
        "GET",
        "/mlflow/registered-models/search",
        filter=f"name ILIKE '%{scene.id}%'",
        page_token=cut["next_page_token"],
    )
    assert [model["name"] for model in rest["registered_models"]] == names[3:]


def test_no_models_is_no_failure(scene: Scene) -> None:
    done = run(scene, "models", "list", "there-is-none-of-this-name")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "There is no such model.\n")
    assert answer(scene, "models", "list", "there-is-none-of-this-name") == {"registered_models": []}


def test_a_filter_that_the_server_refuses(scene: Scene) -> None:
    done = run(scene, "models", "list", "= nonsense")
    assert done.exit_code == Exit.REFUSED
    assert done.stdout == ""


def test_a_model_is_shown_whole(scene: Scene) -> None:
    model = scene.model(
        "shown", tags=[{"key": "team", "value": "risk"}], description="# Churn\n\nWho leaves us, and why."
    )
    scene.version(model, "Production", description="The first.")
    scene.ask(model, scene.version(model), "Staging", comment="Please.")
    scene.call("POST", "/mlflow/registered-models/alias", name=model, alias="champion", version="1")
    told = lines(run(scene, "models", "show", model))
    text = "\n".join(told)
    for fact in (
        f"Model:        {model}",
        "Your level:   CAN_MANAGE",
        "By:           console-owner",
        "Tags:         team=risk",
        "Aliases:      @champion = 1",
        "Latest:       Production 1, None 2",
        "Description:  # Churn\n\n              Who leaves us, and why.\n",
    ):
        assert fact in text, text
    newest, first = told[told.index("Versions") + 2 :][:2]
    assert newest.split()[:2] == ["2", "None"]
    assert first.split()[:2] == ["1", "Production"]
    assert "@champion" in first
    assert "s3://models/1" in first
    assert told[told.index("Open requests") + 2].endswith("Please.")
    shown = answer(scene, "models", "show", model)
    found = scene.call("GET", "/mlflow/databricks/registered-models/get", name=model)
    versions = scene.call("GET", "/mlflow/model-versions/search", filter=f"name = '{model}'")["model_versions"]
    assert shown["registered_model_databricks"] == found["registered_model_databricks"]
    assert sorted(shown["model_versions"], key=str) == sorted(versions, key=str)
    assert shown["requests"] == scene.requests()


@pytest.mark.parametrize("name", ["it's", 'the "best"', "both ' and \"", "模型"])
def test_a_model_of_any_name_is_shown(scene: Scene, name: str) -> None:
    model = scene.model(name)
    scene.version(model)
    shown = answer(scene, "models", "show", model)
    assert [version["name"] for version in shown["model_versions"]] == [model]


def test_a_model_that_is_not_there(scene: Scene) -> None:
    assert run(scene, "models", "show", "nowhere").exit_code == Exit.NOT_FOUND


# Activities


def test_activities_are_narrowed(scene: Scene) -> None:
    model = scene.model("active")
    version = scene.version(model)
    scene.ask(model, version, comment="Please.")
    scene.call("POST", "/mlflow/comments/create", name=model, version=version, comment="Looks good.")
    scene.call("POST", "/mlflow/transition-requests/reject", name=model, version=version, stage="Staging", comment="No")
    everything = answer(scene, "activity", "--model", model)["activities"]
    assert everything == scene.call("GET", "/mlflow/activities/list", name=model)["activities"]

    def kinds(*options: str) -> list[str]:
        found = answer(scene, "activity", "--model", model, *options)["activities"]
        return [each["activity_type"] for each in found]

    assert kinds("--user", ASKER) == ["REQUESTED_TRANSITION"]
    assert kinds("--type", "rejected", "--type", "new_comment") == ["REJECTED_REQUEST", "NEW_COMMENT"]
    assert kinds("--version", "1", "--limit", "1") == ["REJECTED_REQUEST"]
    assert len(kinds("--since", "1h")) == len(everything)
    assert kinds("--since", "2999-01-01") == kinds("--until", "1h") == []
    assert len(kinds("--since", "2020-01-01", "--until", "2999-01-01T12:00")) == len(everything)
    headings, row, *_ = lines(run(scene, "activity", "--model", model))
    assert headings.split() == ["WHEN", "WHO", "DID", "MODEL", "VERSION", "STAGES", "WHAT"]
    assert f"{OWNER}  REJECTED_REQUEST" in row
    assert "None → Staging" in row
    assert row.endswith("  No; requested by console-asker")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--since", "yesterday"), "is neither a length of time"),
        (("--since", "-1d"), "is neither a length of time"),
        (("--type", "nonsense"), "is no part of"),
        (("--version", "1"), "--model"),
        (("--limit", "0"), "0"),
    ],
)
def test_activities_that_cannot_be_meant(scene: Scene, options: tuple[str, ...], told: str) -> None:
    done = run(scene, "activity", *options)
    assert done.exit_code == Exit.USAGE
    assert told in done.stderr


# Permissions


def levels(scene: Scene, model: str, name: str) -> list[tuple[str, bool]]:
    """What somebody has on a model: levels, and whether each is inherited."""
    found = answer(scene, "permissions", "show", model)
    return [
        (permission["permission_level"], permission["inherited"])
        for entry in found["access_control_list"]
        if name in entry.values()
        for permission in entry["all_permissions"]
    ]


@pytest.fixture
def group(scene: Scene) -> str:
    """A group with SECOND_ASKER in it."""
    name = f"group-{scene.id}"
    with scene.registry.client() as client:
        users = client.get("/preview/scim/v2/Users", params={"filter": f'userName eq "{SECOND_ASKER}"'}).json()
        members = [{"value": users["Resources"][0]["id"]}]
        made = client.post("/preview/scim/v2/Groups", json={"displayName": name, "members": members})
        assert made.is_success, made.text
    return name


def test_levels_are_granted_shown_and_revoked(scene: Scene, group: str) -> None:
    model = scene.model("shared")
    done = run(scene, "permissions", "grant", model, "--group", group, "can_edit")
    assert done.stdout == f"group {group} has CAN_EDIT on {model}; before: no level of its own.\n"
    assert levels(scene, model, group) == [("CAN_EDIT", False)]
    row = next(row for row in lines(run(scene, "permissions", "show", model)) if group in row)
    assert row.split() == ["group", group, "CAN_EDIT", "here"]
    done = run(scene, "permissions", "grant", model, "CAN_READ", "--group", group)
    assert "before: CAN_EDIT" in done.stdout
    others = levels(scene, model, ASKER)
    done = run(scene, "permissions", "revoke", model, "--group", group.upper())
    assert done.exit_code == 0, done.output
    assert levels(scene, model, group) == []
    assert levels(scene, model, ASKER) == others == [("CAN_READ", False)]
    assert levels(scene, model, OWNER) == [("CAN_MANAGE", False)]


def test_permissions_are_the_wires_own_as_json(scene: Scene) -> None:
    model = scene.model("told")
    identity = answer(scene, "models", "show", model)["registered_model_databricks"]["id"]
    path = f"/permissions/registered-models/{identity}"
    assert answer(scene, "permissions", "show", model) == scene.call("GET", path)
    changed = answer(scene, "permissions", "grant", model, "--user", ASKER, "CAN_EDIT")
    assert changed == scene.call("GET", path)
    changed = answer(scene, "permissions", "revoke", model, "--user", ASKER)
    assert changed == scene.call("GET", path)


def test_what_is_inherited_stays_and_is_told(scene: Scene, group: str) -> None:
    model = scene.model("inherited")
    granted = run(scene, "permissions", "grant", "--registry", "--group", group, "CAN_READ", by="admin")
    assert granted.exit_code == 0, granted.output
    try:
        run(scene, "permissions", "grant", model, "--group", group, "CAN_EDIT")
        done = run(scene, "permissions", "revoke", model, "--group", group)
        assert done.exit_code == 0
        assert "It still has CAN_READ, inherited from the registry." in done.stdout
        again = run(scene, "permissions", "revoke", model, "--group", group)
        assert again.exit_code == Exit.NOT_FOUND
        assert "no level of its own" in again.stderr
        assert "It still has CAN_READ, inherited from the registry." in again.stderr
        row = next(row for row in lines(run(scene, "permissions", "show", model)) if group in row)
        assert row.endswith("the registry")
    finally:
        done = run(scene, "permissions", "revoke", "--registry", "--group", group, by="admin")
    assert done.exit_code == 0, done.output
    assert levels(scene, model, group) == []


def test_ones_own_level_is_not_dropped_by_mistake(scene: Scene) -> None:
    model = scene.model("own")
    for arguments in (("revoke", model), ("grant", model, "CAN_EDIT")):
        done = run(scene, "permissions", *arguments, "--user", OWNER)
        assert done.exit_code == Exit.REFUSED
        assert "--yes" in done.stderr
        assert levels(scene, model, OWNER) == [("CAN_MANAGE", False)]
    assert run(scene, "permissions", "grant", model, "--user", SECOND_ASKER, "CAN_MANAGE").exit_code == 0
    done = run(scene, "permissions", "revoke", model, "--user", OWNER, "--yes")
    assert done.stdout.startswith(f"user {OWNER} no longer has CAN_MANAGE on {model}.")
    given_back = run(scene, "permissions", "grant", model, "--user", OWNER, "CAN_MANAGE", by=SECOND_ASKER)
    assert given_back.exit_code == 0


def test_who_manages_by_a_group_may_drop_the_level_of_their_own(scene: Scene, group: str) -> None:
    model = scene.model("twice")
    run(scene, "permissions", "grant", model, "--user", SECOND_ASKER, "CAN_MANAGE")
    run(scene, "permissions", "grant", model, "--group", group, "CAN_MANAGE")
    done = run(scene, "permissions", "revoke", model, "--user", SECOND_ASKER, by=SECOND_ASKER)
    assert done.exit_code == 0, done.output
    done = run(scene, "permissions", "revoke", model, "--group", group, by=SECOND_ASKER)
    assert done.exit_code == Exit.REFUSED
    assert levels(scene, model, group) == [("CAN_MANAGE", False)]


@pytest.mark.parametrize(
    ("arguments", "more", "code", "told"),
    [
        (("grant", "{model}", "--user", "nobody@example.com", "CAN_READ"), {}, Exit.NOT_FOUND, "does not exist"),
        (("grant", "{model}", "--user", ASKER, "CAN_DO_ALL"), {}, Exit.USAGE, "CAN_MANAGE_STAGING_VERSIONS"),
        (("grant", "{model}", "--user", ASKER), {}, Exit.USAGE, "MODEL LEVEL"),
        (("grant", "--registry", "{model}", "--user", ASKER, "CAN_READ"), {}, Exit.USAGE, "--registry LEVEL"),
        (("grant", "{model}", "CAN_READ"), {}, Exit.USAGE, "exactly one of"),
        (("grant", "{model}", "CAN_READ", "--user", ASKER, "--group", "x"), {}, Exit.USAGE, "exactly one of"),
        (("show",), {}, Exit.USAGE, "either MODEL or --registry"),
        (("show", "{model}", "--registry"), {}, Exit.USAGE, "either MODEL or --registry"),
        (("revoke", "--user", ASKER), {}, Exit.USAGE, "either MODEL or --registry"),
        (("grant", "{model}", "--user", ASKER, "CAN_EDIT"), {"by": ASKER}, Exit.NOT_ALLOWED, ""),
        (("grant", "{model}", "--user", ASKER, "CAN_EDIT"), {"TUI_REGISTRY_READ_ONLY": "yes"}, Exit.NOT_ALLOWED, ""),
        (("revoke", "--registry", "--group", "admins"), {"by": "admin"}, Exit.REFUSED, ""),
        (("grant", "--registry", "--group", "admins", "CAN_READ"), {"by": "admin"}, Exit.REFUSED, ""),
        (("show", "nowhere"), {}, Exit.NOT_FOUND, ""),
    ],
)
def test_permissions_that_cannot_be_changed(
    scene: Scene, arguments: tuple[str, ...], more: dict[str, str], code: Exit, told: str
) -> None:
    model = scene.model("fixed")
    done = run(scene, "permissions", *(each.format(model=model) for each in arguments), **more)
    assert done.exit_code == code, done.output
    assert done.stdout == ""
    assert told in done.stderr
    assert levels(scene, model, ASKER) == [("CAN_READ", False)]


# What every command does


def test_nothing_of_the_servers_reaches_the_terminal_raw(scene: Scene) -> None:
    model = scene.model("hostile", description=HOSTILE, tags=[{"key": "k", "value": HOSTILE}])
    version = scene.version(model, description=HOSTILE)
    scene.ask(model, version, comment=HOSTILE)
    for arguments in (
        ("requests", "list"),
        ("models", "list", scene.id),
        ("models", "show", model),
        ("activity", "--model", model),
    ):
        done = run(scene, *arguments)
        assert done.exit_code == 0
        assert "[/x]" in done.stdout
        assert "模型" in done.stdout
        assert not set("\x1b\x07\u202e\u0301") & set(done.stdout), arguments
        answer(scene, *arguments)
    listed = answer(scene, "requests", "list", "--model", model)["requests"]
    assert listed[0]["comment"] == HOSTILE


def test_a_pipe_gets_everything_and_a_terminal_what_fits(scene: Scene) -> None:
    model = scene.model("long", tags=[{"key": "k", "value": "v" * 4000}], description=LONG)
    scene.ask(model, scene.version(model), comment=LONG)
    assert lines(run(scene, "requests", "list"))[1].endswith(LONG)
    _, row = lines(run(scene, "models", "list", scene.id))
    assert f"k={'v' * 4000}  {LONG}" in row
    told = variables(scene) | {"HOME": os.environ["HOME"]}
    for arguments in (("requests", "list"), ("models", "list", scene.id), ("activity", "--model", model)):
        with terminal(*arguments, variables=told, size=(100, 40)) as shown:
            assert shown.ends() == 0
            written = shown.raw.decode().splitlines()
        assert all(len(line) <= 100 for line in written), written
        assert "…" in written[1]
        assert "\x1b" not in "".join(written)


def test_a_long_cell_does_not_push_the_rows_of_others(scene: Scene) -> None:
    long = scene.model("a" * 200, tags=[{"key": "k", "value": "v" * 4000}])
    short = scene.model("short")
    _, first, second = lines(run(scene, "models", "list", scene.id))
    assert first.startswith(f"{long}  {OWNER}")
    assert second.startswith(short)
    assert len(second) < 300


def test_a_reader_that_goes_away_is_no_failure(scene: Scene) -> None:
    scene.pending("piped", comment=LONG * 8)
    with subprocess.Popen(
        **process(scene, "requests", "list"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as reading:
        assert reading.stdout is not None
        assert reading.stderr is not None
        reading.stdout.close()
        said = reading.stderr.read()
        assert reading.wait(PATIENCE) == 0
    assert said == b""


def test_an_answer_that_cannot_be_written_is_told(scene: Scene) -> None:
    scene.pending("full")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            **process(scene, "requests", "list"), stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE, check=False
        )
    assert done.returncode == Exit.REFUSED
    assert done.stderr.startswith(b"Error: The answer could not be written: No space left")
    assert b"Traceback" not in done.stderr


def test_a_terminal_that_knows_no_such_letters_gets_others(scene: Scene) -> None:
    model = scene.pending("模型")
    done = subprocess.run(
        **process(scene, "requests", "list", PYTHONIOENCODING="ascii"),
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0
    assert f"??{model[2:]}".encode() in done.stdout


def test_without_any_configuration_the_registry_of_ones_own_is_asked(home: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(UNWANTED)}
    environment = kept | {"PYTHONPATH": str(ROOT), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    done = subprocess.run(
        [*PROGRAM, "models", "list", "--json"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"registered_models": []}
    state = home / ".local" / "share" / "tui-registry" / "registry.db.server"
    deadline = time.monotonic() + PATIENCE
    while state.exists():
        assert time.monotonic() < deadline, "its server has not ended"
        time.sleep(0.05)


def test_a_profile_is_named_before_or_after_the_command(scene: Scene) -> None:
    for arguments in (("--profile", "work", "models", "list"), ("models", "list", "--profile", "work")):
        done = run(scene, *arguments)
        assert done.exit_code == Exit.REFUSED
        assert "There is no profile 'work'" in done.stderr


def test_the_exit_codes_are_in_every_commands_help() -> None:
    for arguments in ((), ("requests", "approve"), ("models", "list"), ("activity",), ("permissions", "revoke")):
        shown = CliRunner().invoke(main, [*arguments, "--help"]).stdout
        for code, meaning in MEANINGS.items():
            assert f"{code:>3}  {meaning}" in shown


def test_the_commands_start_without_what_they_do_not_need() -> None:
    code = "import sys; sys.argv = ['tui-registry', '--help']\nfrom tui_registry.cli import main\n"
    code += "try: main()\nfinally: print(sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    for module in ("asyncio", "pydantic", "httpx", "textual", "rich", "keyring"):
        assert f"'{module}'" not in done.stderr, module
