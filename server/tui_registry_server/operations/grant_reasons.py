"""The grants that a principal has a level by, in words of the wire."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tui_registry_server.operations.record import without_empty
from tui_registry_server.rules.permissions import Level, level_name
from tui_registry_server.rules.principals import Principal
from tui_registry_server.store import memberships
from tui_registry_server.store.engine import Connection
from tui_registry_server.store.memberships import Step
from tui_registry_server.wire.permission_reasons import MAX_THROUGH
from tui_registry_server.wire.principal import ADMINS, USERS, PrincipalKind

ROOT_PATH = "/registered-models/"
"""``inherited_from_object`` of an entry inherited from the registry-wide object."""


class Granted(NamedTuple):
    """A level, and who has it: the principal itself or one of its groups."""

    principal_id: str
    level: int


@dataclass(frozen=True, slots=True)
class Holder:
    """A principal with its groups. ``steps``: the last step to each of them, by the group's id."""

    who: Principal
    steps: Mapping[str, Step]

    @classmethod
    def of(cls, connection: Connection, who: Principal) -> "Holder":
        return cls(who, memberships.steps(connection, who.id, who.identities))

    def group_names(self) -> list[str]:
        """All groups that it is in, sorted."""
        everyone = [] if self.who.kind is PrincipalKind.GROUP else [USERS]
        return sorted([*{step.name for step in self.steps.values()}, *everyone])

    def memberships(self) -> list[dict[str, Any]]:
        """A Membership for each group but ``users``: those that it is in directly first, each by name."""
        found = [
            without_empty(
                {"name": step.name, "direct": step.member_id == self.who.id, "through": self.through(group_id)}
            )
            for group_id, step in self.steps.items()
        ]
        return sorted(found, key=lambda each: (not each["direct"], each["name"]))

    def through(self, group_id: str) -> list[str]:
        """The names of the groups between the principal and this group, from the principal's own on."""
        names: list[str] = []
        member_id = self.steps[group_id].member_id if group_id in self.steps else ""
        while member_id in self.steps:
            names.append(self.steps[member_id].name)
            member_id = self.steps[member_id].member_id
        return names[::-1][:MAX_THROUGH]

    def reasons(
        self, direct: Iterable[Granted], inherited: Iterable[Granted], *, registry_wide: bool
    ) -> list[dict[str, Any]]:
        """GrantReason for each, the highest level first, then those by name, and those on the object itself.

        direct, inherited: grants to the principal and its groups on the object, and on the whole registry.
        registry_wide: whether the object is the whole registry.
        """
        found = [(each.level, self._reason(each, inherited=False)) for each in direct]
        found += [(each.level, self._reason(each, inherited=True)) for each in inherited]
        if self.who.admin:
            found.append((Level.MANAGE, self._of_admins(inherited=not registry_wide)))
        found.sort(
            key=lambda each: (-each[0], not each[1]["by_name"], each[1]["inherited"], each[1].get("group_name", ""))
        )
        return [reason for _, reason in found]

    def _reason(self, granted: Granted, *, inherited: bool) -> dict[str, Any]:
        by_name = granted.principal_id == self.who.id
        step = self.steps.get(granted.principal_id)
        return without_empty(
            {
                "permission_level": level_name(granted.level),
                "by_name": by_name,
                "group_name": None if by_name else step.name if step else USERS,
                "through": [] if by_name else self.through(granted.principal_id),
                "inherited": inherited,
                "inherited_from_object": [ROOT_PATH] if inherited else [],
            }
        )

    def _of_admins(self, *, inherited: bool) -> dict[str, Any]:
        group_id = next((group_id for group_id, step in self.steps.items() if step.name == ADMINS), None)
        return without_empty(
            {
                "permission_level": level_name(Level.MANAGE),
                "by_name": group_id is None,
                "group_name": ADMINS if group_id else None,
                "through": self.through(group_id) if group_id else [],
                "inherited": inherited,
                "inherited_from_object": [ROOT_PATH] if inherited else [],
                "built_in": True,
            }
        )
