"""The users."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from tui_registry.access import Kind
from tui_registry.actions import WHILE_TYPING, bindings
from tui_registry.screens.accounts import Account, Accounts


class Users(Accounts):
    place = "users"
    kind = Kind.USER
    attribute = "userName"
    asked = "User name, such as an address; it cannot be changed later"
    nothing = "There are no users."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("users"), *WHILE_TYPING]

    async def read_accounts(self, filter_text: str, count: int) -> Sequence[Account]:
        return (await self.console_app.client.users(filter_text=filter_text, count=count)).resources

    async def create(self, name: str, display_name: str) -> Account:
        return await self.console_app.client.create_user(name, display_name=display_name)

    async def set_active(self, account_id: str, *, active: bool) -> Account:
        return await self.console_app.client.set_user_active(account_id, active=active)
