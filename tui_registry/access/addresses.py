"""How people type whom they mean: by name or, where several kinds are possible, by ``group:``, ``user:`` or
``service:`` and the name. No name has a colon, so that both can be told apart."""

from collections.abc import Collection

from tui_registry.access import memberships
from tui_registry.access.access_list import Kind
from tui_registry.access.memberships import Document, Found
from tui_registry.client.registry import RegistryClient

PREFIXES = {Kind.GROUP: "group", Kind.USER: "user", Kind.SERVICE_PRINCIPAL: "service"}
SUGGESTED = 5


class UnknownAddressError(Exception):
    """Nobody, or more than one, is called so. Its text says what to do."""


def address(found: Found, kinds: Collection[Kind]) -> str:
    """What to type for a principal, where these kinds are possible."""
    principal = found.person.principal
    return f"{PREFIXES[principal.kind]}:{principal.name}" if len(kinds) > 1 else principal.name


async def suggestions(client: RegistryClient, typed: str, kinds: Collection[Kind]) -> list[str]:
    """Addresses that what is typed may become."""
    name, meant = _read(typed, kinds)
    if not name:
        return []
    return [address(each, kinds) for each in await memberships.suggest(client, name, meant, SUGGESTED)]


async def resolve(client: RegistryClient, typed: str, kinds: Collection[Kind]) -> Document:
    """Who is meant. Raises UnknownAddressError."""
    name, meant = _read(typed, kinds)
    documents = await memberships.look_up(client, name, meant)
    if len(documents) == 1:
        return documents[0]
    if documents:
        ways = " or ".join(address(memberships.found(each), kinds) for each in documents)
        raise UnknownAddressError(f"Several are called {name}: type {ways}.")
    raise UnknownAddressError(f"There is no {' or '.join(meant)} called {name}.")


def _read(typed: str, kinds: Collection[Kind]) -> tuple[str, Collection[Kind]]:
    prefix, colon, name = typed.partition(":")
    meant = [kind for kind in kinds if PREFIXES[kind] == prefix.strip().casefold()]
    return (name.strip(), meant) if colon and meant else (typed.strip(), kinds)
