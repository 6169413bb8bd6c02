"""Who is in which group, asked of the registry: the groups of one principal, and the people in a group."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tui_registry.access.access_list import Kind, Person, Principal
from tui_registry.client.registry import RegistryClient
from tui_registry.client.scim import compared
from tui_registry_server.wire.scim import Group, ServicePrincipal, User

ASKED = 100  # comparisons that a filter may have

Document = User | ServicePrincipal | Group
Filtering = Callable[[str], str]
"""Makes the filter of a search, for the attribute that is the name."""


@dataclass(frozen=True, slots=True)
class Found:
    """A principal with the id that the registry knows it by, and what people call it."""

    id: str
    person: Person
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Circle:
    """The people in a group, directly or through groups: some of them, and how many more there are."""

    people: tuple[Person, ...]
    more: int


def found(document: Document) -> Found:
    """A principal as the registry describes it. Its groups are known, the ways to them are not."""
    groups: dict[str, tuple[str, ...]] = {group.display or "": () for group in document.groups}
    if isinstance(document, Group):
        return Found(document.id, Person(Principal(Kind.GROUP, document.display_name or ""), groups))
    name, kind = (
        (document.user_name, Kind.USER)
        if isinstance(document, User)
        else (document.application_id, Kind.SERVICE_PRINCIPAL)
    )
    person = Person(Principal(kind, name or ""), groups, active=document.active is not False)
    return Found(document.id, person, document.display_name or "")


async def myself(client: RegistryClient) -> Found:
    """Whose token it is."""
    me = await client.users.me()
    as_user = found(me)
    # The registry describes every caller as a user; only this tells a program from a person.
    programs = await client.service_principals.search(filter_text=compared("id", "eq", me.id), count=1)
    return found(programs.resources[0]) if programs.resources else as_user


async def look_up(client: RegistryClient, name: str, kinds: Collection[Kind] = tuple(Kind)) -> list[Document]:
    """Every principal of these kinds with this name, in any letter case."""
    return await _search(client, kinds, lambda attribute: compared(attribute, "eq", name), count=1)


async def suggest(client: RegistryClient, typed: str, kinds: Collection[Kind], count: int) -> list[Found]:
    """Principals whose name, or what people call them, contains what is typed; those that begin with it first."""

    def containing(attribute: str) -> str:
        parts = [compared(attribute, "co", typed)]
        if attribute != "displayName":
            parts.append(compared("displayName", "co", typed))
        return " or ".join(parts) if typed else ""

    wanted = typed.casefold()
    matching = [found(each) for each in await _search(client, kinds, containing, count=count)]
    return sorted(
        matching,
        key=lambda each: (not each.person.principal.name.casefold().startswith(wanted), each.person.principal),
    )


async def with_ways(client: RegistryClient, document: Document) -> Person:
    """The principal, with the ways to each of its groups."""
    person = found(document).person
    if all(group.type == "direct" for group in document.groups):
        return person
    above = await _groups_by_id(client, [group.value for group in document.groups])
    ways: dict[str, tuple[str, ...]] = {}
    following: list[tuple[str, str, tuple[str, ...]]] = [
        (group.value, group.display or "", ()) for group in document.groups if group.type == "direct"
    ]
    while following:
        group_id, name, way = following.pop(0)
        if name in ways:
            continue
        ways[name] = way
        holding = above[group_id].groups if group_id in above else []
        following += [(each.value, each.display or "", (*way, name)) for each in holding if each.type == "direct"]
    return Person(person.principal, {**person.groups, **ways}, person.active)


async def people_in(client: RegistryClient, group_id: str, limit: int) -> Circle:
    """Users and service principals in a group, users first, by name. Of a group that holds more than 99 groups, those
    in the others are not counted."""
    within = await _groups_within(client, group_id)
    filter_text = _any_of("groups.value", within[:ASKED])
    users, programs = await asyncio.gather(
        client.users.search(filter_text=filter_text, count=limit),
        client.service_principals.search(filter_text=filter_text, count=limit),
    )
    documents: list[Document] = [*users.resources, *programs.resources]
    people = [found(each).person for each in documents[:limit]]
    return Circle(tuple(people), users.total_results + programs.total_results - len(people))


async def names_of(client: RegistryClient, ids: Collection[str]) -> Mapping[str, Found]:
    """Users and service principals by their ids; those that are gone are left out."""
    known: dict[str, Found] = {}
    for batch in _batches(sorted(ids)):
        filter_text = _any_of("id", batch)
        users, programs = await asyncio.gather(
            client.users.search(filter_text=filter_text, count=ASKED),
            client.service_principals.search(filter_text=filter_text, count=ASKED),
        )
        documents: list[Document] = [*users.resources, *programs.resources]
        known |= {each.id: found(each) for each in documents}
    return known


async def _search(
    client: RegistryClient, kinds: Collection[Kind], filtering: Filtering, *, count: int
) -> list[Document]:
    async def groups() -> Sequence[Document]:
        return (await client.groups.search(filter_text=filtering("displayName"), count=count)).resources

    async def users() -> Sequence[Document]:
        return (await client.users.search(filter_text=filtering("userName"), count=count)).resources

    async def programs() -> Sequence[Document]:
        return (await client.service_principals.search(filter_text=filtering("applicationId"), count=count)).resources

    search = {Kind.GROUP: groups, Kind.USER: users, Kind.SERVICE_PRINCIPAL: programs}
    answers = await asyncio.gather(*(search[kind]() for kind in kinds))
    return [each for answer in answers for each in answer]


async def _groups_within(client: RegistryClient, group_id: str) -> list[str]:
    """Ids of a group, of the groups in it, and so on."""
    within, newest = [group_id], [group_id]
    while newest:
        nested: list[str] = []
        for batch in _batches(newest):
            page = await client.groups.search(filter_text=_any_of("groups.value", batch), count=1000)
            nested += [group.id for group in page.resources if group.id not in {*within, *nested}]
        within += nested
        newest = nested
    return within


async def _groups_by_id(client: RegistryClient, ids: Sequence[str]) -> Mapping[str, Group]:
    known: dict[str, Group] = {}
    for batch in _batches(ids):
        page = await client.groups.search(filter_text=_any_of("id", batch), count=ASKED)
        known |= {group.id: group for group in page.resources}
    return known


def _any_of(attribute: str, values: Iterable[str]) -> str:
    return " or ".join(compared(attribute, "eq", value) for value in values)


def _batches(values: Sequence[str]) -> list[Sequence[str]]:
    return [values[start : start + ASKED] for start in range(0, len(values), ASKED)]
