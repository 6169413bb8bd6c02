"""Principals as users type them: the name or, where several kinds are possible, ``group:``, ``user:`` or ``service:``
and the name. Names have no colons, so the two cannot be confused."""

from collections.abc import Collection

from tui_registry.access import directory
from tui_registry.access.directory import DirectoryEntry
from tui_registry.access.principal import Principal, noun
from tui_registry.client.registry import RegistryClient
from tui_registry_server.wire.principal import PREFIXES, PrincipalKind

ALL_KINDS = tuple(PrincipalKind)
MAX_SUGGESTIONS = 5


class UnknownAddressError(Exception):
    """No principal, or more than one, has this name. The message says what to do."""


def address(principal: Principal, kinds: Collection[PrincipalKind]) -> str:
    """The text to type for a principal, where these kinds are possible."""
    return principal.address if len(kinds) > 1 else principal.name


async def suggestions(client: RegistryClient, typed: str, kinds: Collection[PrincipalKind]) -> list[str]:
    """Completions of what is typed."""
    name, wanted = _parse(typed, kinds)
    if not name:
        return []
    return [address(each.principal, kinds) for each in await directory.suggest(client, name, wanted, MAX_SUGGESTIONS)]


async def resolve(client: RegistryClient, typed: str, kinds: Collection[PrincipalKind]) -> DirectoryEntry:
    """The principal with this address. Raises UnknownAddressError."""
    name, wanted = _parse(typed, kinds)
    found = await directory.look_up(client, name, wanted)
    if len(found) == 1:
        return found[0]
    if found:
        addresses = " or ".join(address(each.principal, kinds) for each in found)
        raise UnknownAddressError(f"{name} is ambiguous: enter {addresses}.")
    raise UnknownAddressError(f"There is no {' or '.join(noun(kind) for kind in wanted)} called {name}.")


def _parse(typed: str, kinds: Collection[PrincipalKind]) -> tuple[str, Collection[PrincipalKind]]:
    prefix, colon, name = typed.partition(":")
    kind = PREFIXES.get(prefix.strip().casefold())
    return (name.strip(), [kind]) if colon and kind is not None and kind in kinds else (typed.strip(), kinds)
