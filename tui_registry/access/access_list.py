"""Access control lists: what the server says is granted on an object, and how a list is to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tui_registry.access.principal import ADMINISTRATORS, Principal
from tui_registry_server.wire.permission import AccessControlRequest, ObjectPermissions

NONE = ""
"""No level at all."""


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
    etag: str | None = field(default=None, compare=False)

    @classmethod
    def of(cls, permissions: ObjectPermissions) -> "AccessList":
        grants = frozenset(
            Grant(Principal.of_entry(entry), each.permission_level, each.inherited, entry.display_name or "")
            for entry in permissions.access_control_list
            for each in entry.all_permissions
        )
        return cls(grants, permissions.etag)

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
        return AccessList(frozenset(others | added))

    def entries(self) -> list[AccessControlRequest]:
        """The direct grants as the server takes them."""
        return [principal.entry(level) for principal, level in sorted(self.direct.items())]
