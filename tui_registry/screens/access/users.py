"""The users."""

from typing import ClassVar

from textual.binding import BindingType

from tui_registry.keys.actions import WHILE_TYPING, bindings
from tui_registry.mutations.account import Register, users
from tui_registry.screens.access.accounts import Accounts


class Users(Accounts):
    place = "users"
    name_label = "User name, for example an e-mail address"
    empty_message = "No users."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("users"), *WHILE_TYPING]

    def register(self) -> Register:
        return users(self.console_app.client)
