"""Access lists, asked of the registry, and what a change of one means for whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tui_registry.access import memberships
from tui_registry.access.access_list import MANAGE, AccessList, Change, Kind, changes, effective_level
from tui_registry.access.memberships import Circle, Document, Found
from tui_registry.client.permissions import ROOT
from tui_registry.client.registry import RegistryClient

MEMBERS = 50  # of a group, whose levels are looked up before it is granted something


@dataclass(frozen=True, slots=True)
class Governed:
    """What levels are granted on: a model, or the whole registry."""

    id: str
    model: str = ""

    @property
    def registry_wide(self) -> bool:
        return self.id == ROOT

    def __str__(self) -> str:
        return self.model or "the whole registry"


WHOLE_REGISTRY = Governed(ROOT)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read of an object: its list, who is looking, and what the server says of each level, from the lowest."""

    governed: Governed
    access: AccessList
    me: Found
    meanings: Mapping[str, str]

    @property
    def manages(self) -> bool:
        """Whether whoever is looking may change the list."""
        return effective_level(self.access, self.me.person) == MANAGE


@dataclass(frozen=True, slots=True)
class Effects:
    """What a change means for the principal named, for the members of the group that it may be, for how many more
    members nobody knows, and for whoever makes it."""

    named: Change
    members: Sequence[Change]
    more: int
    own: Change

    @property
    def costs_own_control(self) -> bool:
        """Whether they lose the right to change it back."""
        return self.own.before == MANAGE and self.own.after != MANAGE


async def read(client: RegistryClient, governed: Governed) -> AccessList:
    permissions = await client.permissions.get(governed.id)
    return AccessList.of(permissions, registry_wide=governed.registry_wide)


async def effects(
    client: RegistryClient, before: AccessList, after: AccessList, document: Document, me: Found
) -> Effects:
    """Look up who is in the group, if it is one, and what becomes of their levels."""
    named = memberships.found(document)
    is_group = named.person.principal.kind is Kind.GROUP
    circle = await memberships.people_in(client, document.id, MEMBERS) if is_group else Circle((), 0)
    (about_named,) = changes(before, after, [named.person])
    (about_me,) = changes(before, after, [me.person])
    return Effects(about_named, changes(before, after, circle.people), circle.more, about_me)


async def governed_model(client: RegistryClient, name: str) -> Governed:
    """A model, by the id that permissions are kept under."""
    model = await client.models.get(name)
    return Governed(model.id, model.name)
