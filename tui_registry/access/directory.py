"""Users, groups and service principals, looked up by name or by id."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tui_registry.access.principal import Principal
from tui_registry.client.registry import RegistryClient
from tui_registry.client.scim import compared
from tui_registry_server.wire.principal import PrincipalKind
from tui_registry_server.wire.scim import Group, ServicePrincipal, User

MAX_COMPARISONS = 100  # in a filter
ACCOUNT_FIELDS = ("group", "is")
"""What a search of accounts can be about besides words."""

Document = User | ServicePrincipal | Group
Filtering = Callable[[str], str]
"""Returns the filter of a search, given the attribute that holds the name."""


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """A principal with its id, display name, and the names of its groups, indirect ones included. ``active``: whether
    its tokens are accepted."""

    id: str
    principal: Principal
    display_name: str = ""
    groups: tuple[str, ...] = ()
    active: bool = True

    @classmethod
    def of(cls, document: Document) -> "DirectoryEntry":
        groups = tuple(group.display or "" for group in document.groups)
        if isinstance(document, Group):
            return cls(document.id, Principal(PrincipalKind.GROUP, document.display_name or ""), groups=groups)
        if isinstance(document, User):
            principal = Principal(PrincipalKind.USER, document.user_name or "")
        else:
            principal = Principal(PrincipalKind.SERVICE_PRINCIPAL, document.application_id or "")
        return cls(document.id, principal, document.display_name or "", groups, active=document.active is not False)


async def look_up(client: RegistryClient, name: str, kinds: Collection[PrincipalKind]) -> list[DirectoryEntry]:
    """Every principal of these kinds with this name, in any letter case."""
    return await _search(client, kinds, lambda attribute: compared(attribute, "eq", name), count=1)


async def suggest(
    client: RegistryClient, typed: str, kinds: Collection[PrincipalKind], count: int
) -> list[DirectoryEntry]:
    """Principals whose name or display name contains what is typed; names that begin with it come first."""

    def containing(attribute: str) -> str:
        parts = [compared(attribute, "co", typed)]
        if attribute != "displayName":
            parts.append(compared("displayName", "co", typed))
        return " or ".join(parts) if typed else ""

    prefix = typed.casefold()
    return sorted(
        await _search(client, kinds, containing, count=count),
        key=lambda each: (not each.principal.name.casefold().startswith(prefix), each.principal),
    )


def accounts_filter(typed: str, attribute: str) -> str:
    """The SCIM filter for words in a name, ``group:NAME`` and ``is:deactivated`` or ``is:active``."""
    parts: list[str] = []
    for word in typed.split():
        field, sign, value = word.replace("=", ":", 1).partition(":")
        if field == "is" and value in {"active", "deactivated", "inactive"}:
            parts.append(f"active eq {'true' if value == 'active' else 'false'}")
        elif sign and field == "group":
            parts.append(compared("groups.display", "eq", value))
        else:
            parts.append(f"({compared(attribute, 'co', word)} or {compared('displayName', 'co', word)})")
    return " and ".join(parts)


async def names_of(client: RegistryClient, ids: Collection[str]) -> Mapping[str, DirectoryEntry]:
    """Users and service principals by their ids, without those that no longer exist."""
    known: dict[str, DirectoryEntry] = {}
    for batch in _batches(sorted(ids)):
        filter_text = _any_of("id", batch)
        users, programs = await asyncio.gather(
            client.users.search(filter_text=filter_text, count=MAX_COMPARISONS),
            client.service_principals.search(filter_text=filter_text, count=MAX_COMPARISONS),
        )
        documents: list[Document] = [*users.resources, *programs.resources]
        known |= {each.id: DirectoryEntry.of(each) for each in documents}
    return known


async def _search(
    client: RegistryClient, kinds: Collection[PrincipalKind], filtering: Filtering, *, count: int
) -> list[DirectoryEntry]:
    async def groups() -> Sequence[Document]:
        return (await client.groups.search(filter_text=filtering("displayName"), count=count)).resources

    async def users() -> Sequence[Document]:
        return (await client.users.search(filter_text=filtering("userName"), count=count)).resources

    async def programs() -> Sequence[Document]:
        return (await client.service_principals.search(filter_text=filtering("applicationId"), count=count)).resources

    search = {PrincipalKind.GROUP: groups, PrincipalKind.USER: users, PrincipalKind.SERVICE_PRINCIPAL: programs}
    answers = await asyncio.gather(*(search[kind]() for kind in kinds))
    return [DirectoryEntry.of(each) for answer in answers for each in answer]


def _any_of(attribute: str, values: Iterable[str]) -> str:
    return " or ".join(compared(attribute, "eq", value) for value in values)


def _batches(values: Sequence[str]) -> list[Sequence[str]]:
    return [values[start : start + MAX_COMPARISONS] for start in range(0, len(values), MAX_COMPARISONS)]
