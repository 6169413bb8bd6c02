"""The commands that users and service principals have in common."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Unpack

import click

from tui_registry.commands import completers
from tui_registry.commands.changes import How, PlannedChange, change, destroying_command, writing_command
from tui_registry.commands.directory import nobody, print_table, read_pages, scim_list
from tui_registry.commands.output import facts, print_json, print_lines, wire
from tui_registry.commands.registry import ask, registry_command

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry.mutations.account import Account, Register

    CallsOf = Callable[[RegistryClient], Register]


FILTERS = (
    "FILTER is one or more words that the name or display name contains, group:NAME for members of a group, is:active "
    "or is:deactivated."
)


def add_account_commands(group: click.Group, noun: str, calls_of: "CallsOf", complete: "completers.Completer") -> None:
    """Add the commands list, show, deactivate, activate and delete to the group of one kind of account."""

    @registry_command
    @group.command("list", help=f"List the {noun}s. {FILTERS}")
    @click.argument("words", metavar="[FILTER]...", nargs=-1, shell_complete=complete)
    @click.option("--limit", type=click.IntRange(1), metavar="N", help=f"Maximum number of {noun}s; default: all.")
    def list_accounts(*, words: tuple[str, ...], limit: int | None, profile: str | None, as_json: bool) -> None:
        _list(calls_of, noun, " ".join(words), limit, profile=profile, as_json=as_json)

    @registry_command
    @group.command("show", help="Show NAME and its groups.")
    @click.argument("name", shell_complete=complete)
    def show_account(*, name: str, profile: str | None, as_json: bool) -> None:
        account = ask(profile, lambda client: _account(calls_of(client), name))
        if as_json:
            print_json(wire(account))
        else:
            print_lines(_describe(noun, account))

    @destroying_command
    @group.command(
        "deactivate",
        help="Reject the tokens of NAME. Everything else is kept. For your own account it asks first, or needs --yes.",
    )
    @click.argument("name", shell_complete=complete)
    def deactivate(*, name: str, **how: Unpack[How]) -> None:
        _set_active(calls_of, name, active=False, **how)

    @writing_command
    @group.command("activate", help="Accept the tokens of NAME again.")
    @click.argument("name", shell_complete=complete)
    def activate(*, name: str, **how: Unpack[How]) -> None:
        _set_active(calls_of, name, active=True, **how)

    @destroying_command
    @group.command(
        "delete", help="Delete NAME. Its tokens and permissions are deleted, too; what it did stays recorded."
    )
    @click.argument("name", shell_complete=complete)
    def delete(*, name: str, **how: Unpack[How]) -> None:
        _delete(calls_of, name, **how)


def creation(calls: "Register", name: str, display_name: str) -> PlannedChange:
    """Create an account."""
    from tui_registry.mutations import account as changes

    return PlannedChange(mutations=[changes.create(calls, name, display_name)], read=lambda: _as_json(calls, name))


def _list(calls_of: "CallsOf", noun: str, typed: str, limit: int | None, *, profile: str | None, as_json: bool) -> None:
    from tui_registry.access.directory import DirectoryEntry, accounts_filter

    async def read(client: "RegistryClient") -> "tuple[list[Account], int]":
        calls = calls_of(client)
        filter_text = accounts_filter(typed, calls.attribute)
        return await read_pages(lambda start, count: calls.page(filter_text, start, count), limit)

    def row(account: "Account") -> list[str]:
        entry = DirectoryEntry.of(account)
        status = "active" if entry.active else "deactivated"
        return [entry.principal.name, entry.display_name or "-", status, ", ".join(entry.groups) or "-"]

    found, total = ask(profile, read)
    if as_json:
        print_json(scim_list(found, total))
    else:
        headings = ("NAME", "DISPLAY NAME", "STATUS", "GROUPS")
        print_table(headings, list(map(row, found)), total, f"{noun}s", fixed=("STATUS",))


def _set_active(calls_of: "CallsOf", name: str, *, active: bool, **how: Unpack[How]) -> None:
    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.access.directory import DirectoryEntry
        from tui_registry.mutations import account as changes

        calls = calls_of(client)
        entry = DirectoryEntry.of(await _account(calls, name))
        is_same = entry.active is active
        own = not active and (await client.users.me()).id == entry.id
        return PlannedChange(
            mutations=[] if is_same else [changes.set_active(calls, entry, active=active)],
            already=f"{entry.principal} is already {'active' if active else 'deactivated'}." if is_same else "",
            warning="This is your own account: you would be locked out." if own and not is_same else "",
            read=lambda: _as_json(calls, name),
        )

    change(plan, **how)


def _delete(calls_of: "CallsOf", name: str, **how: Unpack[How]) -> None:
    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.access.directory import DirectoryEntry
        from tui_registry.mutations import account as changes

        calls = calls_of(client)
        entry = DirectoryEntry.of(await _account(calls, name))
        warning = f"{entry.principal} will be deleted with its tokens and permissions. This cannot be undone."
        return PlannedChange(mutations=[changes.delete(calls, entry)], warning=warning)

    change(plan, **how)


async def _find(calls: "Register", name: str) -> "Account | None":
    from tui_registry.client.scim import compared

    return next(iter(await calls.listed(compared(calls.attribute, "eq", name), 1)), None)


async def _account(calls: "Register", name: str) -> "Account":
    """The account of this name. Raises Failure."""
    found = await _find(calls, name)
    if found is None:
        raise nobody(name, calls.kind)
    return found


async def _as_json(calls: "Register", name: str) -> dict[str, Any]:
    found = await _find(calls, name)
    return wire(found) if found else {}


def _describe(noun: str, account: "Account") -> list[str]:
    from tui_registry.access.directory import DirectoryEntry

    entry = DirectoryEntry.of(account)
    return facts(
        [
            (noun.capitalize(), entry.principal.name),
            ("Display name", entry.display_name),
            ("Status", "active" if entry.active else "deactivated: its tokens are rejected"),
            ("Id", entry.id),
            ("Groups", ", ".join(entry.groups)),
        ]
    )
