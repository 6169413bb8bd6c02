"""How people type whom they mean: by name or, where several kinds are possible, by ``group:``, ``user:`` or
``service:`` and the name. No name has a colon, so that both can be told apart."""

from collections.abc import Collection

from tui_registry.access import directory
from tui_registry.access.directory import DirectoryEntry
from tui_registry.access.principal import Principal, noun
from tui_registry.client.registry import RegistryClient
from tui_registry_server.wire.principal import PREFIXES, PrincipalKind

ANYBODY = tuple(PrincipalKind)
MAX_SUGGESTIONS = 5


class UnknownAddressError(Exception):
    """Nobody, or more than one, is called so. Its text says what to do."""


def address(principal: Principal, kinds: Collection[PrincipalKind]) -> str:
    """What to type for a principal, where these kinds are possible."""
    return principal.address if len(kinds) > 1 else principal.name


async def suggestions(client: RegistryClient, typed: str, kinds: Collection[PrincipalKind]) -> list[str]:
    """Addresses that what is typed may become."""
    name, meant = _read(typed, kinds)
    if not name:
        return []
    return [address(each.principal, kinds) for each in await directory.suggest(client, name, meant, MAX_SUGGESTIONS)]


async def resolve(client: RegistryClient, typed: str, kinds: Collection[PrincipalKind]) -> DirectoryEntry:
    """Who is meant. Raises UnknownAddressError."""
    name, meant = _read(typed, kinds)
    found = await directory.look_up(client, name, meant)
    if len(found) == 1:
        return found[0]
    if found:
        ways = " or ".join(address(each.principal, kinds) for each in found)
        raise UnknownAddressError(f"{name} is ambiguous: enter {ways}.")
    raise UnknownAddressError(f"There is no {' or '.join(noun(kind) for kind in meant)} called {name}.")


def _read(typed: str, kinds: Collection[PrincipalKind]) -> tuple[str, Collection[PrincipalKind]]:
    prefix, colon, name = typed.partition(":")
    kind = PREFIXES.get(prefix.strip().casefold())
    return (name.strip(), [kind]) if colon and kind is not None and kind in kinds else (typed.strip(), kinds)
