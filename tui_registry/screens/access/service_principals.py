"""The service principals: what programs are to the registry."""

from typing import ClassVar

from textual.binding import BindingType

from tui_registry.keys.actions import WHILE_TYPING, bindings
from tui_registry.mutations.account import Register, service_principals
from tui_registry.screens.access.accounts import Accounts


class ServicePrincipals(Accounts):
    place = "service principals"
    name_label = "Application ID (cannot be changed later)"
    empty_message = "No service principals.\nPress n to create one for a program that calls the registry."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("service principals"), *WHILE_TYPING]

    def register(self) -> Register:
        return service_principals(self.console_app.client)

    def is_live(self, action: str) -> bool:
        if action == "credentials":
            return self.is_admin and self._chosen is not None
        return super().is_live(action)

    def action_credentials(self) -> None:
        if chosen := self._chosen:
            self.console_app.navigation.open_credentials(chosen.id, chosen.principal.name)
