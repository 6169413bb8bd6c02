"""The commands that users and service principals have in common."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Unpack

import click

from tui_registry.commands import completers
from tui_registry.commands.changes import How, PlannedChange, change, destroying_command, writing_command
from tui_registry.commands.directory import entry_of, read_pages, scim_list
from tui_registry.commands.output import facts, note, print_json, print_lines, table, wire
from tui_registry.commands.registry import ask, registry_command

if TYPE_CHECKING:
    from tui_registry.access.directory import DirectoryEntry
    from tui_registry.client.registry import RegistryClient
    from tui_registry.mutations.account import Account, Register

    Registers = Callable[[RegistryClient], Register]


def add_account_commands(
    group: click.Group, noun: str, register: "Registers", complete: "completers.Completer"
) -> None:
    """Add the commands list, show, deactivate, activate and delete to the group of one kind of account."""

    @registry_command
    @group.command("list", help=f"List the {noun}s. {FILTERS}")
    @click.argument("words", metavar="[FILTER]...", nargs=-1, shell_complete=complete)
    @click.option("--limit", type=click.IntRange(1), metavar="N", help=f"Maximum number of {noun}s; default: all.")
    def list_accounts(*, words: tuple[str, ...], limit: int | None, profile: str | None, as_json: bool) -> None:
        _list(register, noun, " ".join(words), limit, profile=profile, as_json=as_json)

    @registry_command
    @group.command("show", help="Show NAME and its groups.")
    @click.argument("name", shell_complete=complete)
    def show_account(*, name: str, profile: str | None, as_json: bool) -> None:
        async def read(client: "RegistryClient") -> "tuple[Account, DirectoryEntry]":
            return await _account(client, register, name)

        account, entry = ask(profile, read)
        if as_json:
            print_json(wire(account))
        else:
            print_lines(_describe(noun, entry))

    @destroying_command
    @group.command(
        "deactivate",
        help="Reject the tokens of NAME. Everything else is kept. For your own account it asks first, or needs --yes.",
    )
    @click.argument("name", shell_complete=complete)
    def deactivate(*, name: str, **how: Unpack[How]) -> None:
        _set_active(register, name, active=False, **how)

    @writing_command
    @group.command("activate", help="Accept the tokens of NAME again.")
    @click.argument("name", shell_complete=complete)
    def activate(*, name: str, **how: Unpack[How]) -> None:
        _set_active(register, name, active=True, **how)

    @destroying_command
    @group.command(
        "delete", help="Delete NAME. Its tokens and permissions are deleted, too; what it did stays recorded."
    )
    @click.argument("name", shell_complete=complete)
    def delete(*, name: str, **how: Unpack[How]) -> None:
        _delete(register, name, **how)


FILTERS = (
    "FILTER is one or more words that the name or display name contains, group:NAME for members of a group, is:active "
    "or is:inactive."
)


def creation(register: "Register", name: str, display_name: str) -> PlannedChange:
    """Create an account."""
    from tui_registry.mutations import account as changes

    async def read() -> dict[str, Any]:
        return await _as_json(register, name)

    return PlannedChange(mutations=[changes.create(register, name, display_name)], read=read)


def _list(
    register: "Registers", noun: str, typed: str, limit: int | None, *, profile: str | None, as_json: bool
) -> None:
    from tui_registry.access.directory import DirectoryEntry, accounts_filter

    async def read(client: "RegistryClient") -> "tuple[list[Account], int]":
        accounts = register(client)
        filter_text = accounts_filter(typed, accounts.attribute)
        return await read_pages(lambda start, count: accounts.page(filter_text, start, count), limit)

    found, total = ask(profile, read)
    if as_json:
        print_json(scim_list(found, total))
        return
    rows = [
        [
            each.principal.name,
            each.display_name or "-",
            "active" if each.active else "deactivated",
            ", ".join(each.groups) or "-",
        ]
        for each in map(DirectoryEntry.of, found)
    ]
    if rows:
        print_lines(table(("NAME", "DISPLAY NAME", "STATE", "GROUPS"), rows, fixed=("STATE",)))
    else:
        note(f"There are no matching {noun}s.")
    if total > len(found):
        note(f"There are {total}, more than these {len(found)}: raise --limit.")


def _set_active(register: "Registers", name: str, *, active: bool, **how: Unpack[How]) -> None:
    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import account as changes

        accounts = register(client)
        _, entry = await _account(client, register, name)
        is_same = entry.active is active
        own = not active and (await client.users.me()).id == entry.id
        return PlannedChange(
            mutations=[] if is_same else [changes.set_active(accounts, entry, active=active)],
            already=f"{entry.principal} is already {'active' if active else 'deactivated'}." if is_same else "",
            warning="This is your own account: you would be locked out." if own and not is_same else "",
            read=lambda: _as_json(accounts, name),
        )

    change(plan, **how)


def _delete(register: "Registers", name: str, **how: Unpack[How]) -> None:
    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import account as changes

        _, entry = await _account(client, register, name)
        warning = f"{entry.principal} will be deleted with its tokens and permissions. This cannot be undone."
        return PlannedChange(mutations=[changes.delete(register(client), entry)], warning=warning)

    change(plan, **how)


async def _account(client: "RegistryClient", register: "Registers", name: str) -> "tuple[Account, DirectoryEntry]":
    from tui_registry.client.scim import compared

    accounts = register(client)
    entry = await entry_of(client, name, accounts.kind)
    found = await accounts.listed(compared("id", "eq", entry.id), 1)
    return found[0], entry


async def _as_json(register: "Register", name: str) -> dict[str, Any]:
    from tui_registry.client.scim import compared

    found = await register.listed(compared(register.attribute, "eq", name), 1)
    return wire(found[0]) if found else {}


def _describe(noun: str, entry: "DirectoryEntry") -> list[str]:
    return facts(
        [
            (noun.capitalize(), entry.principal.name),
            ("Display name", entry.display_name),
            ("State", "active" if entry.active else "deactivated: its tokens are not accepted"),
            ("Id", entry.id),
            ("Groups", ", ".join(entry.groups)),
        ]
    )
