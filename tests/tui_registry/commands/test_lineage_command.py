"""Runs found for versions that were registered before the server knew a tracking server."""

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.live_registry import Server, command, fresh_database
from tests.server.api import Api
from tests.server.permission_case import MODELS, VERSIONS
from tests.server.scripted_tracking_server import LOGGED, RUN, answer, logged_model, serving_script, wait_for_lineage
from tui_registry.cli import main
from tui_registry.commands import registry

WITHOUT_RUN, UNKNOWN = "models:/m-" + "1" * 32, "models:/m-" + "2" * 32


def reply(handler: BaseHTTPRequestHandler) -> None:
    if "1" * 32 in handler.path:
        answer(handler, 200, logged_model(source_run_id=""))
    elif "2" * 32 in handler.path:
        answer(handler, 404, {"error_code": "RESOURCE_DOES_NOT_EXIST"})
    elif "/runs/get" in handler.path:
        data = {"metrics": [{"key": "rmse", "value": 0.5}], "params": [{"key": "text", "value": "\x1b[31m[red]"}]}
        answer(handler, 200, {"run": {"info": {"run_name": "first", "status": "FINISHED"}, "data": data}})
    else:
        answer(handler, 200, logged_model())


@pytest.mark.usefixtures("command_home")
def test_backfill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "PAGE_SIZE", 2)
    with fresh_database(tmp_path) as database, serving_script() as tracking:
        tracking.reply = reply
        tokens = {}
        for user, *admin in (("ada", "--admin"), ("bob",)):
            command(database, "users", "create", user, *admin)
            tokens[user] = command(database, "tokens", "create", user).strip()
        with Server(tmp_path, database) as before, Api(before.start(), tokens["ada"]) as api:
            for name in ("churn", "fraud"):
                api.post(f"{MODELS}/create", name=name).ok()
            for source in (LOGGED, WITHOUT_RUN, LOGGED, UNKNOWN, "s3://bucket/model"):
                api.post(f"{VERSIONS}/create", name="churn", source=source).ok()
            api.post(f"{VERSIONS}/create", name="fraud", source=LOGGED).ok()
            api.post(f"{VERSIONS}/create", name="fraud", source=LOGGED, run_id="mine").ok()

        with Server(tmp_path, database, "--tracking-uri", f"http://127.0.0.1:{tracking.server_port}") as after:
            url = after.start()

            def run(*arguments: str, by: str = "ada") -> Result:
                environment = {"TUI_REGISTRY_URL": url, "TUI_REGISTRY_TOKEN": tokens[by]}
                return CliRunner().invoke(main, ["lineage", *arguments], env=environment)

            dry = run("backfill", "--dry-run")
            assert dry.exit_code == 0, dry.output
            assert dry.stdout.splitlines() == [
                *(f"churn {number}: without a run" for number in (1, 2, 3, 4)),
                "fraud 1: without a run",
                "Dry run: nothing was changed.",
            ]
            assert tracking.paths == []
            assert run("backfill", by="bob").stderr == "Every version has its run already.\n"
            done = run("backfill")
            assert done.exit_code == 0, done.output
            assert done.stdout.splitlines() == [
                f"churn 1: run {RUN}",
                "churn 2: its model was logged without a run",
                f"churn 3: run {RUN}",
                "churn 4: The tracking server was asked, but it does not know it.",
                f"fraud 1: run {RUN}",
            ]
            assert done.stderr == "5 versions: 3 found, 1 without a run, 1 asked for later.\n"
            with Api(url, tokens["ada"]) as api:
                found = api.get(f"{VERSIONS}/search", filter=f"run_id = '{RUN}'").ok()["model_versions"]
                assert {(each["name"], each["version"]) for each in found} == {
                    ("churn", "1"),
                    ("churn", "3"),
                    ("fraud", "1"),
                }
                wait_for_lineage(api, "churn", "1", bool)
                wait_for_lineage(api, "churn", "2", bool)
            again = json.loads(run("backfill", "--json").stdout)
            assert [(each["version"], each["outcome"]) for each in again["versions"]] == [
                ("2", "NO_RUN"),
                ("4", "LATER"),
            ]
            shown = run("show", "churn", "1")
            assert shown.exit_code == 0, shown.output
            assert {line.partition(":")[0]: line.partition(":")[2].strip() for line in shown.stdout.splitlines()} == {
                "Status": "ready",
                "Run": RUN,
                "Logged model": LOGGED.removeprefix("models:/"),
                "Experiment": "(7)",
                "Run name": "first",
                "Run status": "finished",
                "Metric rmse": "0.5",
                "Parameter text": "�[31m[red]",
            }
