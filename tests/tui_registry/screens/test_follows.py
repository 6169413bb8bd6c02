"""Following from the console and by commands: what the server knows of it, and the e-mail that follows."""

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from tests.live_registry import LiveRegistry
from tests.server.api import Api
from tests.server.mail_registry import serving_with_mail
from tests.server.mailbox import Mailbox
from tests.tui_registry.console import SIZES, console
from tui_registry.cli import main

FOLLOWS = "/mlflow/follows/list"
BOB = "bob@example.com"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveRegistry, Mailbox]]:
    with serving_with_mail(tmp_path_factory.mktemp("followed")) as (live, mailbox):
        with Api(live.url, live.admin_token) as admin:
            admin.post("/mlflow/registered-models/create", name="churn").ok()
            entry = {"user_name": BOB, "permission_level": "CAN_READ"}
            live.token(BOB)
            admin.patch("/permissions/registered-models/root", access_control_list=[entry]).ok()
        yield live, mailbox


async def test_by_keys(served: tuple[LiveRegistry, Mailbox]) -> None:
    live, mailbox = served
    with Api(live.url, live.token(BOB)) as bob, Api(live.url, live.admin_token) as admin:
        async with console(live.url, live.token(BOB)) as shown:
            await shown.press("f")
            await shown.shows("Follow requests that wait for you", "every day", "leave empty for your own address")
            assert "stop following" not in shown.text
            await shown.press("k", "enter", "enter")  # every hour
            await shown.notifies("requests that wait for you: You are notified every hour.")
            await shown.press("2")
            await shown.shows("churn")
            await shown.press("f")
            await shown.shows("Follow churn")
            await shown.press("g", "enter", "enter")
            await shown.notifies("churn: You are notified immediately.")
            listed = bob.get(FOLLOWS).ok()["follows"]
            assert [(each.get("model_name"), each["digest"], each["email"]) for each in listed] == [
                (None, "HOURLY", BOB),
                ("churn", "NOW", BOB),
            ]
            admin.post("/mlflow/model-versions/create", name="churn", source="s3://x").ok()
            assert mailbox.wait_for(1)[0].message["Subject"] == "admin created registered model 'churn' version 1."
            await shown.press("enter")
            await shown.shows("Models › churn")
            await shown.press("f")
            await shown.shows("You follow churn", "stop following", BOB)
            await shown.press("G", "enter", "enter")
            await shown.notifies("churn: You are no longer notified of it.")
            await shown.until(lambda: len(bob.get(FOLLOWS).ok()["follows"]) == 1, "one less")
            await shown.press("u")
            await shown.shows("Undo the last change?")
            await shown.press("y")
            await shown.until(lambda: len(bob.get(FOLLOWS).ok()["follows"]) == 2, "followed again")


@SIZES
async def test_what_one_follows_is_listed_changed_and_ended(
    served: tuple[LiveRegistry, Mailbox], size: tuple[int, int]
) -> None:
    live, _ = served
    slack = "https://127.0.0.1:9/services/T0AB/B1CD/secret"
    ann = f"ann-{size[0]}@example.com"
    with Api(live.url, live.token(ann)) as api, Api(live.url, live.admin_token) as admin:
        entry = {"user_name": ann, "permission_level": "CAN_READ"}
        admin.patch("/permissions/registered-models/root", access_control_list=[entry]).ok()
        async with console(live.url, live.token(ann), size) as shown:
            await shown.press("F")
            await shown.shows("Follows (0)", "You do not follow anything.", "Press f on a model")
            assert "unfollow" not in shown.bar
            api.post("/mlflow/follows/set", digest="DAILY").ok()
            api.post("/mlflow/follows/set", model_name="churn", digest="HOURLY", slack_url=slack).ok()
            await shown.press("f5")
            await shown.shows("Follows (2)", "requests that wait for you", "every day", ann, "every hour", "Slack B1CD")
            await shown.shows("Requests that you may decide: you are notified every day", "e change", "D unfollow")
            assert "secret" not in shown.text
            await shown.press("j", "e")
            await shown.shows("You follow churn")
            await shown.press("g", "enter", "enter")
            await shown.notifies("churn: You are notified immediately.")
            await shown.shows("immediately")
            await shown.press("D")
            await shown.shows("Stop following this?", "• churn", "Nothing more is sent to Slack B1CD (127.0.0.1:9).")
            await shown.press("n", "enter")
            await shown.shows("Models › churn")
            await shown.press("escape", "D", "y")
            await shown.notifies("You are no longer notified of it.")
            await shown.shows("Follows (1)")
            await shown.press("escape", "colon")
            await shown.type("notifications")
            await shown.press("enter")
            await shown.shows("Follows (1)", "requests that wait for you")
            await shown.press("enter")
            await shown.shows("No open requests")
        (left,) = api.get(FOLLOWS).ok()["follows"]
        assert "model_name" not in left


@pytest.mark.usefixtures("command_home")
def test_by_commands(served: tuple[LiveRegistry, Mailbox]) -> None:
    live, _ = served

    def run(*arguments: str) -> Result:
        environment = {"TUI_REGISTRY_URL": live.url, "TUI_REGISTRY_TOKEN": live.admin_token}
        return CliRunner().invoke(main, [*arguments], env=environment)

    assert "You do not follow anything." in run("follows").stderr
    assert run("follow").exit_code == run("follow", "churn", "--requests").exit_code == 2
    assert run("follow", "churn", "--now", "--digest", "daily").exit_code == 2
    assert "no e-mail address" in run("follow", "churn").stderr
    slack = "https://127.0.0.1:9/services/secret"
    dry = run("follow", "churn", "--slack", slack, "--dry-run")
    assert (dry.exit_code, "You do not follow anything." in run("follows").stderr) == (0, True)
    assert "You are notified immediately." in run("follow", "churn", "--slack", slack).stdout
    changed = run("follow", "churn", "--digest", "daily", "--email", "ops@example.org", "--json")
    followed = json.loads(changed.stdout)["follow"]
    assert (followed["model_name"], followed["digest"], followed["email"]) == ("churn", "DAILY", "ops@example.org")
    assert run("follow", "--requests", "--slack", slack).exit_code == 0
    listed = run("follows").stdout
    assert "(requests)" in listed
    assert "ops@example.org" in listed
    assert "secret" not in listed
    assert run("unfollow", "churn").exit_code == run("unfollow", "--requests").exit_code == 0
    assert run("unfollow", "churn").exit_code == 3
    assert json.loads(run("follows", "--json").stdout) == {"follows": []}
