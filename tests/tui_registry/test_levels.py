"""What the console thinks a level may do is what the server's table says."""

import pytest

from tui_registry.access.levels import NEEDED, may, moves_at_once
from tui_registry_server.rules.permissions import LEVELS, Ability, allows
from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.stage import Stage

ABILITIES = {
    "new_version": Ability.EDIT,
    "edit": Ability.EDIT,
    "tag": Ability.EDIT,
    "alias": Ability.SET_ALIAS,
    "rename": Ability.MANAGE,
    "delete": Ability.MANAGE,
}


@pytest.mark.parametrize("level", PermissionLevel)
def test_deeds(level: PermissionLevel) -> None:
    assert ABILITIES.keys() == NEEDED.keys()
    for action, ability in ABILITIES.items():
        assert may(level, action) == allows(ability, LEVELS[level][0]), action


@pytest.mark.parametrize("level", PermissionLevel)
def test_transitions(level: PermissionLevel) -> None:
    for origin in Stage:
        for stage in Stage:
            touched = frozenset((origin, stage))
            assert moves_at_once(level, origin, stage) == allows(Ability.TRANSITION, LEVELS[level][0], stages=touched)


def test_a_level_that_is_not_known_is_not_held_against_anybody() -> None:
    assert may(None, "delete")
