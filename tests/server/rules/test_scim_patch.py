"""PATCH of users and groups: the forms that clients send."""

from typing import Any

import pytest

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.scim_patch import Add, Change, Put, Remove, apply_change, read_changes
from tui_registry_server.rules.scim_resources import GROUP, USER, Resource
from tui_registry_server.wire.scim import ComplexValue, PatchOperation


def changes(resource: Resource, op: str, path: str | None, value: Any = None) -> list[Change]:
    return read_changes([PatchOperation(op=op, path=path, value=value)], resource)


@pytest.mark.parametrize(
    ("op", "path", "value", "read"),
    [
        ("replace", "displayName", "Ann", [Put("displayName", "Ann")]),
        ("Add", "DISPLAYNAME", "Ann", [Put("displayName", "Ann")]),
        ("REMOVE", "displayName", None, [Put("displayName", None)]),
        ("replace", "name.givenName", "Ann", [Put("name.givenName", "Ann")]),
        ("replace", "active", False, [Put("active", False)]),
        ("replace", "active", "False", [Put("active", False)]),
        ("replace", "active", [{"value": "false"}], [Put("active", False)]),
        ("replace", None, {"active": True, "id": "1"}, [Put("active", True)]),
        ("replace", None, {"name": {"givenName": "A"}}, [Put("name.givenName", "A")]),
        ("add", "emails", [{"value": "a@x"}], [Add("emails", (ComplexValue(value="a@x"),))]),
        ("add", "emails", "a@x", [Add("emails", (ComplexValue(value="a@x"),))]),
        ("replace", "emails", [], [Remove("emails", None), Add("emails", ())]),
        ("remove", "emails", None, [Remove("emails", None)]),
        ("remove", "emails", [{"value": "a@x"}], [Remove("emails", ("a@x",))]),
        ("remove", 'entitlements[value eq "x y"]', None, [Remove("entitlements", ("x y",))]),
        ("remove", "entitlements[ VALUE EQ 'x' ]", None, [Remove("entitlements", ("x",))]),
    ],
)
def test_what_an_operation_means(op: str, path: str | None, value: Any, read: list[Change]) -> None:
    assert changes(USER, op, path, value) == read


def test_members_of_a_group() -> None:
    assert changes(GROUP, "add", None, {"members": [{"value": "1"}]}) == [Add("members", (ComplexValue(value="1"),))]
    assert changes(GROUP, "remove", 'members[value eq "1"]') == [Remove("members", ("1",))]


@pytest.mark.parametrize(
    ("op", "path", "value", "part"),
    [
        ("move", "displayName", "a", "op cannot be 'move'"),
        ("add", None, None, "Give a path"),
        ("remove", None, {"active": True}, "Give a path"),
        ("replace", "password", "a", "path cannot be 'password'"),
        ("replace", None, {"password": "a"}, "path cannot be 'password'"),
        ("replace", "id", "1", "path cannot be 'id'"),
        ("add", "groups", [{"value": "1"}], "Change the members of the group instead"),
        ("replace", "displayName", 3, "must be a text"),
        ("replace", "active", None, 'If your client drops a false, send "false"'),
        ("replace", "active", "maybe", "must be true or false"),
        ("add", "emails", [{"display": "a"}], "Missing value for required parameter 'value'"),
        ("add", "emails", [3], "Invalid value for parameter 'value'"),
        ("add", 'emails[value eq "a"]', "b", "can only be removed"),
        ("remove", 'displayName[value eq "a"]', None, "can only be removed"),
        ("remove", 'emails[type eq "work"]', None, "path cannot be"),
        ("remove", r'emails[value eq "\q"]', None, "an escape that is unknown"),
    ],
)
def test_what_is_refused(op: str, path: str | None, value: Any, part: str) -> None:
    with pytest.raises(InvalidParameterValue) as refused:
        changes(USER, op, path, value)
    assert part in refused.value.message


def test_changes_are_made_in_their_order() -> None:
    fields: dict[str, Any] = {"emails": [{"value": "a"}, {"value": "b"}]}
    for change in (
        Add("emails", (ComplexValue(value="b", primary=True), ComplexValue(value="c"))),
        Remove("emails", ("a",)),
        Put("name.givenName", "Ann"),
    ):
        apply_change(fields, change)
    assert fields == {"emails": [{"value": "b", "primary": True}, {"value": "c"}], "name": {"givenName": "Ann"}}
    apply_change(fields, Remove("emails", None))
    assert fields["emails"] == []
