"""The service principals: what programs are to the registry."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from tui_registry.access import Kind
from tui_registry.actions import WHILE_TYPING, bindings
from tui_registry.screens.accounts import Account, Accounts


class ServicePrincipals(Accounts):
    place = "service principals"
    kind = Kind.SERVICE_PRINCIPAL
    attribute = "applicationId"
    asked = "Application id, its name in levels and history; it cannot be changed later"
    nothing = "There are no service principals.\nn makes one, for a program that calls the registry."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("service principals"), *WHILE_TYPING]

    async def read_accounts(self, filter_text: str, count: int) -> Sequence[Account]:
        return (await self.console_app.client.service_principals(filter_text=filter_text, count=count)).resources

    async def create(self, name: str, display_name: str) -> Account:
        return await self.console_app.client.create_service_principal(name, display_name=display_name)

    async def set_active(self, account_id: str, *, active: bool) -> Account:
        return await self.console_app.client.set_service_principal_active(account_id, active=active)
