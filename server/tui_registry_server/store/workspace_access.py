"""Who may use a workspace, in SQL: what somebody was granted on a model counts only if they may use its workspace. Of
one principal, rules.principals.Principal.is_member says the same."""

from sqlalchemy import ColumnElement, String, and_, bindparam, exists, literal, or_, select

from tui_registry_server.rules.principals import ROOT
from tui_registry_server.store.memberships import with_members
from tui_registry_server.store.tables import grants, principals
from tui_registry_server.wire.names import name_key
from tui_registry_server.wire.principal import ADMINS, USERS, PrincipalKind


def is_group_called(name: str) -> ColumnElement[bool]:
    """Whether a row of the principals is one of the groups that always exist."""
    return and_(
        principals.c.kind == literal(PrincipalKind.GROUP.value), principals.c.name_key == literal(name_key(name))
    )


EVERYBODY = select(principals.c.id).where(is_group_called(USERS))
_root_id = bindparam("root_id", type_=String())
_let_in = select(grants.c.principal_id).where(grants.c.object_id == _root_id)
_starts = select(principals.c.id).where(or_(principals.c.id.in_(_let_in), is_group_called(ADMINS)))
_inside = with_members(_starts, "inside")
_is_open = or_(
    _root_id == literal(ROOT),
    exists(select(grants.c.level).where(grants.c.object_id == _root_id, grants.c.principal_id.in_(EVERYBODY))),
)


def may_enter(principal_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a principal may use the workspace of the registry-wide object ``root_id``, a parameter. The default one
    is everybody's; of another one they, a group that they are in, or ``users`` have a level on all of it, or they are
    in ``admins``."""
    return or_(_is_open, principal_id.in_(select(_inside.c.id)))
