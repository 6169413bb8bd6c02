"""The access place under the fingers: users, groups, service principals and tokens."""

import pytest

from tests.live_registry import ADMIN
from tests.tui_registry.access_fixture import SCIM, AccessFixture, choose, to_section
from tests.tui_registry.console import SIZES, Console, console
from tests.tui_registry.proxy import proxied
from tests.tui_registry.samples import ASKER


async def find(shown: Console, typed: str, *seen: str) -> None:
    """Narrow a list by what is typed."""
    await shown.press("slash")
    await shown.type(typed)
    await shown.shows(f"“{typed}” (1)", *seen)
    await shown.press("enter")


@SIZES
async def test_a_user_is_made_closed_and_opened_again(access_data: AccessFixture, size: tuple[int, int]) -> None:
    name = f"new-{access_data.samples.id}"
    async with console(access_data.url, access_data.registry.admin_token, size) as shown:
        await to_section(shown, "Users")
        await shown.press("n")
        await shown.shows("New user")
        await shown.type(name)
        await shown.press("tab")
        await shown.type("New One")
        await shown.press("enter")
        await shown.notifies(f"user {name}: Created.")
        assert access_data.user(name)["displayName"] == "New One"
        await find(shown, name, "active")
        await shown.press("D")
        await shown.shows(f"Deactivate {name}?", "tokens will no longer be accepted", "offboard it instead: O.")
        await shown.press("y")
        await shown.notifies("Deactivated")
        await shown.shows("deactivated")
        assert access_data.user(name)["active"] is False
        await shown.press("A")
        await shown.shows(f"Reactivate {name}?")
        await shown.press("y")
        await shown.notifies("Reactivated")
        await shown.until(lambda: access_data.user(name)["active"], "open again")
        await shown.press("u")
        await shown.shows("Undo the last change?")
        await shown.press("y")
        await shown.until(lambda: not access_data.user(name)["active"], "closed once more")


@SIZES
async def test_ones_own_account_is_not_deactivated_by_accident(
    access_data: AccessFixture, size: tuple[int, int]
) -> None:
    async with console(access_data.url, access_data.registry.admin_token, size) as shown:
        await to_section(shown, "Users")
        await find(shown, ADMIN, f"{ADMIN} (you)")
        assert "offboard" not in shown.bar
        await shown.press("D")
        await shown.shows("This is your own account: you will be locked out.", "Type deactivate to confirm")
        await shown.press("y", "enter")
        await shown.shows(f"Deactivate {ADMIN}?")
        await shown.press("escape")
        await shown.hides(f"Deactivate {ADMIN}?")
        assert access_data.user(ADMIN)["active"]


async def test_users_are_found_by_group_and_state(access_data: AccessFixture) -> None:
    access_data.call(
        "PATCH",
        f"{SCIM}/Users/{access_data.ids['ann']}",
        Operations=[{"op": "replace", "path": "active", "value": False}],
    )
    async with console(access_data.url, access_data.registry.admin_token) as shown:
        await to_section(shown, "Users")
        await shown.press("slash")
        await shown.type(f"group:{access_data.group}")
        await shown.shows("(2)", access_data.users["ann"], access_data.users["bob"])
        await shown.type(" is:deactivated")
        await shown.shows(access_data.users["ann"], "deactivated", f"member of {access_data.group}, users")
        await shown.press("escape")


async def test_a_name_that_is_taken_is_reported(access_data: AccessFixture) -> None:
    async with console(access_data.url, access_data.registry.admin_token) as shown:
        await to_section(shown, "Users")
        await shown.press("n")
        await shown.type(access_data.users["ann"])
        await shown.press("tab", "enter")
        await shown.notifies("Nothing was sent: there is already a user")


async def test_a_group_is_made_filled_emptied_and_deleted(access_data: AccessFixture) -> None:
    name = f"fresh-{access_data.samples.id}"
    async with console(access_data.url, access_data.registry.admin_token) as shown:
        await to_section(shown, "Groups")
        await shown.press("n")
        await shown.shows("New group")
        await shown.type(name)
        await shown.press("enter")
        await shown.notifies(f"group {name}: Created.")
        await find(shown, name, name)
        await shown.press("enter")
        await shown.shows(f"› {name} › Members (0)", "No members.")
        for who, message in (
            (f"user:{access_data.users['ann']}", access_data.users["ann"]),
            (access_data.group, access_data.group),
        ):
            await shown.press("n")
            await shown.shows(f"Add a member to {name}")
            await shown.type(who)
            await shown.press("enter")
            await shown.shows("gets every permission", f"{message}?")
            await shown.press("y")
            await shown.notifies(f"{message} added.")
        await shown.shows("Members (2)", access_data.users["ann"], access_data.group)
        await choose(shown, access_data.users["ann"])
        await shown.press("D")
        await shown.shows(f"Remove {access_data.users['ann']}?")
        await shown.press("y")
        await shown.notifies("removed.")
        await shown.shows("Members (1)")
        await shown.press("D")
        await shown.shows(f"Remove group {access_data.group}?")  # as a user may have that name, too
        await shown.press("n", "enter")
        await shown.shows(f"› {access_data.group} › Members (2)", access_data.users["bob"])
        await shown.press("escape", "escape")
        await shown.shows("Access › Groups matching")
        await shown.press("D")
        await shown.shows(f"Delete group {name}?", f"Type {name} to confirm")
        await shown.press("y")
        await shown.type(name)
        await shown.press("enter")
        await shown.notifies("Deleted.")
    assert access_data.group_named(name) is None


@SIZES
async def test_members_are_told_apart_by_their_accounts(access_data: AccessFixture, size: tuple[int, int]) -> None:
    """Anyone can have the display name of somebody else."""
    ann, bob, group = access_data.users["ann"], access_data.users["bob"], access_data.group_named(access_data.group)
    for each in ("ann", "bob"):
        change = {"op": "replace", "path": "displayName", "value": "Ada Lovelace"}
        access_data.call("PATCH", f"{SCIM}/Users/{access_data.ids[each]}", Operations=[change])
    members = [{"op": "replace", "path": "members", "value": [{"value": access_data.ids[n]} for n in ("ann", "bob")]}]
    access_data.call("PATCH", f"{SCIM}/Groups/{group['id']}", Operations=members)
    async with console(access_data.url, access_data.registry.admin_token, size) as shown:
        await to_section(shown, "Groups")
        await find(shown, access_data.group)
        await shown.press("enter")
        await shown.shows("Members (2)", ann, bob, "Ada Lovelace")
        await shown.press("slash")
        await shown.type(bob)
        await shown.hides(ann)
        await shown.press("enter", "D")
        await shown.shows(f"Remove {bob}?")
        await shown.press("y")
        await shown.notifies("removed.")
        await shown.press("escape")
        await shown.shows("Members (1)", ann)
        await shown.press("slash")
        await shown.type("bob")
        await shown.shows("No matching members.")
        await shown.press("ctrl+u")
        await shown.type("lovelace")
        await shown.shows(ann)


async def test_members_on_later_pages_are_as_they_are_now(
    access_data: AccessFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_registry.queries.pages.FIRST_PAGE_SIZE", 5)
    names = [f"m{number:02}-{access_data.samples.id}" for number in range(26)]
    ids = [access_data.call("POST", f"{SCIM}/Users", userName=name, displayName=name)["id"] for name in names]
    path = f"{SCIM}/Groups/{access_data.group_named(access_data.group)['id']}"
    members = [{"op": "replace", "path": "members", "value": [{"value": each} for each in ids]}]
    access_data.call("PATCH", path, Operations=members)

    def remove(name: str) -> None:
        gone = [{"op": "remove", "path": "members", "value": [{"value": ids[names.index(name)]}]}]
        access_data.call("PATCH", path, Operations=gone)

    token = access_data.registry.admin_token
    async with proxied(access_data.url) as proxy, console(proxy.url, token) as shown:
        await to_section(shown, "Groups")
        await find(shown, access_data.group)
        await shown.press("enter")
        await shown.shows("Members (26)")
        await shown.press("G", "D")
        await shown.shows(f"Remove {names[25]}?")
        await shown.press("y")
        await shown.notifies("removed.")
        await shown.shows("Members (25)", f"▎ {names[24]}")

        remove(names[4])  # the last one of the first page, which is above the window
        await shown.press("f5")
        await shown.press("g")
        await shown.shows(names[0])
        await shown.press("G")
        await shown.shows("Members (24)")
        await shown.press("G")
        await shown.shows(names[24])

        proxy.hold("/Users?filter=id")
        remove(names[24])
        asked = len(proxy.asked)
        await shown.press("f5")
        await shown.until(lambda: len(proxy.asked) > asked + 2, "the members are read, their names are awaited")
        await shown.press("k", "j", "enter")
        proxy.release()
        await shown.hides(names[24])
        await shown.shows("Members (23)", names[23])


async def test_the_groups_that_must_be_stay(access_data: AccessFixture) -> None:
    async with console(access_data.url, access_data.registry.admin_token) as shown:
        await to_section(shown, "Groups")
        await find(shown, "admins", "Members can manage everything.")
        assert "delete" not in shown.bar
        await shown.press("D", "enter")
        await shown.shows("› admins › Members", ADMIN)
        await choose(shown, ADMIN)
        await shown.press("D")
        await shown.shows("Members of admins can manage everything", "Type admins to confirm")
        await shown.press("escape")
        assert access_data.group_named("admins")


async def test_a_service_principal_gets_a_token_that_is_shown_once(
    access_data: AccessFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    name, purpose = f"bot-{access_data.samples.id}", f"nightly-{access_data.samples.id}"
    async with console(access_data.url, access_data.registry.admin_token) as shown:
        copied: list[str] = []
        monkeypatch.setattr(shown.app, "copy_to_clipboard", copied.append)
        await to_section(shown, "Service principals")
        await shown.press("n")
        await shown.shows("New service principal")
        await shown.type(name)
        await shown.press("tab", "enter")
        await shown.notifies(f"service principal {name}: Created.")
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
        await shown.notifies("The token. Clear the clipboard")
        (token,) = copied
        assert access_data.owner_of(token) == name
        assert token in shown.text
        await shown.press("escape")
        await shown.hides("tr_")
        assert token not in shown.messages
        assert token not in repr(shown.app.client.journal)
        await find(shown, purpose, name[:12], purpose)
        await shown.press("D")
        await shown.shows("Revoke this token?", name, purpose)
        await shown.press("y")
        await shown.notifies("Revoked: it is no longer accepted.")
        await shown.shows("No matching tokens.")
        assert access_data.owner_of(token) is None


async def test_tokens_of_ones_own(access_data: AccessFixture) -> None:
    """Whoever is no administrator sees and revokes theirs, and may need to be allowed to make some."""
    async with console(access_data.url, access_data.registry.token(ASKER)) as shown:
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


@SIZES
async def test_the_token_that_the_console_uses_is_not_revoked_by_accident(
    access_data: AccessFixture, size: tuple[int, int]
) -> None:
    purpose = f"laptop-{access_data.samples.id}"
    other = f"spare-{access_data.samples.id}"
    token = access_data.call("POST", "/token/create", comment=purpose, lifetime_seconds=3 * 24 * 60 * 60)
    access_data.call("POST", "/token/create", comment=other)
    async with console(access_data.url, token["token_value"], size) as shown:
        await to_section(shown, "Tokens")
        assert "AGE ▲" in shown.text
        await find(shown, other, f"{ADMIN} (you)  {other}", "never used", "never expires")
        await shown.press("D")
        await shown.shows("Revoke this token?", f"Owner    {ADMIN}", f"Comment  {other}", ", never used")
        await shown.press("y")
        await shown.notifies("Revoked: it is no longer accepted.")
        await shown.press("escape")
        await find(shown, purpose, f"{ADMIN} (you, in this console)  {purpose}", "in 2d", ", used ", "ID ")
        await shown.press("D")
        await shown.shows("This console itself uses this token", "Type revoke to confirm", f"Comment  {purpose}")
        await shown.press("y", "enter")
        await shown.shows("Revoke this token?")
        await shown.press("escape")
        await shown.hides("Revoke this token?")
        assert access_data.owner_of(token["token_value"]) == ADMIN


async def test_ten_thousand_users_are_read_as_they_are_needed(access_data: AccessFixture) -> None:
    """As few as are seen: the rest of them is on the server."""
    for number in range(130):
        access_data.call("POST", f"{SCIM}/Users", userName=f"many-{access_data.samples.id}-{number:03}")
    async with console(access_data.url, access_data.registry.admin_token) as shown:
        await to_section(shown, "Users")
        await shown.shows("Users (100+)")
        await shown.press("slash")
        await shown.type(f"many-{access_data.samples.id}")
        await shown.shows("(100+)", f"▎ many-{access_data.samples.id}-000")
        await shown.press("enter", "G")
        await shown.shows("(130)")
        await shown.press("G")
        await shown.shows(f"▎ many-{access_data.samples.id}-129")
