"""Workspaces in the console and in commands."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live_registry import ADMIN, LiveRegistry
from tests.server.api import Api
from tests.tui_registry.command_line import answer, lines, run
from tests.tui_registry.console import LARGE, Console, console
from tests.tui_registry.proxy import proxied
from tests.tui_registry.samples import Samples
from tui_registry.app import ConsoleApp
from tui_registry.commands.exit_codes import Exit
from tui_registry.session import profiles
from tui_registry.session.connection import Connection, ConnectionProblem, connect

MODELS = "/mlflow/registered-models"


@pytest.fixture(scope="module")
def team(registry: LiveRegistry) -> Iterator[Api]:
    """The administrator's view of a workspace with a model."""
    with (
        Api(registry.url, registry.admin_token) as admin,
        Api(registry.url, registry.admin_token, "risk") as api,
    ):
        admin.post("/api/3.0/mlflow/workspaces", name="risk").ok()
        api.post(f"{MODELS}/create", name="of-the-team").ok()
        yield api
        admin.send("DELETE", "/api/3.0/mlflow/workspaces/risk?mode=CASCADE").ok()


async def test_the_header_names_it_and_its_models_are_listed(samples: Samples, team: Api) -> None:
    samples.model("of-everybody")
    app = ConsoleApp(Connection(team.url, str(team.token), "work", workspace="risk"))
    async with app.run_test(size=LARGE, notifications=True) as pilot:
        shown = Console(app, pilot)
        await shown.until(lambda: app.screen_stack and app.screen.is_mounted, "the first screen")
        await shown.shows("work/risk")
        await shown.press("2")
        await shown.shows("of-the-team")
        assert "of-everybody" not in shown.text
        app.exit()


async def test_the_name_in_the_header_grows_once(team: Api) -> None:
    """The user and the workspace are shown at once, whichever is known first."""
    async with proxied(team.url) as proxy:
        proxy.hold("mlflow/workspaces")
        async with console(proxy.url, str(team.token)) as shown:
            await shown.until(lambda: "● live" in shown.header, "it is live")
            assert "@" not in shown.header
            proxy.release()
            await shown.until(lambda: f"{ADMIN} @ test/default" in shown.header, "who, and where")


@pytest.mark.usefixtures("command_home")
def test_commands_name_it(samples: Samples, team: Api) -> None:
    given = {"TUI_REGISTRY_TOKEN": str(team.token)}
    by_option = run(samples, "--workspace", "risk", "models", "list", **given)
    assert "of-the-team" in by_option.stdout
    by_variable = run(samples, "models", "list", TUI_REGISTRY_WORKSPACE="risk", **given)
    assert by_variable.stdout == by_option.stdout
    assert "of-the-team" not in run(samples, "models", "list", **given).stdout
    default = run(samples, "--workspace", "default", "models", "list", TUI_REGISTRY_WORKSPACE="risk", **given)
    assert "of-the-team" not in default.stdout
    for workspace in ("risk", "default"):
        whole = run(samples, "--workspace", workspace, "permissions", "why", "--registry", **given)
        assert "CAN_MANAGE on the whole workspace" in whole.stdout
    unknown = run(samples, "--workspace", "nowhere", "models", "list", **given)
    assert "Workspace 'nowhere' not found" in unknown.stderr
    invalid = run(samples, "--workspace", "A/b", "models", "list", **given)
    assert "'A/b' is not the name of a workspace" in invalid.stderr


@pytest.mark.usefixtures("command_home")
def test_one_from_its_creation_to_its_end(samples: Samples) -> None:
    name = f"w-{samples.id}"
    made = answer(samples, "workspaces", "create", name, "--description", "Of a team.", by=ADMIN)["workspace"]
    assert (made["name"], made["description"]) == (name, "Of a team.")
    again = run(samples, "workspaces", "create", name, by=ADMIN)
    assert (again.exit_code, f"there is already a workspace {name}" in again.stderr) == (Exit.REFUSED, True)
    assert run(samples, "workspaces", "create", "A_b", by=ADMIN).exit_code == Exit.REFUSED

    with Api(samples.url, samples.registry.admin_token, name) as inside:
        inside.post(f"{MODELS}/create", name="inside").ok()
        inside.post("/mlflow/model-versions/create", name="inside", source="s3://models/inside").ok()
        stage = {"name": "inside", "version": "1", "stage": "Production", "archive_existing_versions": False}
        inside.post("/mlflow/databricks/model-versions/transition-stage", **stage).ok()
        hiding = {"key": "mlflow.prompt.is_prompt", "value": "true"}
        inside.post("/mlflow/model-versions/set-tag", name="inside", version="1", **hiding).ok()
    rows = lines(run(samples, "workspaces", "list", by=ADMIN))
    assert [line.split() for line in rows if line.startswith(name)] == [[name, "1", "CAN_MANAGE", "Of", "a", "team."]]
    listed = answer(samples, "workspaces", "list", by=ADMIN)["workspaces"]
    assert {each["name"] for each in listed} >= {name, "default"}
    assert name not in run(samples, "workspaces", "list").stdout, "an owner without a level there may not use it"

    (said,) = lines(run(samples, "workspaces", "describe", name, "Of another team.", by=ADMIN))
    assert said == f"workspace {name}: Description changed."
    (same,) = lines(run(samples, "workspaces", "describe", name, "Of another team.", by=ADMIN))
    assert same == f"{name} already has this description."
    assert run(samples, "workspaces", "describe", name, "x").exit_code == Exit.NOT_FOUND

    serving = "1 of the versions is in Production: inside version 1."
    warning = f"Workspace {name} with 1 model or prompt will be deleted. {serving} This cannot be undone."
    assert warning in lines(run(samples, "workspaces", "delete", name, "--dry-run", by=ADMIN))
    assert answer(samples, "workspaces", "delete", name, "--dry-run", by=ADMIN)["warning"] == warning
    refused = run(samples, "workspaces", "delete", name, by=ADMIN)
    assert (refused.exit_code, warning in refused.stderr) == (Exit.REFUSED, True)
    assert lines(run(samples, "workspaces", "delete", name, "--yes", by=ADMIN)) == [f"workspace {name}: Deleted."]
    assert run(samples, "workspaces", "delete", name, "--yes", by=ADMIN).exit_code == Exit.NOT_FOUND
    refused = run(samples, "workspaces", "delete", "default", "--yes", by=ADMIN)
    assert refused.exit_code == Exit.REFUSED, "the default one stays"


@pytest.mark.usefixtures("command_home")
def test_which_one_is_meant(command_home: Path) -> None:
    """That of the option, of the variable, of the profile; a second profile has its own."""
    known = {
        name: profiles.Profile(url="https://a.example", workspace=workspace)
        for name, workspace in (("one", "risk"), ("two", None))
    }
    profiles.change(lambda _: profiles.Profiles(default="one", profiles=known))

    def opened(profile: str, *, workspace: str | None = None, variable: str = "", switched: bool = False) -> str | None:
        given = {
            "TUI_REGISTRY_URL": "https://a.example",
            "TUI_REGISTRY_TOKEN": "tr_x",
            "TUI_REGISTRY_WORKSPACE": variable,
        }
        return connect(profile=profile, workspace=workspace, switched=switched, environment=given).workspace

    assert (opened("one"), opened("two")) == ("risk", None)
    assert opened("one", variable="fraud") == "fraud"
    assert opened("one", workspace="churn", variable="fraud") == "churn"
    assert opened("one", workspace="default") is None
    assert opened("two", variable="fraud", switched=True) is None
    with pytest.raises(ConnectionProblem, match="not the name of a workspace"):
        opened("two", variable="A/b")
