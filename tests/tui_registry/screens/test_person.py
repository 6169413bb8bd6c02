"""All that somebody has on one page, and taking it from them."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.live_registry import ADMIN
from tests.tui_registry.command_line import answer, lines, run
from tests.tui_registry.console import LARGE, SIZES, console
from tests.tui_registry.proxy import proxied
from tests.tui_registry.samples import ASKER, Samples
from tests.tui_registry.terminal_process import terminal
from tui_registry.commands.exit_codes import Exit

SCIM = "/preview/scim/v2"


class Leaver:
    """Somebody with a token, who manages a model with somebody else, and requested a transition of another one."""

    def __init__(self, samples: Samples, admin: httpx.Client) -> None:
        self.name = f"leaver-{samples.id}"
        self.token = samples.registry.token(self.name)
        self.id = admin.get(f"{SCIM}/Users", params={"filter": f'userName eq "{self.name}"'}).json()["Resources"][0][
            "id"
        ]
        self.model = samples.pending("churn")
        path = "/mlflow/databricks/registered-models/get"
        model = samples.call("GET", path, name=self.model)["registered_model_databricks"]["id"]
        self.permissions = f"/permissions/registered-models/{model}"
        entries = [{"user_name": self.name, "permission_level": "CAN_MANAGE"}]
        samples.call("PATCH", self.permissions, access_control_list=entries)
        members = [{"op": "add", "path": "members", "value": [{"value": self.id}]}]
        group = admin.post(f"{SCIM}/Groups", json={"displayName": f"team-{samples.id}"}).json()
        self.group, self.group_id = group["displayName"], group["id"]
        admin.patch(f"{SCIM}/Groups/{group['id']}", json={"Operations": members})
        with samples.registry.client(self.token) as own:
            body = {"name": self.model, "version": "1", "stage": "Production"}
            own.post("/mlflow/transition-requests/create", json=body).raise_for_status()

    def also_by_a_group(self, samples: Samples, admin: httpx.Client, level: str) -> str:
        """Give a level on the model to a new group around the one that they are in."""
        body = {"displayName": f"outer-{samples.id}", "members": [{"value": self.group_id}]}
        name: str = admin.post(f"{SCIM}/Groups", json=body).raise_for_status().json()["displayName"]
        entries = [{"group_name": name, "permission_level": level}]
        samples.call("PATCH", self.permissions, access_control_list=entries)
        return name


@pytest.fixture
def admin(samples: Samples) -> Iterator[httpx.Client]:
    with samples.registry.client() as client:
        yield client


@contextmanager
def level_on_all(admin: httpx.Client, group: str, level: str) -> Iterator[None]:
    """Grant a level on the whole registry, for a while."""
    root = "/permissions/registered-models/root"
    entries = [
        {key: value for key, value in entry.items() if key.endswith("_name")}
        | {"permission_level": each["permission_level"]}
        for entry in admin.get(root).json()["access_control_list"]
        for each in entry["all_permissions"]
        if not each.get("inherited")
    ]
    body = {"access_control_list": [{"group_name": group, "permission_level": level}]}
    admin.patch(root, json=body).raise_for_status()
    try:
        yield
    finally:
        admin.put(root, json={"access_control_list": entries}).raise_for_status()


@pytest.fixture
def leaver(samples: Samples, admin: httpx.Client) -> Leaver:
    return Leaver(samples, admin)


def accepted(samples: Samples, token: str) -> bool:
    with samples.registry.client(token) as client:
        return client.get("/token/list").is_success


@SIZES
async def test_everything_is_on_one_page(samples: Samples, leaver: Leaver, size: tuple[int, int]) -> None:
    async with console(samples.url, samples.registry.admin_token, size) as shown:
        await shown.press("5", "tab", "slash")
        await shown.type(leaver.name)
        await shown.shows(f"“{leaver.name}” (1)")
        await shown.press("enter", "enter")
        await shown.shows(
            f"Access › {leaver.name}", f"user {leaver.name}", leaver.group, f"CAN_MANAGE on {leaver.model}"
        )
        await shown.shows(f"{leaver.model} version 1 → Production", " used ", "O offboard")
        await shown.press("slash")
        await shown.type("can_manage")
        await shown.shows("“can_manage” (1)")
        await shown.press("enter", "y")
        await shown.until(lambda: shown.app.clipboard == leaver.model, "the model's name is copied")
        await shown.press("slash", "ctrl+u")
        await shown.type("request")
        await shown.shows("“request” (1)")
        await shown.press("enter", "enter")
        await shown.shows(f"Models › {leaver.model}")


async def test_prompts_are_called_prompts(samples: Samples, leaver: Leaver) -> None:
    name = f"greeting-{samples.id}"
    with samples.registry.client(leaver.token) as own:
        body = {"name": name, "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}
        own.post("/mlflow/registered-models/create", json=body).raise_for_status()
    async with console(samples.url, samples.registry.admin_token, LARGE) as shown:
        await shown.press("5", "tab", "slash")
        await shown.type(leaver.name)
        await shown.shows(f"“{leaver.name}” (1)")
        await shown.press("enter", "enter")
        await shown.shows(f"CAN_MANAGE on {name}", "directly, on this prompt", "directly, on this model")
        rows = [line.split()[:2] for line in shown.text.split("\n")]
        assert ["prompt", name] in rows
        await shown.press("O")
        await shown.shows(f"Offboard {leaver.name}?", "Only administrators can manage 1 prompt afterwards")
        await shown.press("escape")


async def test_why_they_have_a_level_on_a_model(samples: Samples, leaver: Leaver, admin: httpx.Client) -> None:
    outer = leaver.also_by_a_group(samples, admin, "CAN_EDIT")
    for token in (samples.registry.admin_token, leaver.token):  # administrators see everybody's, all others their own
        async with console(samples.url, token, LARGE) as shown:
            await shown.press("5", "tab", "slash")
            await shown.type(leaver.name)
            await shown.shows(f"“{leaver.name}” (1)")
            await shown.press("enter", "enter")
            await shown.shows(f"CAN_MANAGE on {leaver.model}", "directly, on this model, and 1 more")
            await shown.shows(outer, f"through {leaver.group}")
            await shown.press("slash")
            await shown.type("can_edit")
            await shown.shows("“can_edit” (1)")
            await shown.press("enter")
            await shown.shows(f"CAN_EDIT through group {outer} (via {leaver.group}), on this model")
            await shown.press("enter")
            await shown.shows(f"Models › {leaver.model} › Permissions")


@SIZES
async def test_models_with_the_level_of_the_whole_registry_only_are_one_line(
    samples: Samples, leaver: Leaver, admin: httpx.Client, size: tuple[int, int]
) -> None:
    """Of thousands of models, those where it differs are seen; a key lists all."""
    others = [samples.model(name) for name in ("a-first", "b-second", "z-last")]
    with level_on_all(admin, leaver.group, "CAN_EDIT"):
        async with console(samples.url, samples.registry.admin_token, size) as shown:
            await shown.press("colon")
            await shown.type(leaver.name)
            await shown.shows(f"user     {leaver.name}")
            await shown.press("enter")
            await shown.shows("CAN_EDIT on the whole registry", f"through group {leaver.group}", "v lists all.")
            await shown.shows(f"CAN_MANAGE on {leaver.model}")
            assert not any(name in shown.text for name in others)
            await shown.press("v")
            await shown.shows(*(f"CAN_EDIT on {name}" for name in others))
            assert "v lists models" not in shown.text
            await shown.press("v")
            await shown.hides(*others)
            await shown.press("slash")
            await shown.type(others[1])
            await shown.shows(f"CAN_EDIT on {others[1]}")  # a filter finds them


@SIZES
def test_six_keys_and_the_name_offboard(samples: Samples, leaver: Leaver, size: tuple[int, int]) -> None:
    """The name is typed to find them, and again to confirm."""
    variables = {"TUI_REGISTRY_URL": samples.url, "TUI_REGISTRY_TOKEN": samples.registry.admin_token}
    with terminal(variables=variables, size=size) as shown:
        shown.shows(leaver.model, "● live")
        before = shown.pressed
        shown.press(":")
        shown.type(leaver.name)
        shown.shows(f"user     {leaver.name}")
        shown.press("enter")
        shown.shows(f"Access › {leaver.name}", f"CAN_MANAGE on {leaver.model}", "O offboard")
        shown.press("O")
        shown.shows(f"Offboard {leaver.name}?", "• The account is deactivated.", f"CAN_MANAGE on {leaver.model}")
        shown.shows("1 open request cancelled", f"Removed from 1 group: {leaver.group}")
        shown.shows(f"Type {leaver.name} to confirm: this cannot be undone")
        shown.shows(f"y then type {leaver.name} ⏎   n no")
        shown.press("y")
        shown.shows(f"type {leaver.name}   esc close")
        shown.type(leaver.name)
        shown.shows("⏎ offboard   esc close")
        shown.press("enter")
        shown.shows("Offboarded.", "deactivated")
        shown.until(lambda: "offboard" not in shown.text.rstrip().rpartition("\n")[2], "nothing is left to take")
        assert shown.pressed - before - 2 * len(leaver.name) <= 6
        shown.press("q")
        assert shown.ends() == 0
    assert not accepted(samples, leaver.token)
    assert [each["user_id"] for each in samples.requests()] != [leaver.name]


async def test_without_the_name_nobody_is_offboarded(samples: Samples, leaver: Leaver) -> None:
    async with proxied(samples.url) as proxy, console(proxy.url, samples.registry.admin_token) as shown:
        await shown.press("5", "tab", "slash")
        await shown.type(leaver.name)
        await shown.shows(f"“{leaver.name}” (1)")
        samples.ask(leaver.model, "1", "Production")
        proxy.refuse("transition-requests/list", 500, "INTERNAL_ERROR")
        await shown.press("enter", "O")
        await shown.shows(f"Offboard {leaver.name}?", "• Could not check whether others have requested the same.")
        proxy.accept()
        await shown.press("escape", "O")
        await shown.shows(f"Offboard {leaver.name}?", "• Stays open: the same request for ", f"by {ASKER}.")
        await shown.press("y", "y", "enter")
        await shown.shows(f"This does not match {leaver.name}.", f"type {leaver.name}   esc close")
        await shown.press("escape")
        await shown.hides("Offboard ")
        await shown.shows("O offboard")
    assert accepted(samples, leaver.token)


async def test_nobody_is_offered_to_offboard_themselves(samples: Samples) -> None:
    async with console(samples.url, samples.registry.admin_token) as shown:
        await shown.press("5", "tab", "slash")
        await shown.type(ADMIN)
        await shown.shows(f"“{ADMIN}” (1)")
        await shown.press("enter")
        await shown.shows("⏎ open")
        assert "offboard" not in shown.bar
        await shown.press("enter")
        await shown.shows(f"Access › {ADMIN}", "as a member of admins")
        assert "offboard" not in shown.bar


async def test_nobody_without_the_right_is_offered_to_offboard(samples: Samples, leaver: Leaver) -> None:
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.press("colon")
        await shown.type(leaver.name)
        await shown.shows(f"user     {leaver.name}")
        await shown.press("enter")
        await shown.shows(f"Access › {leaver.name}", leaver.group, "Read-only")
        assert "offboard" not in shown.bar


async def test_what_changes_while_one_decides_is_not_taken_unseen(
    samples: Samples, leaver: Leaver, admin: httpx.Client
) -> None:
    async with console(samples.url, samples.registry.admin_token) as shown:
        await shown.press("5", "tab", "slash")
        await shown.type(leaver.name)
        await shown.shows(f"“{leaver.name}” (1)")
        await shown.press("enter", "O")
        await shown.shows(f"Offboard {leaver.name}?")
        with samples.registry.client(leaver.token) as own:
            own.post("/token/create", json={}).raise_for_status()
        await shown.press("y")
        await shown.type(leaver.name)
        await shown.press("enter")
        await shown.notifies("Nothing was sent: what it has was changed by someone else.")
    assert accepted(samples, leaver.token)


async def test_an_older_server_is_told_and_not_asked_again(samples: Samples, leaver: Leaver) -> None:
    async with proxied(samples.url) as proxy, console(proxy.url, samples.registry.admin_token) as shown:
        await shown.shows("● live")
        proxy.refuse("/Me", 500, "INTERNAL_ERROR")
        await shown.press("5", "tab", "slash")
        await shown.type(leaver.name)
        await shown.shows(f"“{leaver.name}” (1)", "Could not check what you may change here: No /Me.", "● live")
        await shown.press("enter")
        assert "n new" not in shown.bar
        proxy.accept()
        await shown.press("f5")
        await shown.hides("It cannot be read")
        await shown.shows("n new")
        proxy.refuse("", 404, "ENDPOINT_NOT_FOUND")
        await shown.press("enter")
        await shown.shows("does not know GET", "older than this program", "Upgrade it", "F5 tries again.")
        before, changes = len(proxy.asked), shown.app.change_count
        samples.version(leaver.model)
        await shown.until(lambda: shown.app.change_count > changes, "a change elsewhere")
        await shown.pilot.pause(0.2)
        assert len(proxy.asked) == before
        proxy.accept()
        await shown.press("f5")
        await shown.shows(f"CAN_MANAGE on {leaver.model}")


@pytest.mark.usefixtures("command_home")
def test_by_a_command(samples: Samples, leaver: Leaver) -> None:
    planned = lines(run(samples, "offboard", leaver.name, "--dry-run", by=ADMIN))
    assert planned[0] == f"{leaver.name}: offboarding"
    assert "The account is deactivated." in planned
    with samples.registry.client(leaver.token) as own:
        for version in (samples.version(leaver.model) for _ in range(6)):
            body = {"name": leaver.model, "version": version, "stage": "Archived"}
            own.post("/mlflow/transition-requests/create", json=body).raise_for_status()
            samples.ask(leaver.model, version, "Archived")
    planned = lines(run(samples, "offboard", leaver.name, "--dry-run", by=ADMIN))
    assert sum(line.startswith("Stays open: the same request for ") for line in planned) == 5
    assert "Stays open, too: the same for 1 more transition." in planned
    assert accepted(samples, leaver.token)
    assert run(samples, "offboard", leaver.name, by=ADMIN).exit_code == Exit.REFUSED
    assert run(samples, "offboard", leaver.name, "--yes").exit_code == Exit.NOT_ALLOWED
    assert run(samples, "offboard", ADMIN, "--yes", by=ADMIN).exit_code == Exit.REFUSED
    done = answer(samples, "offboard", leaver.name, "--yes", by=ADMIN)
    assert (done["principal"]["active"], done["token_count"], done["group_count"]) == (False, 0, 0)
    assert not accepted(samples, leaver.token)
    again = lines(run(samples, "offboard", leaver.name, "--yes", by=ADMIN))
    assert again == [f"{leaver.name} is offboarded already."]
