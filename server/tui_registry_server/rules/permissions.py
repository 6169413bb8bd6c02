"""Who may do what: what the table of wire.permission_policy means for a stored level.

A caller's level on a model is the highest of: grants to them, grants to their groups (and the groups those are in),
and the same on the registry-wide object ``root``. Members of ``admins`` always manage everything.
"""

from enum import IntEnum
from functools import cache

from tui_registry_server.rules.errors import InvalidParameterValue, PermissionDenied
from tui_registry_server.wire import permission_policy
from tui_registry_server.wire.comment import CommentAction
from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.permission_policy import GRANTS, Ability, rank
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.token import TokenPermissionLevel
from tui_registry_server.wire.transition_request import RequestAction


class Level(IntEnum):
    """Levels in order; the database stores the number."""

    NONE = 0
    CREATE = 10
    READ = 20
    EDIT = 30
    MANAGE_STAGING = 40
    MANAGE_PRODUCTION = 50
    MANAGE = 60


LEVELS: dict[PermissionLevel, tuple[Level, str]] = {
    PermissionLevel.CAN_CREATE_REGISTERED_MODEL: (Level.CREATE, "Can create registered models"),
    PermissionLevel.CAN_READ: (Level.READ, "Can view details, request stage transitions and comment"),
    PermissionLevel.CAN_EDIT: (Level.EDIT, "Can read, and add versions, edit descriptions and tags"),
    PermissionLevel.CAN_MANAGE_STAGING_VERSIONS: (
        Level.MANAGE_STAGING,
        "Can edit, and move versions and decide requests among None, Staging and Archived, and set aliases",
    ),
    PermissionLevel.CAN_MANAGE_PRODUCTION_VERSIONS: (
        Level.MANAGE_PRODUCTION,
        "Can edit, and move versions and decide requests among all stages",
    ),
    PermissionLevel.CAN_MANAGE: (Level.MANAGE, "Can do everything: rename, delete, change permissions"),
}
"""The levels on the wire, in order, with the stored level and the permission editor's description."""

_ADMINS_DECIDE = {
    Ability.USE_TOKENS: "that requires CAN_USE on the token settings. Ask a member of the group 'admins'",
    Ability.SEE_ACCOUNT: "that requires being a member of the group 'admins'. Ask one of them",
    Ability.ADMINISTER_WEBHOOKS: "that requires being a member of the group 'admins'. Ask one of them",
    Ability.ADMINISTER: "that requires being a member of the group 'admins'. Ask one of them",
}

TOKEN_LEVELS: dict[TokenPermissionLevel, tuple[Level, str]] = {
    TokenPermissionLevel.CAN_USE: (Level.READ, "Can create tokens of one's own"),
    TokenPermissionLevel.CAN_MANAGE: (Level.MANAGE, "Can manage everybody's tokens: the group 'admins' only"),
}
"""The same for the token settings."""

_BY_LEVEL = {level: wire for wire, (level, _) in LEVELS.items()}


@cache  # there are few of these, and lists ask for each of their rows
def allows(ability: Ability, level: int, *, stages: frozenset[Stage] = frozenset(), author: bool = False) -> bool:
    """Whether a row of GRANTS matches."""
    return permission_policy.allows(ability, _BY_LEVEL.get(Level(level)), stages=stages, author=author)


def require(ability: Ability, level: int, *, stages: frozenset[Stage] = frozenset(), author: bool = False) -> None:
    """Raises PermissionDenied, which names the missing ability and the level that has it."""
    if allows(ability, level, stages=stages, author=author):
        return
    if ability in _ADMINS_DECIDE:
        raise PermissionDenied(f"You may not {ability}: {_ADMINS_DECIDE[ability]}.")
    rows = [grant for grant in GRANTS if grant.ability is ability and stages <= grant.stages]
    if all(grant.author for grant in rows):
        raise PermissionDenied(f"Only the author may do this: {ability}.")
    enough = min((grant.at_least for grant in rows if not grant.author), key=rank)
    touched = f" ({' and '.join(stage for stage in Stage if stage in stages)})" if stages else ""
    raise PermissionDenied(
        f"Your permission level, {level_name(level) or 'none'}, does not let you {ability}{touched}: that requires "
        f"{enough}. Ask somebody with CAN_MANAGE on the model."
    )


def level_name(level: int) -> str:
    """The wire's name of a stored level; empty for none."""
    wire = _BY_LEVEL.get(Level(level))
    return wire.value if wire else ""


def parse_level(text: str, *, registry_wide: bool) -> Level:
    """The level of a wire name. CAN_CREATE_REGISTERED_MODEL is only valid on the registry-wide object."""
    known = [wire for wire in LEVELS if registry_wide or wire is not PermissionLevel.CAN_CREATE_REGISTERED_MODEL]
    if text not in known:
        raise InvalidParameterValue(f"Invalid permission level '{text}'. Choose one of {', '.join(known)}.")
    return LEVELS[PermissionLevel(text)][0]


def token_level_name(level: int) -> str:
    """The wire's name of a level on the token settings."""
    return (TokenPermissionLevel.CAN_MANAGE if level >= Level.MANAGE else TokenPermissionLevel.CAN_USE).value


def parse_token_level(text: str) -> Level:
    """The level of a wire name on the token settings."""
    if text not in list(TokenPermissionLevel):
        raise InvalidParameterValue(
            f"Invalid permission level '{text}'. Choose one of {', '.join(TokenPermissionLevel)}."
        )
    return TOKEN_LEVELS[TokenPermissionLevel(text)][0]


def request_actions(level: int, from_stage: Stage, to_stage: Stage, *, author: bool) -> list[RequestAction]:
    """What the caller may do with a transition request."""
    touched = frozenset((from_stage, to_stage))
    decide = [RequestAction.APPROVE, RequestAction.REJECT] if allows(Ability.TRANSITION, level, stages=touched) else []
    cancel = [RequestAction.CANCEL] if allows(Ability.CANCEL_REQUEST, level, author=author) else []
    return decide + cancel


def comment_actions(level: int, *, author: bool) -> list[CommentAction]:
    """What the caller may do with a comment."""
    edit = [CommentAction.EDIT] if allows(Ability.EDIT_COMMENT, level, author=author) else []
    delete = [CommentAction.DELETE] if allows(Ability.DELETE_COMMENT, level, author=author) else []
    return edit + delete
