"""What a permission level lets one do, before the server is asked: by the server's own table."""

from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.permission_policy import Ability, allows


def may(level: PermissionLevel | None, ability: Ability) -> bool:
    """Whether a level is enough. One that is not known yet is taken to be: then the server says what it refuses."""
    return level is None or allows(ability, level)
