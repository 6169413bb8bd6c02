"""The users."""

from typing import ClassVar

from textual.binding import BindingType

from tui_registry.keys.actions import WHILE_TYPING, bindings
from tui_registry.mutations.account import Register, users
from tui_registry.screens.access.accounts import Accounts


class Users(Accounts):
    place = "users"
    asked = "User name, such as an address"
    empty_message = "There are no users."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("users"), *WHILE_TYPING]

    def register(self) -> Register:
        return users(self.console_app.client)
