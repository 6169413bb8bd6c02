"""``tui-registry service-principals``: the identities of programs."""

from typing import TYPE_CHECKING, Unpack

import click

from tui_registry.commands import completers
from tui_registry.commands.accounts import add_account_commands, creation
from tui_registry.commands.changes import How, PlannedChange, change, writing_command
from tui_registry.commands.program_credentials import federation, secrets

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry.mutations.account import Register


def _calls(client: "RegistryClient") -> "Register":
    from tui_registry.mutations import account

    return account.service_principals(client)


@click.group()
def service_principals() -> None:
    """List, show, create, deactivate and delete service principals.

    A service principal is the identity of a program; NAME is its application id. Over the API of the registry that is
    opened: administrators only, except list and show."""


add_account_commands(service_principals, "service principal", _calls, completers.service_principals)
service_principals.add_command(secrets)
service_principals.add_command(federation)


@writing_command
@service_principals.command("create")
@click.argument("name")
@click.option("--display-name", metavar="TEXT", default="", help="What people call it.")
def create_service_principal(*, name: str, display_name: str, **how: Unpack[How]) -> None:
    """Create NAME. For its tokens, see secrets, federation, and tokens create --service-principal."""

    async def plan(client: "RegistryClient") -> PlannedChange:
        return creation(_calls(client), name, display_name)

    change(plan, **how)
