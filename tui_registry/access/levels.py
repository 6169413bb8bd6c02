"""What a permission level lets one do, as far as the console has to know before it asks the server.

The server decides; this only keeps off the screen what it would refuse. A test holds it against the server's own table.
"""

from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.stage import Stage

_ORDER = list(PermissionLevel)  # the wire's order: each level includes those before it

NEEDED = {
    "new_version": PermissionLevel.CAN_EDIT,
    "edit": PermissionLevel.CAN_EDIT,
    "tag": PermissionLevel.CAN_EDIT,
    "alias": PermissionLevel.CAN_MANAGE_STAGING_VERSIONS,
    "rename": PermissionLevel.CAN_MANAGE,
    "delete": PermissionLevel.CAN_MANAGE,
}
"""The least level for each."""


def may(level: PermissionLevel | None, deed: str) -> bool:
    """Whether a level is enough for one of NEEDED. One that is not known yet is taken to be."""
    return level is None or _ORDER.index(level) >= _ORDER.index(NEEDED[deed])


def moves_at_once(level: PermissionLevel, origin: Stage, stage: Stage) -> bool:
    """Whether a level lets one move a version, rather than ask for it."""
    if Stage.PRODUCTION in {origin, stage}:
        return _ORDER.index(level) >= _ORDER.index(PermissionLevel.CAN_MANAGE_PRODUCTION_VERSIONS)
    return _ORDER.index(level) >= _ORDER.index(PermissionLevel.CAN_MANAGE_STAGING_VERSIONS)
