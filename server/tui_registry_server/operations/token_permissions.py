"""Reading and changing who may create tokens of their own. In a new registry, the group ``users`` has CAN_USE."""

from tui_registry_server.operations import access_lists
from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.subjects import Subject
from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.permissions import TOKEN_LEVELS, Level, parse_token_level, token_level_name
from tui_registry_server.rules.principals import TOKENS
from tui_registry_server.store import grants
from tui_registry_server.wire.fields import RequestBody
from tui_registry_server.wire.token import ChangeTokenPermissions


def get(call: Call, body: RequestBody, subject: Subject) -> Answer:
    """Every principal that may create tokens."""
    return _entity(call)


def levels(call: Call, body: RequestBody, subject: Subject) -> Answer:
    """The permission levels on tokens."""
    return {
        "permission_levels": [
            {"permission_level": wire.value, "description": description}
            for wire, (_, description) in TOKEN_LEVELS.items()
        ]
    }


def add(call: Call, body: ChangeTokenPermissions, subject: Subject) -> Answer:
    """PATCH: give the levels listed, and leave the other entries as they are."""
    return _change(call, access_lists.direct(call, TOKENS) | _wanted(call, body))


def replace(call: Call, body: ChangeTokenPermissions, subject: Subject) -> Answer:
    """PUT: only the principals listed, and administrators, may create tokens."""
    return _change(call, _wanted(call, body))


def _wanted(call: Call, body: ChangeTokenPermissions) -> dict[str, Level]:
    wanted = access_lists.wanted(call, body.access_control_list, parse_token_level)
    if Level.MANAGE in wanted.values():
        raise InvalidParameterValue(
            "Only the group 'admins' has CAN_MANAGE on tokens. Give CAN_USE, or add the principal to 'admins'."
        )
    return wanted


def _change(call: Call, after: dict[str, Level]) -> Answer:
    access_lists.change(call, TOKENS, after, model=None)
    return _entity(call)


def _entity(call: Call) -> Answer:
    direct = grants.on(call.connection, TOKENS)
    return {
        "object_id": f"/authorization/{TOKENS}",
        "object_type": TOKENS,
        "access_control_list": access_lists.entries(direct, [], token_level_name, inherited_from=None),
    }
