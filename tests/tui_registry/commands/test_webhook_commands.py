"""Webhooks by commands: a live server notifies a real receiver."""

import base64
import json
import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.live_registry import serving
from tests.server.api import Api
from tests.server.permission_case import MODELS
from tests.server.receiver import Answer, Received, Receiver
from tui_registry.cli import main

SECRET = "the key of the signature"
CREATED = "REGISTERED_MODEL_CREATED"


@pytest.mark.usefixtures("command_home")
def test_from_creation_to_deletion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUI_REGISTRY_WEBHOOK_KEY", base64.urlsafe_b64encode(os.urandom(32)).decode())
    statuses = [200]

    def reply(_request: Received) -> Answer:
        return statuses[-1], b"\x1b[31mheard", {}

    with (
        Receiver(reply) as receiver,
        serving(tmp_path, "--webhook-allow", "127.0.0.0/8") as live,
        Api(live.url, live.admin_token) as api,
    ):

        def run(*arguments: str, input: str | None = None) -> Result:  # noqa: A002  # as click names it
            environment = {"TUI_REGISTRY_URL": live.url, "TUI_REGISTRY_TOKEN": live.admin_token}
            return CliRunner().invoke(main, ["webhooks", *arguments], env=environment, input=input)

        assert "There are no webhooks" in run("list").stderr
        create = ["create", CREATED.lower(), "--url", f"{receiver.url}/hook", "--secret-file", "-"]
        dry = run(*create, "--dry-run", input=f"{SECRET}\n")
        assert (dry.exit_code, CREATED in dry.stdout, SECRET in dry.output) == (0, True, False)
        created = run(*create, input=f"{SECRET}\n")
        assert created.exit_code == 0, created.output
        webhook_id = created.stdout.strip()
        (listed,) = json.loads(run("list", "--json").stdout)["webhooks"]
        assert (listed["id"], listed["events"], listed["status"]) == (webhook_id, [CREATED], "ACTIVE")

        tested = run("test", webhook_id)
        harmless = "200 \N{REPLACEMENT CHARACTER}[31mheard"
        assert (tested.exit_code, tested.stdout.strip()) == (0, harmless)
        assert receiver.wait_for(1)[0].is_signed_for_databricks(SECRET)
        statuses.append(410)
        refused = run("test", webhook_id)
        assert (refused.exit_code, "answered 410" in refused.stderr) == (1, True)

        api.post(f"{MODELS}/create", name="lost").ok()
        receiver.wait_for(3)
        assert run("pause", webhook_id).exit_code == 0
        assert "already" in run("pause", webhook_id).stdout
        api.post(f"{MODELS}/create", name="never sent").ok()
        assert run("resume", webhook_id).exit_code == 0
        (dead,) = json.loads(run("deliveries", webhook_id, "--status", "dead", "--json").stdout)["deliveries"]
        assert (dead["event"], dead["response_status"], dead["attempts"]) == (CREATED, 410, 1)
        assert "410" in run("deliveries", webhook_id).stdout
        assert "FAILING" in run("list").stdout
        (listed,) = json.loads(run("list", "--json").stdout)["webhooks"]
        assert listed["status"] == "ACTIVE"

        statuses.append(200)
        assert run("replay", webhook_id).exit_code == 2, "what to send again must be said"
        replayed = run("replay", webhook_id, "--since", "1d", "--status", "dead")
        assert (replayed.exit_code, replayed.stdout.strip()) == (0, "1"), replayed.output
        again = receiver.wait_for(4)[3]
        assert (again.json["model_name"], again.headers["x-registry-delivery-id"]) == ("lost", dead["id"])

        while json.loads(run("deliveries", webhook_id, "--status", "pending", "--json").stdout)["deliveries"]:
            time.sleep(0.05)  # until the server knows that it has arrived
        late = run("replay", webhook_id, "--delivery", dead["id"], "--status", "pending")
        assert (late.exit_code, late.stdout.strip()) == (0, "0"), "it does not wait any more"

        assert run("delete", webhook_id).exit_code != 0, "nobody can be asked"
        assert run("delete", webhook_id, "--yes").exit_code == 0
        assert json.loads(run("list", "--json").stdout)["webhooks"] == []
        gone = run("pause", webhook_id)
        assert "There is no webhook" in gone.stderr
