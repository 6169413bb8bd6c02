"""After something was made, the cursor is on it: the next key is about that, and not about what was there before."""

import pytest

from tests.tui_registry.access_fixture import AccessFixture, to_section
from tests.tui_registry.console import SIZES, console
from tui_registry.queries import pages


@SIZES
async def test_enter_then_n_after_making_a_group_adds_to_that_group(
    access_data: AccessFixture, size: tuple[int, int]
) -> None:
    """Also where both are pressed before the group is displayed: another one was under the cursor before."""
    slow, fast = f"zz-slow-{access_data.samples.id}", f"zz-fast-{access_data.samples.id}"
    async with console(access_data.url, access_data.registry.admin_token, size) as shown:
        await to_section(shown, "Groups")
        await shown.press("g", "n")
        await shown.type(slow)
        await shown.press("enter")
        await shown.until(lambda: f"▎ {slow}" in shown.text, "the cursor on the new group")
        await shown.press("enter", "n")
        await shown.shows(f"Add a member to {slow}")
        await shown.press("escape", "escape", "g", "n")
        await shown.type(fast)
        await shown.press("enter", "enter")
        await shown.shows(f"› {fast} › Members (0)")
        await shown.press("n")
        await shown.shows(f"Add a member to {fast}")
        await shown.type(f"user:{access_data.users['bob']}")
        await shown.press("enter", "y")
        await shown.shows("Members (1)")
        assert f"▎ {access_data.users['bob']}" in shown.text


async def test_what_was_not_made_is_not_waited_for(access_data: AccessFixture) -> None:
    async with console(access_data.url, access_data.registry.admin_token) as shown:
        await to_section(shown, "Groups")
        await shown.press("slash")
        await shown.type("admins")
        await shown.shows("▎ admins", "(1)")
        await shown.press("enter", "n")
        await shown.type("users")
        await shown.press("enter")
        await shown.notifies("there is already a group users")
        await shown.shows("▎ admins")
        await shown.press("enter")
        await shown.shows("› admins › Members")


async def test_the_cursor_is_on_what_was_made_wherever_things_are_made(
    access_data: AccessFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also on a page that was not read yet."""
    monkeypatch.setattr(pages, "FIRST_PAGE_SIZE", 1)
    monkeypatch.setattr(pages, "PAGE_SIZE", 1)
    account, comment = f"zz-{access_data.samples.id}", f"for-{access_data.samples.id}"
    async with console(access_data.url, access_data.registry.admin_token, (120, 40)) as shown:
        await to_section(shown, "Users")
        await shown.press("g", "n")
        await shown.type(account)
        await shown.press("enter", "enter")
        await shown.until(lambda: f"▎ {account}" in shown.text, "the cursor on the account")
        await to_section(shown, "Tokens")
        await shown.press("n", "tab")
        await shown.type(comment)
        await shown.press("enter", "enter")
        await shown.shows("Copy this token now")
        await shown.press("escape")
        await shown.until(lambda: any("▎" in line and comment in line for line in shown.text.split("\n")), "the token")
        await shown.press("2", "n")
        await shown.type(f"zz-model-{access_data.samples.id}")
        await shown.press("ctrl+s")
        await shown.shows(f"Models › zz-model-{access_data.samples.id}")
        for number in ("1", "2"):
            await shown.press("n")
            await shown.type(f"s3://models/{number}")
            await shown.press("ctrl+s")
            await shown.until(lambda number=number: f"▎ {number} " in shown.text, "the version")  # type: ignore[misc]
        await shown.press("escape")
        await shown.until(lambda: f"▎ zz-model-{access_data.samples.id}" in shown.text, "the model in the list")
