"""The ability table by itself; tests.server.test_abilities compares it with the documented one."""

import pytest

from tui_registry_server.rules.errors import InvalidParameterValue, PermissionDenied
from tui_registry_server.rules.permissions import (
    LEVELS,
    Level,
    allows,
    comment_actions,
    parse_level,
    request_actions,
    require,
)
from tui_registry_server.wire.comment import CommentAction
from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.permission_policy import GRANTS, Ability
from tui_registry_server.wire.stage import Stage


@pytest.mark.parametrize("ability", Ability)
def test_every_ability_is_had_by_somebody(ability: Ability) -> None:
    """Except PUBLIC, which has no caller."""
    assert any(grant.ability is ability for grant in GRANTS) == (ability is not Ability.PUBLIC)


@pytest.mark.parametrize("ability", Ability)
@pytest.mark.parametrize("author", [True, False])
@pytest.mark.parametrize("stages", [frozenset[Stage](), frozenset({Stage.STAGING}), frozenset(Stage)])
def test_a_higher_level_is_never_worse(ability: Ability, author: bool, stages: frozenset[Stage]) -> None:
    had = [allows(ability, level, stages=stages, author=author) for level in Level]
    assert had == sorted(had)


def test_a_refusal_says_which_level_would_do() -> None:
    with pytest.raises(PermissionDenied, match=r"CAN_READ, does not let you .* requires CAN_EDIT"):
        require(Ability.EDIT, Level.READ)
    with pytest.raises(
        PermissionDenied, match=r"\(Staging and Production\): that requires CAN_MANAGE_PRODUCTION_VERSIONS"
    ):
        require(Ability.TRANSITION, Level.MANAGE_STAGING, stages=frozenset({Stage.STAGING, Stage.PRODUCTION}))
    with pytest.raises(PermissionDenied, match="Only the author"):
        require(Ability.EDIT_COMMENT, Level.MANAGE)
    with pytest.raises(PermissionDenied, match=r"level, none, .* requires CAN_READ"):
        require(Ability.READ, Level.NONE)


def test_levels_on_the_wire() -> None:
    assert list(LEVELS) == list(PermissionLevel)
    assert [level for level, _ in LEVELS.values()] == sorted(set(Level) - {Level.NONE})
    assert parse_level("CAN_EDIT", registry_wide=False) is Level.EDIT
    assert parse_level("CAN_CREATE_REGISTERED_MODEL", registry_wide=True) is Level.CREATE
    for text in ("CAN_CREATE_REGISTERED_MODEL", "", "can_edit", "CAN_EDIT "):
        with pytest.raises(InvalidParameterValue, match="Choose one of CAN_READ"):
            parse_level(text, registry_wide=False)


def test_actions() -> None:
    assert request_actions(Level.NONE, Stage.NONE, Stage.STAGING, author=True) == []
    assert comment_actions(Level.READ, author=True) == [CommentAction.EDIT, CommentAction.DELETE]
    assert comment_actions(Level.MANAGE, author=False) == [CommentAction.DELETE]
