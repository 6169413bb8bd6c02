"""Which permission level lets whom do what: one table, by which the server decides and clients offer actions.

A caller has an ability if any row of GRANTS matches: the level is high enough, every stage touched is among the row's,
and the row is not for authors only or the caller is the author.
"""

from dataclasses import dataclass
from enum import StrEnum

from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.stage import Stage


class Ability(StrEnum):
    """What a route lets its caller do. PUBLIC asks for no token, ANYONE for any valid one."""

    PUBLIC = "be served without a token"
    ANYONE = "call with any token"
    CREATE_MODEL = "create a model"
    READ = "see a model, its versions, requests, activities, comments and download URI"
    REQUEST_TRANSITION = "request a stage transition"
    COMMENT = "comment"
    EDIT = "add a version; edit descriptions and tags"
    SET_ALIAS = "set and delete aliases"
    TRANSITION = "transition a version; approve or reject a request"
    CANCEL_REQUEST = "cancel a request"
    EDIT_COMMENT = "edit a comment"
    DELETE_COMMENT = "delete a comment"
    MANAGE = "rename or delete a model, delete versions, change permissions"
    USE_TOKENS = "create tokens of one's own"
    SEE_ACCOUNT = "see all that somebody else has"
    MANAGE_WEBHOOKS = "create, change, test and delete webhooks, and send their events again"
    ADMINISTER_WEBHOOKS = "manage webhooks of the whole registry"
    ADMINISTER = "manage users, groups, other people's tokens, and who may use tokens"


ALL_STAGES = frozenset(Stage)
WITHOUT_PRODUCTION = ALL_STAGES - {Stage.PRODUCTION}


@dataclass(frozen=True, slots=True)
class Grant:
    """One row: ``ability`` from this level up (None: for anybody), if every stage touched is among ``stages``, for
    authors only or all."""

    ability: Ability
    at_least: PermissionLevel | None
    stages: frozenset[Stage] = ALL_STAGES
    author: bool = False


GRANTS = (
    Grant(Ability.ANYONE, at_least=None),
    Grant(Ability.CREATE_MODEL, at_least=None),
    Grant(Ability.READ, at_least=PermissionLevel.CAN_READ),
    Grant(Ability.REQUEST_TRANSITION, at_least=PermissionLevel.CAN_READ),
    Grant(Ability.COMMENT, at_least=PermissionLevel.CAN_READ),
    Grant(Ability.EDIT, at_least=PermissionLevel.CAN_EDIT),
    Grant(Ability.SET_ALIAS, at_least=PermissionLevel.CAN_MANAGE_STAGING_VERSIONS),
    Grant(Ability.TRANSITION, at_least=PermissionLevel.CAN_MANAGE_STAGING_VERSIONS, stages=WITHOUT_PRODUCTION),
    Grant(Ability.TRANSITION, at_least=PermissionLevel.CAN_MANAGE_PRODUCTION_VERSIONS),
    Grant(Ability.CANCEL_REQUEST, at_least=PermissionLevel.CAN_READ, author=True),
    Grant(Ability.CANCEL_REQUEST, at_least=PermissionLevel.CAN_MANAGE),
    Grant(Ability.EDIT_COMMENT, at_least=PermissionLevel.CAN_READ, author=True),
    Grant(Ability.DELETE_COMMENT, at_least=PermissionLevel.CAN_READ, author=True),
    Grant(Ability.DELETE_COMMENT, at_least=PermissionLevel.CAN_MANAGE),
    Grant(Ability.MANAGE, at_least=PermissionLevel.CAN_MANAGE),
    Grant(Ability.USE_TOKENS, at_least=PermissionLevel.CAN_READ),
    Grant(Ability.SEE_ACCOUNT, at_least=None, author=True),
    Grant(Ability.SEE_ACCOUNT, at_least=PermissionLevel.CAN_MANAGE),
    Grant(Ability.MANAGE_WEBHOOKS, at_least=PermissionLevel.CAN_MANAGE),
    Grant(Ability.ADMINISTER_WEBHOOKS, at_least=PermissionLevel.CAN_MANAGE),
    Grant(Ability.ADMINISTER, at_least=PermissionLevel.CAN_MANAGE),
)
"""USE_TOKENS is judged by the level on the token settings; SEE_ACCOUNT, ADMINISTER, ADMINISTER_WEBHOOKS and, for
webhooks of the whole registry, MANAGE_WEBHOOKS by membership of ``admins``; the author of an account is its owner."""

_RANKS = {level: rank for rank, level in enumerate(PermissionLevel, start=1)}


def rank(level: PermissionLevel | None) -> int:
    """Its place in the order of levels, each of which includes those before it; 0 for none."""
    return 0 if level is None else _RANKS[level]


def allows(
    ability: Ability,
    level: PermissionLevel | None,
    *,
    stages: frozenset[Stage] = frozenset(),
    author: bool = False,
) -> bool:
    """Whether the table has a row for it."""
    return any(
        grant.ability is ability
        and rank(level) >= rank(grant.at_least)
        and stages <= grant.stages
        and (author or not grant.author)
        for grant in GRANTS
    )
