"""What commands about users, service principals and groups share: finding them by name, and pages of SCIM."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from tui_registry.commands.exits import Exit, Failure
from tui_registry.commands.output import wire
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
    from tui_registry.access.principal import noun

    found = await directory.look_up(client, name, [kind])
    if not found:
        raise Failure(Exit.NOT_FOUND, f"There is no {noun(kind)} called {name}.")
    return found[0]


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
