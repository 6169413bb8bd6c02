"""Granting a level, changing it, taking it away: what that means for whom, and the write that does it."""

from collections.abc import Sequence
from dataclasses import dataclass

from tui_registry import memberships
from tui_registry.access import MANAGE, AccessList, Change, Kind, Principal, changes, entry
from tui_registry.client.permissions import ROOT
from tui_registry.client.registry import RegistryClient
from tui_registry.memberships import Circle, Document, Found
from tui_registry.writes import Write

MEMBERS = 50  # of a group, whose levels are looked up before it is granted something
MEANWHILE = "somebody has changed who may do what meanwhile. Look again."


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
    permissions = await client.permissions(governed.id)
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


def granting(client: RegistryClient, governed: Governed, before: AccessList, principal: Principal, level: str) -> Write:
    """The write that gives a principal a direct level, or takes it away for NONE, if the list is still as it was."""
    after = before.granting(principal, level)
    had = before.direct.get(principal, "")

    async def send() -> None:
        if level:
            await client.add_permissions(governed.id, [entry(principal, level)])
        else:
            await client.replace_permissions(governed.id, after.entries())

    async def happened() -> bool:
        return (await read(client, governed)).direct.get(principal, "") == level

    async def changed_meanwhile() -> str:
        return "" if await read(client, governed) == before else MEANWHILE

    return Write(
        title=f"{principal} on {governed}",
        doing=f"{had or 'none'} → {level or 'none'}",
        done=f"{principal} has {level} now." if level else f"{principal} has no level of its own here any more.",
        send=send,
        happened=happened,
        changed_meanwhile=changed_meanwhile,
        inverse=_restoring(client, governed, before, after, f"{principal} on {governed}", level, had),
    )


def _restoring(
    client: RegistryClient,
    governed: Governed,
    before: AccessList,
    after: AccessList,
    title: str,
    level: str,
    had: str,
) -> Write:
    """The write that makes the direct grants what they were, if nobody has changed them since."""

    async def send() -> None:
        await client.replace_permissions(governed.id, before.entries())

    async def happened() -> bool:
        return (await read(client, governed)).direct == before.direct

    async def changed_meanwhile() -> str:
        return "" if (await read(client, governed)).direct == after.direct else MEANWHILE

    return Write(
        title=title,
        doing=f"{level or 'none'} → {had or 'none'}",
        done="The levels are as they were before.",
        send=send,
        happened=happened,
        changed_meanwhile=changed_meanwhile,
    )


async def governed_model(client: RegistryClient, name: str) -> Governed:
    """A model, by the id that permissions are kept under."""
    model = await client.model(name)
    return Governed(model.id, model.name)
