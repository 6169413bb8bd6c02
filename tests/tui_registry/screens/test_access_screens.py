"""The access place under the fingers: levels granted, changed, taken away and explained."""

import uuid
from dataclasses import replace

import pytest

from tests.tui_registry.access_fixture import SCIM, AccessFixture, choose
from tests.tui_registry.console import SIZES, SMALL, Console, console
from tests.tui_registry.samples import ASKER, OWNER
from tests.variants import variant
from tui_registry.session.connection import Connection


async def open_access(shown: Console, access_data: AccessFixture) -> None:
    """From the model's page to who may do what on it."""
    await shown.press("2")
    await shown.shows(access_data.model)
    await shown.press("enter")
    await shown.shows(f"Models › {access_data.model}", "0 versions")
    await shown.press("p")
    await shown.shows(f"Models › {access_data.model} › Permissions", "Your level: CAN_MANAGE")


async def test_enter_takes_the_only_one_who_can_be_meant(access_data: AccessFixture) -> None:
    async with console(access_data.url, access_data.samples.token) as shown:
        await open_access(shown, access_data)
        await shown.press("n")
        await shown.shows(f"Grant a permission level on {access_data.model}")
        await shown.type(access_data.users["bob"].removesuffix(access_data.samples.id))
        await shown.type(access_data.samples.id[:-1])
        await shown.shows(f"user:{access_data.users['bob']}")
        await shown.press("enter", "enter")
        await shown.shows(f"Grant CAN_READ to {access_data.users['bob']}?")


@SIZES
async def test_a_level_is_granted_to_a_group_in_few_keys(access_data: AccessFixture, size: tuple[int, int]) -> None:
    async with console(access_data.url, access_data.samples.token, size) as shown:
        await open_access(shown, access_data)
        await shown.press("escape")
        await shown.shows("0 versions")
        keys = 0

        async def press(key: str) -> None:
            nonlocal keys
            keys += 1
            await shown.press(key)

        await press("p")
        await shown.shows("› Permissions", "Your level: CAN_MANAGE directly, on this model.")
        await press("n")
        await shown.shows(f"Grant a permission level on {access_data.model}")
        await shown.type(access_data.group)
        await press("tab")
        for _ in range(3):
            await press("j")
        await shown.shows("CAN_MANAGE_PRODUCTION_VERSIONS")
        await press("enter")
        await shown.shows(
            f"to group {access_data.group}?",
            f"On {access_data.model}:  none → CAN_MANAGE_PRODUCTION_VERSIONS",
            "2 members:",
            "none → CAN_MANAGE_PRODUCTION_VERSIONS  ",
            access_data.users["ann"],
            access_data.users["bob"],
        )
        assert access_data.group not in access_data.direct()
        await press("y")
        await shown.notifies(f"group {access_data.group} now has CAN_MANAGE_PRODUCTION_VERSIONS.")
        await shown.until(lambda: access_data.group in shown.text, "the new row")
        assert keys <= 10
    assert access_data.direct()[access_data.group] == "CAN_MANAGE_PRODUCTION_VERSIONS"


async def test_a_name_is_completed_as_it_is_typed(access_data: AccessFixture) -> None:
    async with console(access_data.url, access_data.samples.token) as shown:
        await open_access(shown, access_data)
        await shown.press("n")
        await shown.type(f"leads-{access_data.samples.id}")
        await shown.until(
            lambda: shown.text.count("group:ml-leads") == 1 and f"group:{access_data.group}" in shown.text
        )
        await shown.press("down", "tab", "enter")
        await shown.shows(f"Grant CAN_READ to group {access_data.group}?")
        await shown.press("n")
        await shown.hides("Grant CAN_READ")
    assert access_data.group not in access_data.direct()


async def test_nobody_is_asked_for_again(access_data: AccessFixture) -> None:
    async with console(access_data.url, access_data.samples.token) as shown:
        await open_access(shown, access_data)
        await shown.press("n")
        await shown.type("nobody-at-all")
        await shown.press("tab", "G", "enter")
        await shown.shows("There is no user, group or service principal called", "CAN_MANAGE")
        await shown.press("escape")  # what is typed there is what was typed before
        await shown.shows("Your level: CAN_MANAGE")


async def test_a_level_is_changed_and_the_change_taken_back(access_data: AccessFixture) -> None:
    access_data.grant("CAN_READ", group_name=access_data.group)
    before = access_data.direct()
    async with console(access_data.url, access_data.samples.token) as shown:
        await open_access(shown, access_data)
        await shown.shows(access_data.group)
        await choose(shown, access_data.group)
        await shown.press("e")
        await shown.shows(f"group {access_data.group} on {access_data.model}")
        await shown.press("j", "enter")
        await shown.shows(f"Change the permission level of group {access_data.group}?", "CAN_READ → CAN_EDIT")
        await shown.press("y")
        await shown.notifies(f"group {access_data.group} now has CAN_EDIT.")
        assert access_data.direct() == before | {access_data.group: "CAN_EDIT"}
        await shown.press("u")
        await shown.shows("Undo the last change?")
        await shown.press("y")
        await shown.notifies("The previous levels are restored.")
    assert access_data.direct() == before


async def test_a_level_is_removed_and_the_others_stay(access_data: AccessFixture) -> None:
    access_data.grant("CAN_EDIT", group_name=access_data.group)
    before = access_data.direct()
    async with console(access_data.url, access_data.samples.token) as shown:
        await open_access(shown, access_data)
        await shown.shows(access_data.group)
        await choose(shown, access_data.group)
        await shown.press("D")
        await shown.shows(f"Revoke CAN_EDIT from group {access_data.group}?", "CAN_EDIT → none")
        await shown.press("y")
        await shown.notifies("no longer has a direct level here.")
        await shown.until(lambda: not any(line.startswith("▎ ml-leads") for line in shown.text.split("\n")), "gone")
        assert access_data.direct() == {name: level for name, level in before.items() if name != access_data.group}
        await shown.press("u")
        await shown.shows("Undo the last change?")
        await shown.press("y")
        await shown.notifies("The previous levels are restored.")
    assert access_data.direct() == before


async def test_giving_up_ones_own_control_is_asked_twice(access_data: AccessFixture) -> None:
    async with console(access_data.url, access_data.samples.token) as shown:
        await open_access(shown, access_data)
        await choose(shown, OWNER)
        await shown.press("D")
        await shown.shows("Your own level:  CAN_MANAGE → none")
        await shown.press("y")
        await shown.shows("Give up your own CAN_MANAGE?", f"Type {access_data.model} to confirm")
        await shown.press("y")
        await shown.type("yes")
        await shown.press("enter")
        await shown.shows(f"This does not match {access_data.model}.")
        await shown.press("escape")
        await shown.shows("Your level: CAN_MANAGE")
        assert access_data.direct()[OWNER] == "CAN_MANAGE"
        await shown.press("D")
        await shown.shows("Your own level")
        await shown.press("y")
        await shown.shows("Give up")
        await shown.press("tab")
        await shown.type(access_data.model)
        await shown.press("enter")
        await shown.notifies("no longer has a direct level here.")
    assert OWNER not in access_data.direct()
    access_data.grant("CAN_MANAGE", user_name=OWNER)


async def test_a_list_that_somebody_changed_meanwhile_is_left_alone(access_data: AccessFixture) -> None:
    async with console(access_data.url, access_data.samples.token) as shown:
        await open_access(shown, access_data)
        await shown.press("n")
        await shown.type(access_data.group)
        await shown.press("tab", "enter")
        await shown.shows(f"Grant CAN_READ to group {access_data.group}?")
        access_data.grant("CAN_EDIT", user_name=access_data.users["ann"])
        await shown.press("y")
        await shown.notifies("Nothing was sent: the permissions were changed by someone else. Review them again.")
        await shown.shows(access_data.users["ann"])
    assert access_data.group not in access_data.direct()


async def test_another_ones_change_is_seen_at_once(access_data: AccessFixture) -> None:
    async with console(access_data.url, access_data.samples.token) as shown:
        await open_access(shown, access_data)
        assert access_data.users["bob"] not in shown.text
        access_data.grant("CAN_EDIT", user_name=access_data.users["bob"])
        await shown.shows(access_data.users["bob"], "CAN_EDIT")


@SIZES
async def test_why_somebody_may_do_what_they_may(access_data: AccessFixture, size: tuple[int, int]) -> None:
    outer = f"outer-{access_data.samples.id}"
    access_data.call("POST", f"{SCIM}/Groups", displayName=outer, members=[{"value": access_data.group_id}])
    access_data.grant("CAN_MANAGE_STAGING_VERSIONS", group_name=outer)
    access_data.grant("CAN_READ", user_name=access_data.users["ann"])
    async with console(access_data.url, access_data.samples.token, size) as shown:
        await open_access(shown, access_data)
        await choose(shown, access_data.users["ann"])
        await shown.press("w")
        await shown.shows("Explain permissions on", f"user:{access_data.users['ann']}")
        await shown.press("enter")
        await shown.shows(
            f"{access_data.users['ann']} has CAN_MANAGE_STAGING_VERSIONS on",
            "Can edit, and move versions",
            f"through group {outer}",
            "CAN_READ directly, on this model",
        )
        assert f"(via {access_data.group})" in " ".join(shown.text.replace("│", " ").split())
        await shown.press("escape")
        await shown.press("w")
        await shown.shows("Explain permissions on")
        await shown.type(f"user:{access_data.users['bob']}")
        await shown.press("enter")
        await shown.shows(f"{access_data.users['bob']} has CAN_MANAGE_STAGING_VERSIONS on")
        await shown.press("escape")
        await shown.press("w")
        await shown.shows("Explain permissions on")
        await shown.type(f"user:{access_data.samples.id}")  # a name that nobody has
        await shown.press("enter")
        await shown.shows("There is no user called")
        await shown.press("escape")
        await shown.shows("Your level: CAN_MANAGE")


async def test_who_may_do_nothing_is_refused(access_data: AccessFixture) -> None:
    async with console(access_data.url, access_data.samples.token) as shown:
        await open_access(shown, access_data)
        await choose(shown, "admins")
        await shown.press("w")
        await shown.shows("Explain permissions on", "group:admins")
        await shown.press("enter")
        await shown.shows("group admins has CAN_MANAGE on")
        await shown.press("escape", "w")
        await shown.shows("Explain permissions on", "group:admins")
        await shown.type(access_data.users["bob"])
        await shown.press("enter")
        await shown.shows("has no level on", "There is no grant to this name", f"Member of {access_data.group}.")


async def test_a_reader_sees_it_and_why_nothing_can_be_changed(access_data: AccessFixture) -> None:
    async with console(access_data.url, access_data.registry.token(ASKER)) as shown:
        await shown.press("2")
        await shown.shows(access_data.model)
        await shown.press("p")
        await shown.shows(
            "› Permissions", "Your level: CAN_READ directly, on this model.", "Changes require CAN_MANAGE."
        )
        assert "grant" not in shown.bar
        await choose(shown, OWNER)
        before = access_data.direct()
        await shown.press("n", "e", "D")
        await shown.press("enter")
        await shown.shows(f"{OWNER} has CAN_MANAGE on", "CAN_MANAGE directly")
        await shown.press("escape")
        await shown.press("escape")
        await shown.shows("Models (")
    assert access_data.direct() == before


async def test_the_whole_registry_may_be_closed_to_a_reader(access_data: AccessFixture) -> None:
    async with console(access_data.url, access_data.registry.token(ASKER)) as shown:
        await shown.press("5")
        await shown.shows("Access › Permissions", "does not let you")
        await shown.press("tab")
        await shown.shows("Access › Users", "Read-only: only members of the group admins", "group admins")
        assert "new" not in shown.bar
        await shown.press("n", "D", "A")
        await shown.shows("Access › Users")
        await shown.press("shift+tab", "shift+tab", "shift+tab")
        await shown.shows("Access › Tokens", "Only your own tokens")


async def test_a_read_only_profile_changes_nothing(access_data: AccessFixture) -> None:
    from tui_registry.app import ConsoleApp

    access_data.grant("CAN_EDIT", group_name=access_data.group)
    connection = replace(Connection(access_data.url, access_data.registry.admin_token, "test"), read_only=True)
    app = ConsoleApp(connection)
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        shown = Console(app, pilot)
        await shown.until(lambda: app.screen_stack and app.screen.is_mounted, "the first screen")
        await shown.press("5")
        await shown.shows("Access › Permissions", "admins")
        assert "grant" not in shown.bar
        await shown.press("n", "e", "D", "tab", "n", "D")
        await shown.shows("Access › Users")
        await shown.press("tab", "tab", "tab", "n", "D")
        await shown.shows("Access › Tokens (")
        app.exit()


async def test_levels_of_the_whole_registry_are_granted_too(access_data: AccessFixture) -> None:
    root = "/permissions/registered-models/root"
    async with console(access_data.url, access_data.registry.admin_token) as shown:
        await shown.press("5")
        await shown.shows("Access › Permissions", "admins", "Your level: CAN_MANAGE as a member of admins.")
        await shown.press("n")
        await shown.shows("Grant a permission level on the whole registry")
        await shown.type(access_data.group)
        await shown.press("tab")
        await shown.shows("CAN_CREATE_REGISTERED_MODEL")
        await shown.press("j", "enter")
        await shown.shows(f"Grant CAN_READ to group {access_data.group}?", "On the whole registry:  none → CAN_READ")
        await shown.press("y")
        await shown.notifies("now has CAN_READ.")
        await shown.until(lambda: access_data.group[:18] in shown.text, "the row")
        await choose(shown, access_data.group[:12])
        await shown.press("D")
        await shown.shows("Revoke CAN_READ from")
        await shown.press("y")
        await shown.notifies("no longer has a direct level here.")
    assert not any(
        entry.get("group_name") == access_data.group for entry in access_data.call("GET", root)["access_control_list"]
    )


@pytest.mark.parametrize("hostile", [variant("[/x]"), "[@click=app.quit]leave[/]", variant("家族 人"), "a" * 256])
async def test_hostile_names_are_shown_harmlessly(access_data: AccessFixture, hostile: str) -> None:
    marked = f"{uuid.uuid4().hex[:6]}{hostile}"[:256]
    shown_name = hostile[:10]
    access_data.call("POST", f"{SCIM}/Groups", displayName=marked)
    access_data.grant("CAN_READ", group_name=marked)
    async with console(access_data.url, access_data.samples.token) as shown:
        await open_access(shown, access_data)
        await shown.shows(shown_name)
        await choose(shown, marked[:6])
        await shown.press("D")
        await shown.shows("Revoke CAN_READ from", shown_name)
        await shown.press("n")
        await shown.press("w")
        await shown.press("ctrl+u")
        await shown.type("x")
        await shown.press("escape", "escape")
        await shown.shows("Your level: CAN_MANAGE")
