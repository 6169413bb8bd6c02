"""What commands about users, service principals and groups share: finding them by name, and pages of SCIM."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from tui_registry.commands.exit_codes import Exit, Failure
from tui_registry.commands.output import note, print_lines, table, wire
from tui_registry.commands.registry import read_all

if TYPE_CHECKING:
    from tui_registry.access.directory import DirectoryEntry
    from tui_registry.client.registry import RegistryClient
    from tui_registry_server.wire.principal import PrincipalKind
    from tui_registry_server.wire.scim import ScimEntity

T = TypeVar("T")


async def entry_of(client: "RegistryClient", name: str, kind: "PrincipalKind") -> "DirectoryEntry":
    """The principal of this kind and name. Raises Failure."""
    from tui_registry.access import directory

    found = await directory.look_up(client, name, [kind])
    if not found:
        raise nobody(name, kind)
    return found[0]


def nobody(name: str, kind: "PrincipalKind") -> Failure:
    """That there is no principal of this kind and name."""
    from tui_registry.access.principal import noun

    return Failure(Exit.NOT_FOUND, f"There is no {noun(kind)} called {name}.")


async def user_of(client: "RegistryClient", name: str) -> "DirectoryEntry":
    """The user of this name. Raises Failure."""
    from tui_registry_server.wire.principal import PrincipalKind

    return await entry_of(client, name, PrincipalKind.USER)


async def group_of(client: "RegistryClient", name: str) -> "DirectoryEntry":
    """The group of this name. Raises Failure."""
    from tui_registry_server.wire.principal import PrincipalKind

    return await entry_of(client, name, PrincipalKind.GROUP)


async def service_principal_of(client: "RegistryClient", application_id: str) -> "DirectoryEntry":
    """The service principal of this application id. Raises Failure."""
    from tui_registry_server.wire.principal import PrincipalKind

    return await entry_of(client, application_id, PrincipalKind.SERVICE_PRINCIPAL)


async def member_of(client: "RegistryClient", address: str) -> "DirectoryEntry":
    """The principal with this address. Raises Failure."""
    from tui_registry.access import addresses

    try:
        return await addresses.resolve(client, address, addresses.ALL_KINDS)
    except addresses.UnknownAddressError as error:
        raise Failure(Exit.NOT_FOUND, str(error)) from None


async def read_pages(
    read: "Callable[[int, int], Awaitable[tuple[Sequence[T], int]]]", limit: int | None
) -> tuple[list[T], int]:
    """The resources of all pages up to a limit, and how many there are in all.

    ``read`` takes the position of a page's first resource, from 1, and its size, and also returns the total.
    """
    total = 0

    async def page(size: int, token: str) -> tuple[list[T], str | None]:
        nonlocal total
        start = int(token or 1)
        found, total = await read(start, size)
        following = start + len(found)
        return list(found), str(following) if found and following <= total else None

    found, _ = await read_all(page, limit)
    return found, total


def scim_list(found: "Sequence[ScimEntity]", total: int) -> dict[str, Any]:
    """Resources as in SCIM's list response; ``total`` counts those that were not read, too."""
    return {"totalResults": total, "Resources": [wire(each) for each in found]}


def print_table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], total: int, things: str, *, fixed: Collection[str] = ()
) -> None:
    """Print the rows that were read of ``total``, and how to see the others. ``things``: what they are, in words."""
    if rows:
        print_lines(table(headings, rows, fixed=fixed))
    else:
        note(f"There are no matching {things}.")
    if total > len(rows):
        note(f"There are {total}, more than these {len(rows)}: raise --limit.")
