"""Access control lists: the levels granted on an object, and lists with a change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tui_registry.access.principal import ADMINISTRATORS, Principal
from tui_registry_server.wire.permission import AccessControlRequest, ObjectPermissions

NONE = ""
"""No level."""


@dataclass(frozen=True, slots=True)
class Grant:
    """An entry of a list. ``inherited``: granted on the whole registry. ``display_name``: of the principal."""

    principal: Principal
    level: str
    inherited: bool = False
    display_name: str = field(default="", compare=False)

    @property
    def fixed(self) -> bool:
        """Whether it is built in, and cannot be changed."""
        return self.principal == ADMINISTRATORS


@dataclass(frozen=True, slots=True)
class AccessList:
    """The grants that apply to an object. ``etag``: the server's tag of the direct ones as they were read."""

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
        """The levels granted on the object itself, which can be changed there."""
        return MappingProxyType(
            {grant.principal: grant.level for grant in self.grants if not grant.inherited and not grant.fixed}
        )

    def granting(self, principal: Principal, level: str) -> "AccessList":
        """The list with this direct level of the principal, or without one for NONE."""
        others = {grant for grant in self.grants if grant.inherited or grant.fixed or grant.principal != principal}
        added = {Grant(principal, level)} if level else set[Grant]()
        return AccessList(frozenset(others | added))

    def entries(self) -> list[AccessControlRequest]:
        """The direct grants as request entries."""
        return [principal.entry(level) for principal, level in sorted(self.direct.items())]
