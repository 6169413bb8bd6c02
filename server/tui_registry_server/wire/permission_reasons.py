"""Why somebody has a level on a model or on the whole registry."""

from tui_registry_server.wire.fields import Entity, Text
from tui_registry_server.wire.permission import PermissionsOf
from tui_registry_server.wire.principal import PrincipalReference

MAX_GRANTS = 100
MAX_GROUPS = 1000
MAX_THROUGH = 20


class ExplainPermissions(PermissionsOf):
    """``principal``: ``user:NAME``, ``group:NAME`` or ``service:APPLICATION_ID``, or the name alone, where only one
    is called so; the caller, if left out."""

    principal: Text = ""


class GrantReason(Entity):
    """A grant that a principal has a level by.

    by_name: it names the principal itself. Else it names ``group_name``, and ``through`` are the groups between the
        principal and that group, from the principal's own on, MAX_THROUGH at most: empty, if the principal is in the
        group directly.
    inherited: it was made on the registry-wide object, not on this one.
    built_in: nobody made it, and nobody can change it: members of ``admins`` manage everything.
    """

    permission_level: str
    by_name: bool = False
    group_name: str | None = None
    through: list[str] = []
    inherited: bool = False
    inherited_from_object: list[str] = []
    built_in: bool = False


class PermissionsExplanation(Entity):
    """``permission_level`` is what holds, the highest of the grants; there is none, if nothing is granted. ``grants``
    are ordered by level, the highest first. ``groups`` are the names of the groups that the principal is in, directly
    or through groups. Only the first MAX_GRANTS and MAX_GROUPS are listed; the counts are of all. A deactivated
    principal has the level that it would have if it were active. Whoever may not use the workspace of the object
    (``outside_workspace``) has no level: what is granted to them on its models does not count, and is not listed."""

    object_id: str
    object_type: str
    principal: PrincipalReference
    outside_workspace: bool = False
    permission_level: str | None = None
    grants: list[GrantReason] = []
    grant_count: int = 0
    groups: list[str] = []
    group_count: int = 0
