"""The access place under the fingers: users, groups, service principals and tokens."""

import pytest

from tests.live_registry import ADMIN
from tests.tui_registry.access_fixture import SCIM, AccessFixture, choose, to_section
from tests.tui_registry.console import SIZES, Console, console
from tests.tui_registry.scene import ASKER


async def find(shown: Console, typed: str, *seen: str) -> None:
    """Narrow a list by what is typed."""
    await shown.press("slash")
    await shown.type(typed)
    await shown.shows(f"“{typed}” (1)", *seen)
    await shown.press("enter")


@SIZES
async def test_a_user_is_made_closed_and_opened_again(office: AccessFixture, size: tuple[int, int]) -> None:
    name = f"new-{office.scene.id}"
    async with console(office.url, office.registry.admin_token, size) as shown:
        await to_section(shown, "Users")
        await shown.press("n")
        await shown.shows("New user")
        await shown.type(name)
        await shown.press("tab")
        await shown.type("New One")
        await shown.press("enter")
        await shown.tells(f"user {name}: Created.")
        assert office.user(name)["displayName"] == "New One"
        await find(shown, name, "active")
        await shown.press("D")
        await shown.shows(f"Deactivate {name}?", "tokens will no longer be accepted")
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


async def test_users_are_found_by_group_and_state(office: AccessFixture) -> None:
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
        await shown.shows(office.people["ann"], "deactivated", f"member of {office.group}, users")
        await shown.press("escape")


async def test_a_name_that_is_taken_is_told(office: AccessFixture) -> None:
    async with console(office.url, office.registry.admin_token) as shown:
        await to_section(shown, "Users")
        await shown.press("n")
        await shown.type(office.people["ann"])
        await shown.press("tab", "enter")
        await shown.tells("Nothing was sent: there is already a user")


async def test_a_group_is_made_filled_emptied_and_deleted(office: AccessFixture) -> None:
    name = f"fresh-{office.scene.id}"
    async with console(office.url, office.registry.admin_token) as shown:
        await to_section(shown, "Groups")
        await shown.press("n")
        await shown.shows("New group")
        await shown.type(name)
        await shown.press("enter")
        await shown.tells(f"group {name}: Created.")
        await find(shown, name, name)
        await shown.press("enter")
        await shown.shows(f"› {name} › Members (0)", "No members.")
        for who, told in ((f"user:{office.people['ann']}", office.people["ann"]), (office.group, office.group)):
            await shown.press("n")
            await shown.shows(f"Add a member to {name}")
            await shown.type(who)
            await shown.press("enter")
            await shown.shows("gets every permission", f"{told}?")
            await shown.press("y")
            await shown.tells(f"{told} added.")
        await shown.shows("Members (2)", office.people["ann"], office.group)
        await choose(shown, office.people["ann"])
        await shown.press("D")
        await shown.shows(f"Remove {office.people['ann']}?")
        await shown.press("y")
        await shown.tells("removed.")
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


async def test_the_groups_that_must_be_stay(office: AccessFixture) -> None:
    async with console(office.url, office.registry.admin_token) as shown:
        await to_section(shown, "Groups")
        await find(shown, "admins", "Members can manage everything.")
        assert "delete" not in shown.bar
        await shown.press("D", "enter")
        await shown.shows("› admins › Members", ADMIN)
        await choose(shown, ADMIN)
        await shown.press("D")
        await shown.shows("Members of admins can manage everything", "Type admins to confirm")
        await shown.press("escape")
        assert office.group_named("admins")


async def test_a_service_principal_gets_a_token_that_is_shown_once(
    office: AccessFixture, monkeypatch: pytest.MonkeyPatch
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
        await shown.tells(f"service principal {name}: Created.")
        await shown.press("tab")
        await shown.shows("Access › Tokens (")
        await shown.press("n")
        await shown.shows("New token", "Service principal")
        await shown.type(name)
        await shown.press("tab")
        await shown.type(purpose)
        await shown.press("tab", "enter")
        await shown.shows(f"Token for {name}", "Copy this token now", "tr_")
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
        await shown.tells("Revoked: it is no longer accepted.")
        await shown.shows("No matching tokens.")
        assert office.owner_of(token) is None


async def test_tokens_of_ones_own(office: AccessFixture) -> None:
    """Whoever is no administrator sees and revokes theirs, and may need to be allowed to make some."""
    async with console(office.url, office.registry.token(ASKER)) as shown:
        await to_section(shown, "Tokens")
        await shown.shows("Only your own tokens", ASKER[:12])
        await shown.press("n")
        await shown.shows("New token")
        assert "service principal" not in shown.text.partition("New token")[2].partition("Comment")[0]
        await shown.type("mine")
        await shown.press("tab")
        await shown.press("backspace", "backspace")
        await shown.type("x")
        await shown.press("enter")
        await shown.shows("Enter a number of days")
        await shown.press("escape", "escape")
        await shown.shows("Access › Tokens")


async def test_ten_thousand_users_are_read_as_they_are_needed(office: AccessFixture) -> None:
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
