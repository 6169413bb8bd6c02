"""``tui-registry users``: by a server's API or, with --database, directly in a database."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

import click

from tui_registry.commands import completers
from tui_registry.commands.accounts import add_account_commands, creation
from tui_registry.commands.changes import How, PlannedChange, change, writing_command
from tui_registry.commands.database import database_option, forward_to_database
from tui_registry.commands.directory import group_of, user_of

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry.mutations.account import Register
    from tui_registry.mutations.mutation import Mutation


def _calls(client: "RegistryClient") -> "Register":
    from tui_registry.mutations import account

    return account.users(client)


@click.group()
def users() -> None:
    """List, show, create, deactivate and delete users.

    Over the API of the registry that is opened: administrators only, except list and show. With --database, create
    works directly in a database instead, with no server and no token: so the first administrator is created.
    """


add_account_commands(users, "user", _calls, completers.users)


@writing_command
@users.command("create")
@click.argument("name")
@click.option("--display-name", metavar="TEXT", default="", help="What people call them.")
@click.option("--admin", is_flag=True, help="Make them a member of the group 'admins', who may do everything.")
@database_option
def create_user(*, name: str, display_name: str, admin: bool, database: str | None, **how: Unpack[How]) -> None:
    """Create the user NAME."""
    forward_to_database(database, "users", "create", *(["--admin"] if admin else []), "--", name, own={"admin", "name"})

    async def plan(client: "RegistryClient") -> PlannedChange:
        created = creation(_calls(client), name, display_name)
        return replace(created, mutations=[*created.mutations, await _joining(client, name)]) if admin else created

    change(plan, **how)


async def _joining(client: "RegistryClient", name: str) -> "Mutation":
    """Make a user, who may not exist yet, an administrator."""
    from tui_registry.mutations.group import membership
    from tui_registry.mutations.mutation import Mutation
    from tui_registry_server.wire.principal import ADMINS

    admins = await group_of(client, ADMINS)

    async def joined() -> Mutation:
        user = await user_of(client, name)
        return membership(client, admins.id, ADMINS, user.id, name, joins=True)

    async def send() -> Any:
        return await (await joined()).send()

    async def happened() -> bool:
        return await (await joined()).happened()

    return Mutation(
        title=f"group {ADMINS}", progress=f"adding {name}", done=f"{name} added.", send=send, happened=happened
    )
