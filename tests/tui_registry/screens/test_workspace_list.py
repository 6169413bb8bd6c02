"""The list of workspaces, and switching between them: nothing of the one before is left."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.live_registry import LiveRegistry
from tests.server.api import Api
from tests.server.workspace_callers import ROOT, WORKSPACES
from tests.tui_registry.console import LARGE, SIZES, SMALL, Console
from tests.tui_registry.proxy import proxied
from tests.tui_registry.terminal_process import terminal
from tui_registry.app import ConsoleApp
from tui_registry.session.connection import Connection

MODELS = "/mlflow/registered-models"
LABEL = "work"


@pytest.fixture
def admin(fresh_registry: LiveRegistry) -> Iterator[Api]:
    """Of a registry with a model in each of its workspaces: the default one, ``fraud`` and ``risk``."""
    with Api(fresh_registry.url, fresh_registry.admin_token) as admin:
        admin.post(f"{MODELS}/create", name="of-everybody").ok()
        for name in ("fraud", "risk"):
            admin.post(WORKSPACES, name=name, description=f"The models of {name}").ok()
            with Api(admin.url, admin.token, name) as inside:
                inside.post(f"{MODELS}/create", name=f"of-{name}").ok()
        yield admin


@asynccontextmanager
async def opened(api: Api, workspace: str | None = None, size: tuple[int, int] = SMALL) -> AsyncIterator[Console]:
    """A console, which may end by itself."""
    app = ConsoleApp(Connection(api.url, str(api.token), LABEL, workspace=workspace))
    async with app.run_test(size=size, notifications=True) as pilot:
        shown = Console(app, pilot)
        await shown.until(lambda: app.screen_stack and app.screen.is_mounted, "the first screen")
        await shown.shows("● live")
        yield shown
        assert "A bug in tui-registry" not in shown.messages, shown.messages
        app.exit(app.return_value)


async def to_list(shown: Console) -> None:
    await shown.press("colon")
    await shown.type("workspaces")
    await shown.press("enter")
    await shown.until(lambda: "Workspaces (" in shown.header, "the list")


def following(shown: Console) -> tuple[str, str | None]:
    """The label and workspace of what the console opens next."""
    result = shown.app.return_value
    assert isinstance(result, Connection)
    return result.label, result.workspace


@SIZES
async def test_enter_opens_the_one_under_the_cursor(admin: Api, size: tuple[int, int]) -> None:
    async with opened(admin, size=size) as shown:
        await to_list(shown)
        await shown.shows(f"{LABEL}/default", "open", "fraud", "risk", "The models of risk", "CAN_MANAGE")
        assert "default open 1 CAN_MANAGE" in " ".join(shown.text.split())
        await shown.press("G")
        await shown.shows("risk  1 model or prompt\n")
        await shown.press("enter")
        await shown.ends()
    assert following(shown) == (LABEL, "risk")


async def test_whether_there_are_others_is_asked_again_if_nobody_answered(admin: Api) -> None:
    async with proxied(admin.url) as proxy:
        asked = asyncio.Event()
        proxy.strike("/mlflow/workspaces", asked.set, late=False)
        async with opened(Api(proxy.url, admin.token)) as shown:
            await asyncio.wait_for(asked.wait(), 8)
            assert f"{LABEL}/default" not in shown.header
            await proxy.cut()
            await shown.shows("no connection")
            await proxy.open()
            await shown.shows(f"{LABEL}/default", "● live")


async def test_the_open_one_shows_its_models(admin: Api) -> None:
    async with opened(admin, "risk") as shown:
        assert f"{LABEL}/risk" in shown.header
        await shown.press("5")
        await shown.shows("Access › Permissions", "whole workspace")
        await shown.press("2")
        await shown.shows("of-risk")
        for key, said in (("p", "mlflow.set_workspace('risk')"), ("c", "--header 'X-MLFLOW-WORKSPACE: risk'")):
            await shown.press("y", key)
            await shown.until(lambda said=said: said in shown.app.clipboard, said)  # type: ignore[misc]  # mypy sees no defaults of lambdas
        await shown.press("p")
        await shown.shows("of-risk › Permissions", "whole workspace")
        assert "whole registry" not in shown.text
        await to_list(shown)
        await shown.press("G", "enter")
        await shown.shows("of-risk")
        assert "of-everybody" not in shown.text
        await to_list(shown)
        await shown.press("g", "enter")
        await shown.ends()
    assert following(shown) == (LABEL, None)


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [("workspace ri", "risk"), ("ws fraud", "fraud"), ("risk", "risk"), ("workspace default", None)],
)
async def test_the_finder_opens_one(admin: Api, typed: str, wanted: str | None) -> None:
    async with opened(admin, "fraud" if wanted is None else None) as shown:
        await shown.press("colon")
        await shown.type(typed)
        await shown.press("enter")
        await shown.ends()
    assert following(shown) == (LABEL, wanted)


async def test_others_see_those_that_they_may_use(admin: Api, fresh_registry: LiveRegistry) -> None:
    entry = {"user_name": "ann", "permission_level": "CAN_CREATE_REGISTERED_MODEL"}
    with (
        Api(admin.url, fresh_registry.token("ann")) as ann,
        Api(admin.url, admin.token, "risk") as inside,
    ):
        inside.patch(ROOT, access_control_list=[entry]).ok()
        async with opened(ann, size=LARGE) as shown:
            await to_list(shown)
            await shown.shows("risk", "CAN_CREATE_REGISTERED_MODEL", "none", "members of the group admins create them")
            assert "fraud" not in shown.text
            assert "new" not in shown.bar
            await shown.press("n", "D", "e")
            assert "Workspaces (2)" in shown.header


@SIZES
async def test_one_is_made_described_and_deleted(admin: Api, size: tuple[int, int]) -> None:
    def description(name: str) -> Any:
        return admin.get(f"{WORKSPACES}/{name}").ok()["workspace"].get("description")

    async with opened(admin, size=size) as shown:
        await to_list(shown)
        await shown.press("n")
        await shown.shows("New workspace")
        await shown.type("Not-A-Name")
        await shown.press("enter", "enter")
        await shown.shows("A name has 2 to 63 characters")
        await shown.press(*["backspace"] * 10)  # the focus is on what is wrong
        await shown.type("team-b")
        await shown.press("enter")
        await shown.type("Ours")
        await shown.press("ctrl+s")
        await shown.notifies("workspace team-b: Created.")
        await shown.shows("▎ team-b")
        assert description("team-b") == "Ours"
        await shown.press("e")
        await shown.type(", too")
        await shown.press("ctrl+s")
        await shown.notifies("Description changed.")
        await shown.press("u")
        await shown.shows("Undo the last change?")
        await shown.press("y")
        await shown.until(lambda: description("team-b") == "Ours", "the description as it was")
        await shown.press("D")
        await shown.shows(f"Delete workspace team-b of {LABEL}?", "It has no models", "Type team-b to confirm")
        assert "will be deleted, with all versions" not in shown.text
        await shown.press("tab")
        await shown.type("team-b")
        await shown.press("enter")
        await shown.notifies("workspace team-b: Deleted.")
        await shown.hides("team-b  ")
    admin.get(f"{WORKSPACES}/team-b").missing()


async def test_the_open_one_is_deleted_with_its_models(admin: Api) -> None:
    async with opened(admin, "risk") as shown:
        await to_list(shown)
        await shown.shows("▎ risk")  # the open one
        await shown.press("D")
        await shown.shows("The 1 model or prompt in it will be deleted", "then opens the default workspace")
        await shown.press("tab")
        await shown.type("risk")
        await shown.press("enter")
        await shown.ends()
    assert following(shown) == (LABEL, None)
    admin.get(f"{WORKSPACES}/risk").missing()


@SIZES
async def test_what_serves_in_one_is_named_before_it_is_deleted(admin: Api, size: tuple[int, int]) -> None:
    with Api(admin.url, admin.token, "risk") as inside:
        for version in ("1", "2"):
            inside.post("/mlflow/model-versions/create", name="of-risk", source="s3://models/risk").ok()
            stage = {"name": "of-risk", "version": version, "stage": "Production", "archive_existing_versions": False}
            inside.post("/mlflow/databricks/model-versions/transition-stage", **stage).ok()
        hiding = {"key": "mlflow.prompt.is_prompt", "value": "true"}
        inside.post("/mlflow/model-versions/set-tag", name="of-risk", version="1", **hiding).ok()
    async with opened(admin, size=size) as shown:
        await to_list(shown)
        await shown.shows("MODELS+PROMPTS")
        await shown.press("G", "D")
        await shown.shows(
            f"Delete workspace risk of {LABEL}?", "! The 1 model or prompt in it will be deleted, with all"
        )
        await shown.shows("! 2 of the versions are in Production: of-risk version 2, of-risk", "version 1.")
        await shown.press("escape")
        await shown.hides("Delete workspace risk")
        await shown.press("g", "j", "D")
        await shown.shows(
            f"Delete workspace fraud of {LABEL}?", "! The 1 model or prompt in it will be deleted, with all"
        )
        assert "in Production" not in shown.text


async def test_the_cursor_goes_to_one_that_was_just_deleted(admin: Api) -> None:
    async with proxied(admin.url) as proxy, opened(Api(proxy.url, admin.token)) as shown:
        await to_list(shown)
        await shown.shows("Workspaces (3)")
        admin.delete(f"{WORKSPACES}/risk?mode=CASCADE").ok()
        proxy.hold("/Me")
        asked = len(proxy.asked)
        await shown.press("f5")
        await shown.until(lambda: len(proxy.asked) > asked + 1, "the workspaces are read, not what one may change")
        await shown.press("G", "k", "G")
        proxy.release()
        await shown.shows("Workspaces (2)")


async def test_one_that_others_delete_can_be_left(admin: Api) -> None:
    async with opened(admin, "risk", LARGE) as shown:
        await shown.press("2")
        await shown.shows("of-risk")
        admin.send("DELETE", f"{WORKSPACES}/risk?mode=CASCADE").ok()
        await shown.shows("no such workspace")
        await shown.press("colon")
        await shown.type("workspace fraud")
        await shown.press("enter")
        await shown.ends()
    assert following(shown) == (LABEL, "fraud")


def test_the_registry_on_this_machine_stays_open(tmp_path: Path) -> None:
    """In a real terminal: what was filtered, marked and undoable is gone with the workspace; the server stays."""
    home = {"HOME": str(tmp_path), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    with terminal(variables=home, size=LARGE) as shown:
        shown.shows("@ local", "No open requests", "● live")
        shown.press("2")
        shown.shows("Models")
        shown.press("n")
        shown.shows("New model")
        shown.type("of-everybody")
        shown.press("\x13")  # ctrl+s
        shown.shows("Models › of-everybody", "● live")
        shown.press("escape")
        shown.shows("Models (1)")
        shown.press("/")
        shown.type("every")
        shown.shows("“every” (1)")
        shown.press("enter", ":")
        shown.type("workspaces")
        shown.press("enter")
        shown.shows("Workspaces (1)")
        shown.press("n")
        shown.shows("New workspace")
        shown.type("risk")
        shown.press("\x13")
        shown.shows("▎ risk")
        shown.press("enter")
        shown.shows("@ local/risk", "No open requests", "● live")
        assert "Undo" not in shown.text
        shown.press("2")
        shown.shows("Models (0)", 'mlflow.set_workspace("risk")')
        assert "every" not in shown.text
        shown.press(":")
        shown.type("ws default")
        shown.press("enter")
        shown.shows("@ local/default", "No open requests", "● live")
        shown.press("2")
        shown.shows("of-everybody")
        shown.press("q")
        assert shown.ends() == 0
