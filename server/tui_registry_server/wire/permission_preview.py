"""What a change of permissions would mean for whom."""

from tui_registry_server.wire.fields import Entity
from tui_registry_server.wire.permission import ChangePermissions
from tui_registry_server.wire.principal import PrincipalReference

MAX_PREVIEWED = 50
"""Principals that a preview lists; the others are counted."""


class PreviewPermissions(ChangePermissions):
    """The body of the change in question: of a PATCH or, with ``replace``, of a PUT."""

    replace: bool = False


class LevelChange(Entity):
    """What somebody may do before and after, by all that is granted; without a field where that is nothing, as it is on
    a model whose workspace they may not use (``outside_workspace``)."""

    level_before: str | None = None
    level_after: str | None = None


class NamedChange(LevelChange):
    """A principal with an entry that is added, changed or removed. ``direct``: the levels of the entry itself."""

    principal: PrincipalReference
    outside_workspace: bool = False
    direct_before: str | None = None
    direct_after: str | None = None


class MemberChange(LevelChange):
    """A user or service principal in groups that have such an entry: ``through`` are the names of those groups, which
    they are in directly or through groups."""

    principal: PrincipalReference
    outside_workspace: bool = False
    through: list[str] = []


class LevelCount(LevelChange):
    """How many members that becomes of."""

    count: int


class PermissionsPreview(Entity):
    """What the change would do. Nothing was changed.

    etag: stands for the direct entries as they are now. Sent with the change, it makes sure that this is what happens.
    named: the principals whose entries change, by kind and name; ``named_count``: how many these are.
    members: users and service principals in groups among those, who have no such entry themselves: the ones whose level
        changes first, by name. With ``named``, these are MAX_PREVIEWED at most.
    member_counts: of all such members, also of those whose level stays the same.
    caller: what becomes of the caller.
    """

    object_id: str
    object_type: str
    etag: str
    named: list[NamedChange] = []
    named_count: int
    members: list[MemberChange] = []
    member_counts: list[LevelCount] = []
    caller: LevelChange
