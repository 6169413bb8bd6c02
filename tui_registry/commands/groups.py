"""``tui-registry groups``: groups of users, service principals and other groups."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

import click

from tui_registry.commands import completers
from tui_registry.commands.changes import How, PlannedChange, change, destroying_command, writing_command
from tui_registry.commands.directory import group_of, member_of, print_table, read_pages, scim_list
from tui_registry.commands.output import facts, print_json, print_lines, table, wire
from tui_registry.commands.registry import ask, registry_command

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry_server.wire.scim import Group

MEMBER_KINDS = {"Users": "user", "Groups": "group", "ServicePrincipals": "service"}
"""What is written before a member's name, by SCIM's types of members."""


@click.group()
def groups() -> None:
    """List, show, create, fill and delete groups."""


@registry_command
@groups.command("list")
@click.argument("word", metavar="[WORD]", default="", shell_complete=completers.groups)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Maximum number of groups; default: all.")
def list_groups(*, word: str, limit: int | None, profile: str | None, as_json: bool) -> None:
    """List the groups, or those whose name contains WORD."""
    from tui_registry.client.scim import compared

    filter_text = compared("displayName", "co", word) if word else ""

    async def read(client: "RegistryClient") -> "tuple[list[Group], int]":
        async def page(start: int, count: int) -> "tuple[list[Group], int]":
            found = await client.groups.search(filter_text=filter_text, start=start, count=count)
            return found.resources, found.total_results

        return await read_pages(page, limit)

    found, total = ask(profile, read)
    if as_json:
        print_json(scim_list(found, total))
        return
    rows = [
        [group.display_name or "-", ", ".join(each.display or "" for each in group.groups) or "-"] for group in found
    ]
    print_table(("GROUP", "MEMBER OF"), rows, total, "groups")


@registry_command
@groups.command("show")
@click.argument("group", shell_complete=completers.groups)
def show_group(*, group: str, profile: str | None, as_json: bool) -> None:
    """Show GROUP and its direct members."""

    async def read(client: "RegistryClient") -> "Group":
        return await client.groups.get((await group_of(client, group)).id)

    found = ask(profile, read)
    if as_json:
        print_json(wire(found))
        return
    from tui_registry_server.wire.principal import USERS

    print_lines(
        facts(
            [
                ("Group", found.display_name or ""),
                ("Member of", ", ".join(each.display or "" for each in found.groups)),
                ("Members", "every user and service principal" if found.display_name == USERS else ""),
            ]
        )
    )
    rows = [
        [MEMBER_KINDS.get((member.ref or "").partition("/")[0], "-"), member.display or member.value]
        for member in found.members
    ]
    if rows:
        print_lines(["", *table(("KIND", "MEMBER"), rows)])


@writing_command
@groups.command("create")
@click.argument("group")
def create_group(*, group: str, **how: Unpack[How]) -> None:
    """Create GROUP, without members."""

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import group as changes

        async def read() -> dict[str, Any]:
            return wire(await client.groups.get((await group_of(client, group)).id))

        return PlannedChange(mutations=[replace(changes.create(client, group), done="Created.")], read=read)

    change(plan, **how)


@destroying_command
@groups.command("delete")
@click.argument("group", shell_complete=completers.groups)
def delete_group(*, group: str, **how: Unpack[How]) -> None:
    """Delete GROUP. Its members are kept, but lose what was granted to it."""

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import group as changes

        found = await group_of(client, group)
        name = found.principal.name
        return PlannedChange(
            mutations=[changes.delete(client, found.id, name)],
            warning=f"Group {name} and what was granted to it will be deleted. This cannot be undone.",
        )

    change(plan, **how)


@writing_command
@groups.command("add")
@click.argument("group", shell_complete=completers.groups)
@click.argument("members", metavar="MEMBER...", nargs=-1, required=True, shell_complete=completers.principals)
def add_members(*, group: str, members: tuple[str, ...], **how: Unpack[How]) -> None:
    """Add every MEMBER to GROUP.

    MEMBER is user:NAME, group:NAME, service:APPLICATION_ID or, if it is unambiguous, just the name."""
    _change(group, members, joins=True, **how)


@destroying_command
@groups.command("remove")
@click.argument("group", shell_complete=completers.groups)
@click.argument("members", metavar="MEMBER...", nargs=-1, required=True, shell_complete=completers.principals)
def remove_members(*, group: str, members: tuple[str, ...], **how: Unpack[How]) -> None:
    """Remove every MEMBER from GROUP.

    MEMBER is as for add. To remove yourself from admins asks first, or needs --yes."""
    _change(group, members, joins=False, **how)


def _change(group: str, members: tuple[str, ...], *, joins: bool, **how: Unpack[How]) -> None:
    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations.group import membership
        from tui_registry_server.wire.principal import ADMINS

        found = await group_of(client, group)
        name = found.principal.name
        entries = list({each.id: each for each in [await member_of(client, member) for member in members]}.values())
        present = {member.value for member in (await client.groups.get(found.id)).members}
        due = [each for each in entries if (each.id in present) is not joins]
        idle = [str(each.principal) for each in entries if (each.id in present) is joins]
        me = (await client.users.me()).id if name == ADMINS and not joins else ""

        async def read() -> dict[str, Any]:
            return wire(await client.groups.get(found.id))

        return PlannedChange(
            mutations=[membership(client, found.id, name, each.id, str(each.principal), joins=joins) for each in due],
            already=f"{'Already' if joins else 'Not'} in group {name}: {', '.join(idle)}." if idle else "",
            warning="You would no longer be an administrator." if any(each.id == me for each in due) else "",
            read=read,
        )

    change(plan, **how)
