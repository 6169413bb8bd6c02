"""Who may do what on a model or on the whole registry, and why: reckoned from access control lists and groups.

A level is the highest of what is granted to somebody by name and to their groups, also those that their groups are in,
on the object itself and on the whole registry. Members of ``admins`` manage everything. Nobody is asked here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from tui_registry_server.wire.permission import AccessControlRequest, ObjectPermissions, PermissionLevel

ADMINS = "admins"
"""The group whose members manage everything."""

EVERYBODY = "users"
"""The group that every user and service principal is in, without being listed."""

MANAGE = PermissionLevel.CAN_MANAGE.value
NONE = ""
"""No level at all."""

_RANKS = {level.value: rank for rank, level in enumerate(PermissionLevel, start=1)}


class Kind(StrEnum):
    GROUP = "group"
    USER = "user"
    SERVICE_PRINCIPAL = "service principal"


@dataclass(frozen=True, slots=True, order=True)
class Principal:
    """Who can be granted something. ``name`` is a user's name, a group's, or a service principal's application id."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return self.name if self.kind is Kind.USER else f"{self.kind} {self.name}"


ADMINISTRATORS = Principal(Kind.GROUP, ADMINS)


@dataclass(frozen=True, slots=True)
class Grant:
    """A line of a list. ``inherited``: it is made on the whole registry. ``shown``: what people call the principal."""

    principal: Principal
    level: str
    inherited: bool = False
    shown: str = field(default="", compare=False)

    @property
    def fixed(self) -> bool:
        """Whether nobody can change it."""
        return self.principal == ADMINISTRATORS


@dataclass(frozen=True, slots=True)
class AccessList:
    """Every grant that holds on an object. ``etag``: what the server calls the direct ones as they were read."""

    grants: frozenset[Grant]
    registry_wide: bool
    etag: str | None = field(default=None, compare=False)

    @classmethod
    def of(cls, permissions: ObjectPermissions, *, registry_wide: bool) -> "AccessList":
        return cls(
            frozenset(
                Grant(
                    _principal(entry.user_name, entry.group_name, entry.service_principal_name),
                    each.permission_level,
                    each.inherited,
                    entry.display_name or "",
                )
                for entry in permissions.access_control_list
                for each in entry.all_permissions
            ),
            registry_wide,
            permissions.etag,
        )

    @property
    def direct(self) -> Mapping[Principal, str]:
        """What is granted on the object itself, and can be changed there."""
        return MappingProxyType(
            {grant.principal: grant.level for grant in self.grants if not grant.inherited and not grant.fixed}
        )

    def granting(self, principal: Principal, level: str) -> "AccessList":
        """The list with this as the principal's direct level, or without any for NONE."""
        others = {grant for grant in self.grants if grant.inherited or grant.fixed or grant.principal != principal}
        added = {Grant(principal, level)} if level else set[Grant]()
        return AccessList(frozenset(others | added), self.registry_wide)

    def entries(self) -> list[AccessControlRequest]:
        """The direct grants as the server takes them."""
        return [entry(principal, level) for principal, level in sorted(self.direct.items())]


@dataclass(frozen=True, slots=True)
class Person:
    """A principal and every group it is in: the group's name, and the groups between it and the principal, from the
    principal on. ``active``: whether its tokens are accepted."""

    principal: Principal
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    active: bool = True


@dataclass(frozen=True, slots=True)
class Reason:
    """A grant that somebody has a level by; ``through`` are the groups between them and the group it names."""

    grant: Grant
    by_name: bool
    through: tuple[str, ...] = ()

    def told(self, *, registry_wide: bool) -> str:
        """In words, such as ``CAN_READ by group all-staff (through data), inherited from the whole registry``."""
        way = f" (through {', '.join(self.through)})" if self.through else ""
        if self.grant.fixed:
            how = "as the group admins" if self.by_name else f"as a member of admins{way}"
            return f"{self.grant.level} {how}, who manage everything"
        how = "by name" if self.by_name else f"by group {self.grant.principal.name}{way}"
        where = "set on this model"
        if self.grant.inherited:
            where = "inherited from the whole registry"
        elif registry_wide:
            where = "set on the whole registry"
        return f"{self.grant.level} {how}, {where}"


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody may do before and after; the same, if nothing changes for them."""

    person: Person
    before: str
    after: str


def reasons(access: AccessList, person: Person) -> list[Reason]:
    """Every grant that holds for somebody, the highest level first."""
    found: list[Reason] = []
    for grant in access.grants:
        if grant.principal == person.principal:
            found.append(Reason(grant, by_name=True))
        elif grant.principal.kind is Kind.GROUP and grant.principal.name in person.groups:
            found.append(Reason(grant, by_name=False, through=person.groups[grant.principal.name]))
    return sorted(
        found,
        key=lambda each: (-rank(each.grant.level), not each.by_name, each.grant.inherited, each.grant.principal.name),
    )


def effective_level(access: AccessList, person: Person) -> str:
    """What somebody may do; NONE if nothing."""
    return next((reason.grant.level for reason in reasons(access, person)), NONE)


def changes(before: AccessList, after: AccessList, people: Iterable[Person]) -> list[Change]:
    """What one list in place of another means for each of these people."""
    return [Change(person, effective_level(before, person), effective_level(after, person)) for person in people]


def rank(level: str) -> int:
    """Its place in the order of levels, from 1; 0 for none, and for one that is not known here."""
    return _RANKS.get(level, 0)


def entry(principal: Principal, level: str) -> AccessControlRequest:
    """A grant as the server takes it."""
    return AccessControlRequest(
        user_name=principal.name if principal.kind is Kind.USER else None,
        group_name=principal.name if principal.kind is Kind.GROUP else None,
        service_principal_name=principal.name if principal.kind is Kind.SERVICE_PRINCIPAL else None,
        permission_level=level,
    )


def _principal(user: str | None, group: str | None, service_principal: str | None) -> Principal:
    if user is not None:
        return Principal(Kind.USER, user)
    if group is not None:
        return Principal(Kind.GROUP, group)
    return Principal(Kind.SERVICE_PRINCIPAL, service_principal or "")
