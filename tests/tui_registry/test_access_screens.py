"""The access place under the fingers: levels granted, changed, taken away and explained; people, groups and tokens."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.live_registry import ADMIN, LiveRegistry
from tests.tui_registry.console import LARGE, SMALL, Console, console
from tests.tui_registry.scene import ASKER, OWNER, Scene
from tui_registry.session.connection import Connection

SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
SCIM = "/preview/scim/v2"


class Office:
    """A model of OWNER's, people in groups, and what an administrator sees of them."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.registry: LiveRegistry = scene.registry
        self.admin = scene.registry.client()
        self.model = scene.model("churn")
        self.group = f"ml-leads-{scene.id}"
        self.people = {name: f"{name}-{scene.id}" for name in ("ann", "bob")}
        ids = [self.call("POST", f"{SCIM}/Users", userName=name)["id"] for name in self.people.values()]
        members = [{"value": user_id} for user_id in ids]
        self.ids = dict(zip(self.people, ids, strict=True))
        self.group_id = self.call("POST", f"{SCIM}/Groups", displayName=self.group, members=members)["id"]

    @property
    def url(self) -> str:
        return self.registry.url

    def call(self, method: str, path: str, **fields: Any) -> Any:
        content = {"params": fields} if method == "GET" else {"json": fields}
        answer = self.admin.request(method, path, **content)  # type: ignore[arg-type]  # either of the two
        assert answer.is_success, f"{method} {path} {fields}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else {}

    @property
    def _path(self) -> str:
        found = self.call("GET", "/mlflow/databricks/registered-models/get", name=self.model)
        return f"/permissions/registered-models/{found['registered_model_databricks']['id']}"

    def grant(self, level: str, **who: str) -> None:
        self.call("PATCH", self._path, access_control_list=[{"permission_level": level, **who}])

    def direct(self) -> dict[str, str]:
        """Who has which level on the model itself."""
        entries = self.call("GET", self._path)["access_control_list"]
        return {
            entry.get("user_name") or entry.get("group_name") or entry["service_principal_name"]: each[
                "permission_level"
            ]
            for entry in entries
            for each in entry["all_permissions"]
            if not each.get("inherited")
        }

    def user(self, name: str) -> Any:
        page = self.call("GET", f"{SCIM}/Users", filter=f'userName eq "{name}"')
        return next(iter(page["Resources"]), None)

    def group_named(self, name: str) -> Any:
        page = self.call("GET", f"{SCIM}/Groups", filter=f'displayName eq "{name}"')
        return next(iter(page["Resources"]), None)

    def owner_of(self, token: str) -> str | None:
        """Who calls with a token; None if it is not accepted."""
        answer = httpx.get(f"{self.url}/api/2.0{SCIM}/Me", headers={"Authorization": f"Bearer {token}"})
        return answer.json().get("userName") if answer.is_success else None

    def close(self) -> None:
        self.admin.close()


@pytest.fixture
def office(scene: Scene) -> Iterator[Office]:
    office = Office(scene)
    yield office
    office.close()


async def open_access(shown: Console, office: Office) -> None:
    """From the model's page to who may do what on it."""
    await shown.press("2")
    await shown.shows(office.model)
    await shown.press("enter")
    await shown.shows(f"Models › {office.model}", "0 versions")
    await shown.press("p")
    await shown.shows(f"Models › {office.model} › Access", "You: CAN_MANAGE")


async def choose(shown: Console, key: str) -> None:
    """Bring the cursor to the row whose line has this text."""
    await shown.press("g")
    for _ in range(60):
        line = next((line for line in shown.text.split("\n") if line.startswith("▎")), "")
        if key in line:
            return
        await shown.press("j")
    raise AssertionError(f"no row has {key}:\n{shown.text}")


async def test_enter_takes_the_only_one_who_can_be_meant(office: Office) -> None:
    async with console(office.url, office.scene.token) as shown:
        await open_access(shown, office)
        await shown.press("n")
        await shown.shows(f"Grant a level on {office.model}")
        await shown.type(office.people["bob"].removesuffix(office.scene.id))
        await shown.type(office.scene.id[:-1])
        await shown.shows(f"user:{office.people['bob']}")
        await shown.press("enter", "enter")
        await shown.shows(f"Grant CAN_READ to {office.people['bob']}?")


@SIZES
async def test_a_level_is_granted_to_a_group_in_few_keys(office: Office, size: tuple[int, int]) -> None:
    async with console(office.url, office.scene.token, size) as shown:
        await open_access(shown, office)
        await shown.press("escape")
        await shown.shows("0 versions")
        keys = 0

        async def press(key: str) -> None:
            nonlocal keys
            keys += 1
            await shown.press(key)

        await press("p")
        await shown.shows("› Access", "You: CAN_MANAGE by name, set on this model.")
        await press("n")
        await shown.shows(f"Grant a level on {office.model}")
        await shown.type(office.group)
        await press("tab")
        for _ in range(3):
            await press("j")
        await shown.shows("CAN_MANAGE_PRODUCTION_VERSIONS")
        await press("enter")
        await shown.shows(
            f"to group {office.group}?",
            f"On {office.model}:  none → CAN_MANAGE_PRODUCTION_VERSIONS",
            "Its 2 members:",
            "none → CAN_MANAGE_PRODUCTION_VERSIONS  ",
            office.people["ann"],
            office.people["bob"],
        )
        assert office.group not in office.direct()
        await press("y")
        await shown.tells(f"group {office.group} has CAN_MANAGE_PRODUCTION_VERSIONS now.")
        await shown.until(lambda: office.group in shown.text, "the new row")
        assert keys <= 10
    assert office.direct()[office.group] == "CAN_MANAGE_PRODUCTION_VERSIONS"


async def test_a_name_is_completed_as_it_is_typed(office: Office) -> None:
    async with console(office.url, office.scene.token) as shown:
        await open_access(shown, office)
        await shown.press("n")
        await shown.type(f"leads-{office.scene.id}")
        await shown.shows(f"group:{office.group}")
        await shown.press("down", "tab", "enter")
        await shown.shows(f"Grant CAN_READ to group {office.group}?")
        await shown.press("n")
        await shown.hides("Grant CAN_READ")
    assert office.group not in office.direct()


async def test_nobody_is_asked_for_again(office: Office) -> None:
    async with console(office.url, office.scene.token) as shown:
        await open_access(shown, office)
        await shown.press("n")
        await shown.type("nobody-at-all")
        await shown.press("tab", "G", "enter")
        await shown.shows("There is no group or user or service principal called nobody-at-all.", "CAN_MANAGE")
        await shown.press("escape")  # what is typed there is what was typed before
        await shown.shows("You: CAN_MANAGE")


async def test_a_level_is_changed_and_the_change_taken_back(office: Office) -> None:
    office.grant("CAN_READ", group_name=office.group)
    before = office.direct()
    async with console(office.url, office.scene.token) as shown:
        await open_access(shown, office)
        await shown.shows(office.group)
        await choose(shown, office.group)
        await shown.press("e")
        await shown.shows(f"group {office.group} on {office.model}")
        await shown.press("j", "enter")
        await shown.shows(f"Change the level of group {office.group}?", "CAN_READ → CAN_EDIT")
        await shown.press("y")
        await shown.tells(f"group {office.group} has CAN_EDIT now.")
        assert office.direct() == before | {office.group: "CAN_EDIT"}
        await shown.press("u")
        await shown.shows("Undo the last change?")
        await shown.press("y")
        await shown.tells("The levels are as they were before.")
    assert office.direct() == before


async def test_a_level_is_removed_and_the_others_stay(office: Office) -> None:
    office.grant("CAN_EDIT", group_name=office.group)
    before = office.direct()
    async with console(office.url, office.scene.token) as shown:
        await open_access(shown, office)
        await shown.shows(office.group)
        await choose(shown, office.group)
        await shown.press("D")
        await shown.shows(f"Remove the level of group {office.group}?", "CAN_EDIT → none")
        await shown.press("y")
        await shown.tells("has no level of its own here any more.")
        await shown.until(lambda: not any(line.startswith("▎ ml-leads") for line in shown.text.split("\n")), "gone")
        assert office.direct() == {name: level for name, level in before.items() if name != office.group}
        await shown.press("u")
        await shown.shows("Undo the last change?")
        await shown.press("y")
        await shown.tells("The levels are as they were before.")
    assert office.direct() == before


async def test_giving_up_ones_own_control_is_asked_twice(office: Office) -> None:
    async with console(office.url, office.scene.token) as shown:
        await open_access(shown, office)
        await choose(shown, OWNER)
        await shown.press("D")
        await shown.shows("You yourself:  CAN_MANAGE → none")
        await shown.press("y")
        await shown.shows("Give up your own CAN_MANAGE?", f"Type {office.model} to confirm")
        await shown.press("y")
        await shown.type("yes")
        await shown.press("enter")
        await shown.shows(f"That is not {office.model}.")
        await shown.press("escape")
        await shown.shows("You: CAN_MANAGE")
        assert office.direct()[OWNER] == "CAN_MANAGE"
        await shown.press("D")
        await shown.shows("You yourself")
        await shown.press("y")
        await shown.shows("Give up")
        await shown.press("tab")
        await shown.type(office.model)
        await shown.press("enter")
        await shown.tells("has no level of its own here any more.")
    assert OWNER not in office.direct()
    office.grant("CAN_MANAGE", user_name=OWNER)


async def test_a_list_that_somebody_changed_meanwhile_is_left_alone(office: Office) -> None:
    async with console(office.url, office.scene.token) as shown:
        await open_access(shown, office)
        await shown.press("n")
        await shown.type(office.group)
        await shown.press("tab", "enter")
        await shown.shows(f"Grant CAN_READ to group {office.group}?")
        office.grant("CAN_EDIT", user_name=office.people["ann"])
        await shown.press("y")
        await shown.tells("Nothing was sent: somebody has changed who may do what meanwhile. Look again.")
        await shown.shows(office.people["ann"])
    assert office.group not in office.direct()


async def test_another_ones_change_is_seen_at_once(office: Office) -> None:
    async with console(office.url, office.scene.token) as shown:
        await open_access(shown, office)
        assert office.people["bob"] not in shown.text
        office.grant("CAN_EDIT", user_name=office.people["bob"])
        await shown.shows(office.people["bob"], "CAN_EDIT")


@SIZES
async def test_why_somebody_may_do_what_they_may(office: Office, size: tuple[int, int]) -> None:
    outer = f"outer-{office.scene.id}"
    office.call("POST", f"{SCIM}/Groups", displayName=outer, members=[{"value": office.group_id}])
    office.grant("CAN_MANAGE_STAGING_VERSIONS", group_name=outer)
    office.grant("CAN_READ", user_name=office.people["ann"])
    async with console(office.url, office.scene.token, size) as shown:
        await open_access(shown, office)
        await choose(shown, office.people["ann"])
        await shown.press("w")
        await shown.shows("Who may do what on", f"nothing: {office.people['ann']}")
        await shown.press("enter")
        await shown.shows(
            f"{office.people['ann']} has CAN_MANAGE_STAGING_VERSIONS on",
            "Can edit, and move versions",
            f"by group {outer}",
            "CAN_READ by name, set on this model",
        )
        assert f"(through {office.group})" in " ".join(shown.text.replace("│", " ").split())
        await shown.press("escape")
        await shown.press("w")
        await shown.shows("Who may do what on")
        await shown.type(f"user:{office.people['bob']}")
        await shown.press("enter")
        await shown.shows(f"{office.people['bob']} has CAN_MANAGE_STAGING_VERSIONS on")
        await shown.press("escape")
        await shown.press("w")
        await shown.shows("Who may do what on")
        await shown.type(f"user:{office.scene.id}")  # a name that nobody has
        await shown.press("enter")
        await shown.shows("There is no user called")
        await shown.press("escape")
        await shown.shows("You: CAN_MANAGE")


async def test_who_may_do_nothing_is_told_so(office: Office) -> None:
    async with console(office.url, office.scene.token) as shown:
        await open_access(shown, office)
        await choose(shown, "admins")
        await shown.press("w")
        await shown.shows("Who may do what on")
        await shown.type(office.people["bob"])
        await shown.press("enter")
        await shown.shows("may do nothing on", "Nothing is granted there by name", f"In group {office.group}.")


async def test_a_reader_sees_it_and_why_nothing_can_be_changed(office: Office) -> None:
    async with console(office.url, office.registry.token(ASKER)) as shown:
        await shown.press("2")
        await shown.shows(office.model)
        await shown.press("p")
        await shown.shows("› Access", "You: CAN_READ by name, set on this model; changing takes CAN_MANAGE.")
        assert "grant" not in shown.bar
        await choose(shown, OWNER)
        before = office.direct()
        await shown.press("n", "e", "D")
        await shown.press("enter")
        await shown.shows(f"{OWNER} has CAN_MANAGE on", "CAN_MANAGE by name")
        await shown.press("escape")
        await shown.press("escape")
        await shown.shows("Models (")
    assert office.direct() == before


async def test_the_whole_registry_may_be_closed_to_a_reader(office: Office) -> None:
    async with console(office.url, office.registry.token(ASKER)) as shown:
        await shown.press("5")
        await shown.shows("Access › Levels", "does not let you")
        await shown.press("tab")
        await shown.shows("Access › Users", "You may look, but change nothing", "group admins")
        assert "new" not in shown.bar
        await shown.press("n", "D", "A")
        await shown.shows("Access › Users")
        await shown.press("shift+tab", "shift+tab")
        await shown.shows("Access › Tokens", "These are your own tokens")


async def test_a_read_only_profile_changes_nothing(office: Office) -> None:
    from tui_registry.app import ConsoleApp

    office.grant("CAN_EDIT", group_name=office.group)
    connection = replace(Connection(office.url, office.registry.admin_token, "test"), read_only=True)
    app = ConsoleApp(connection)
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        shown = Console(app, pilot)
        await shown.until(lambda: app.screen_stack and app.screen.is_mounted, "the first screen")
        await shown.press("5")
        await shown.shows("Access › Levels", "admins")
        assert "grant" not in shown.bar
        await shown.press("n", "e", "D", "tab", "n", "D")
        await shown.shows("Access › Users")
        await shown.press("tab", "tab", "tab", "n", "D")
        await shown.shows("Access › Tokens (")
        app.exit()


async def test_levels_of_the_whole_registry_are_granted_too(office: Office) -> None:
    root = "/permissions/registered-models/root"
    async with console(office.url, office.registry.admin_token) as shown:
        await shown.press("5")
        await shown.shows("Access › Levels", "admins", "You: CAN_MANAGE as a member of admins, who manage everything.")
        await shown.press("n")
        await shown.shows("Grant a level on the whole registry")
        await shown.type(office.group)
        await shown.press("tab")
        await shown.shows("CAN_CREATE_REGISTERED_MODEL")
        await shown.press("j", "enter")
        await shown.shows(f"Grant CAN_READ to group {office.group}?", "On the whole registry:  none → CAN_READ")
        await shown.press("y")
        await shown.tells("has CAN_READ now.")
        await shown.until(lambda: office.group[:18] in shown.text, "the row")
        await choose(shown, office.group[:12])
        await shown.press("D")
        await shown.shows("Remove the level of")
        await shown.press("y")
        await shown.tells("has no level of its own here any more.")
    assert not any(entry.get("group_name") == office.group for entry in office.call("GET", root)["access_control_list"])


async def to_section(shown: Console, title: str) -> None:
    await shown.press("5")
    await shown.shows("Access › Levels")
    for _ in range(4):
        if f"Access › {title}" in shown.header:
            break
        await shown.press("tab")
        await shown.pilot.pause(0.05)
    await shown.shows(f"Access › {title} (")


async def find(shown: Console, typed: str, *seen: str) -> None:
    """Narrow a list by what is typed."""
    await shown.press("slash")
    await shown.type(typed)
    await shown.shows(f"“{typed}” (1)", *seen)
    await shown.press("enter")


@SIZES
async def test_a_user_is_made_closed_and_opened_again(office: Office, size: tuple[int, int]) -> None:
    name = f"new-{office.scene.id}"
    async with console(office.url, office.registry.admin_token, size) as shown:
        await to_section(shown, "Users")
        await shown.press("n")
        await shown.shows("New user")
        await shown.type(name)
        await shown.press("tab")
        await shown.type("New One")
        await shown.press("enter")
        await shown.tells(f"user {name}: Made.")
        assert office.user(name)["displayName"] == "New One"
        await find(shown, name, "active")
        await shown.press("D")
        await shown.shows(f"Deactivate {name}?", "No token of this account is accepted")
        await shown.press("y")
        await shown.tells("Deactivated")
        await shown.shows("deactivated")
        assert office.user(name)["active"] is False
        await shown.press("A")
        await shown.shows(f"Reactivate {name}?")
        await shown.press("y")
        await shown.tells("Reactivated")
        await shown.until(lambda: office.user(name)["active"], "open again")
        await shown.press("u")
        await shown.shows("Undo the last change?")
        await shown.press("y")
        await shown.until(lambda: not office.user(name)["active"], "closed once more")


async def test_users_are_found_by_group_and_state(office: Office) -> None:
    office.call(
        "PATCH",
        f"{SCIM}/Users/{office.ids['ann']}",
        Operations=[{"op": "replace", "path": "active", "value": False}],
    )
    async with console(office.url, office.registry.admin_token) as shown:
        await to_section(shown, "Users")
        await shown.press("slash")
        await shown.type(f"group:{office.group}")
        await shown.shows("(2)", office.people["ann"], office.people["bob"])
        await shown.type(" is:inactive")
        await shown.shows(office.people["ann"], "deactivated", f"in {office.group}, users")
        await shown.press("escape")


async def test_a_name_that_is_taken_is_told(office: Office) -> None:
    async with console(office.url, office.registry.admin_token) as shown:
        await to_section(shown, "Users")
        await shown.press("n")
        await shown.type(office.people["ann"])
        await shown.press("tab", "enter")
        await shown.tells("Nothing was sent: there is a user")


async def test_a_group_is_made_filled_emptied_and_deleted(office: Office) -> None:
    name = f"fresh-{office.scene.id}"
    async with console(office.url, office.registry.admin_token) as shown:
        await to_section(shown, "Groups")
        await shown.press("n")
        await shown.shows("New group")
        await shown.type(name)
        await shown.press("enter")
        await shown.tells(f"group {name}: Made.")
        await find(shown, name, name)
        await shown.press("enter")
        await shown.shows(f"› {name} › Members (0)", "The group has no members.")
        for who, told in ((f"user:{office.people['ann']}", office.people["ann"]), (office.group, office.group)):
            await shown.press("n")
            await shown.shows(f"Add a member to {name}")
            await shown.type(who)
            await shown.press("enter")
            await shown.shows("gets whatever", f"{told}?")
            await shown.press("y")
            await shown.tells(f"{told} is in it now.")
        await shown.shows("Members (2)", office.people["ann"], office.group)
        await choose(shown, office.people["ann"])
        await shown.press("D")
        await shown.shows(f"Remove {office.people['ann']}?")
        await shown.press("y")
        await shown.tells("is in it no more.")
        await shown.shows("Members (1)")
        await shown.press("enter")
        await shown.shows(f"› {office.group} › Members (2)", office.people["bob"])
        await shown.press("escape", "escape")
        await shown.shows("Access › Groups matching")
        await shown.press("D")
        await shown.shows(f"Delete group {name}?", f"Type {name} to confirm")
        await shown.press("y")
        await shown.type(name)
        await shown.press("enter")
        await shown.tells("Deleted.")
    assert office.group_named(name) is None


async def test_the_groups_that_must_be_stay(office: Office) -> None:
    async with console(office.url, office.registry.admin_token) as shown:
        await to_section(shown, "Groups")
        await find(shown, "admins", "Its members manage everything.")
        assert "delete" not in shown.bar
        await shown.press("D", "enter")
        await shown.shows("› admins › Members", ADMIN)
        await choose(shown, ADMIN)
        await shown.press("D")
        await shown.shows("Members of admins manage everything", "Type admins to confirm")
        await shown.press("escape")
        assert office.group_named("admins")


async def test_a_service_principal_gets_a_token_that_is_shown_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    name, purpose = f"bot-{office.scene.id}", f"nightly-{office.scene.id}"
    async with console(office.url, office.registry.admin_token) as shown:
        copied: list[str] = []
        monkeypatch.setattr(shown.app, "copy_to_clipboard", copied.append)
        await to_section(shown, "Service principals")
        await shown.press("n")
        await shown.shows("New service principal")
        await shown.type(name)
        await shown.press("tab", "enter")
        await shown.tells(f"service principal {name}: Made.")
        await shown.press("tab")
        await shown.shows("Access › Tokens (")
        await shown.press("n")
        await shown.shows("New token", "For which service principal")
        await shown.type(name)
        await shown.press("tab")
        await shown.type(purpose)
        await shown.press("tab", "enter")
        await shown.shows(f"A token for {name}", "This is the one time that it is shown", "tr_")
        await shown.press("y")
        await shown.until(lambda: copied, "it is copied")
        await shown.tells("The token. Clear the clipboard")
        (token,) = copied
        assert office.owner_of(token) == name
        assert token in shown.text
        await shown.press("escape")
        await shown.hides("tr_")
        assert token not in shown.told
        assert token not in repr(shown.app.client.journal)
        await find(shown, purpose, name[:12], purpose)
        await shown.press("D")
        await shown.shows("Revoke this token?", name, purpose)
        await shown.press("y")
        await shown.tells("Revoked: it is accepted no more.")
        await shown.shows("No token is like this.")
        assert office.owner_of(token) is None


async def test_tokens_of_ones_own(office: Office) -> None:
    """Whoever is no administrator sees and revokes theirs, and may need to be allowed to make some."""
    async with console(office.url, office.registry.token(ASKER)) as shown:
        await to_section(shown, "Tokens")
        await shown.shows("These are your own tokens", ASKER[:12])
        await shown.press("n")
        await shown.shows("New token")
        assert "service principal" not in shown.text.partition("New token")[2].partition("What it is for")[0]
        await shown.type("mine")
        await shown.press("tab")
        await shown.press("backspace", "backspace")
        await shown.type("x")
        await shown.press("enter")
        await shown.shows("Type a number of days")
        await shown.press("escape", "escape")
        await shown.shows("Access › Tokens")


async def test_ten_thousand_users_are_read_as_they_are_needed(office: Office) -> None:
    """As few as are seen: the rest of them is on the server."""
    for number in range(130):
        office.call("POST", f"{SCIM}/Users", userName=f"many-{office.scene.id}-{number:03}")
    async with console(office.url, office.registry.admin_token) as shown:
        await to_section(shown, "Users")
        await shown.shows("Users (100+)")
        await shown.press("slash")
        await shown.type(f"many-{office.scene.id}")
        await shown.shows("(100+)")
        await shown.press("enter", "G")
        await shown.shows("(130)")
        await shown.press("G")
        await shown.shows(f"▎ many-{office.scene.id}-129")


@pytest.mark.parametrize("hostile", ["[/x]", "[@click=app.quit]leave[/]", "家族 人", "a" * 256])
async def test_hostile_names_are_shown_harmlessly(office: Office, hostile: str) -> None:
    marked = f"{uuid.uuid4().hex[:6]}{hostile}"[:256]
    shown_name = hostile[:10]
    office.call("POST", f"{SCIM}/Groups", displayName=marked)
    office.grant("CAN_READ", group_name=marked)
    async with console(office.url, office.scene.token) as shown:
        await open_access(shown, office)
        await shown.shows(shown_name)
        await choose(shown, marked[:6])
        await shown.press("D")
        await shown.shows("Remove the level of", shown_name)
        await shown.press("n")
        await shown.press("w")
        await shown.press("ctrl+u")
        await shown.type("x")
        await shown.press("escape", "escape")
        await shown.shows("You: CAN_MANAGE")
