"""PATCH of users and groups: the forms that clients send."""

from typing import Any

import pytest

from tui_registry_server.rules.errors import InvalidFilter, InvalidParameterValue, NoTarget, TooMany
from tui_registry_server.rules.scim_filter import Comparison
from tui_registry_server.rules.scim_patch import (
    MAX_LOOKUPS,
    Add,
    Change,
    Remove,
    SetValue,
    Update,
    apply_change,
    read_changes,
)
from tui_registry_server.rules.scim_resources import GROUP, USER, Attribute, Resource
from tui_registry_server.wire.scim import USER_SCHEMA, ComplexValue, PatchOperation


def changes(resource: Resource, op: str, path: str | None, value: Any = None) -> list[Change]:
    return read_changes([PatchOperation(op=op, path=path, value=value)], resource)


def equal(part: str, value: str) -> Comparison:
    return Comparison(Attribute(part), "eq", value)


WORK = equal("type", "work")
GIVEN_AND_INACTIVE = [SetValue("name.givenName", "A"), SetValue("active", False)]
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("title", "Engineer"),
        ("name.formatted", "Ann Lee"),
        ("password", "a"),
        ('phoneNumbers[type eq "mobile"].value', "1"),
        ('addresses[type eq "work" and primary eq true].streetAddress', "1"),
        ("emails[type eq 'work'].unknown", "1"),
        (ENTERPRISE, {"department": "R"}),
        (f"{ENTERPRISE}:department", "R"),
        (f"{ENTERPRISE}:manager.value", "1"),
        (f"{ENTERPRISE}:userName", "not that of the user"),
        ("urn:example:2.0:displayName", "nor this"),
        ("schemas", ["a"]),
        (None, {"title": "a", "id": "1", "meta": {}, "groups": [], ENTERPRISE: {"department": "R"}, "nickName": None}),
    ],
)
@pytest.mark.parametrize("op", ["add", "Replace"])
def test_what_is_not_kept_is_ignored(op: str, path: str | None, value: Any) -> None:
    assert changes(USER, op, path, value) == []


@pytest.mark.parametrize(
    ("op", "path", "value", "read"),
    [
        ("replace", "displayName", "Ann", [SetValue("displayName", "Ann")]),
        ("Add", "DISPLAYNAME", "Ann", [SetValue("displayName", "Ann")]),
        ("REMOVE", "displayName", None, [SetValue("displayName", None)]),
        ("replace", "name.givenName", "Ann", [SetValue("name.givenName", "Ann")]),
        ("replace", "active", False, [SetValue("active", False)]),
        ("replace", "active", "False", [SetValue("active", False)]),
        ("replace", "active", [{"value": "false"}], [SetValue("active", False)]),
        ("replace", None, {"active": True, "id": "1"}, [SetValue("active", True)]),
        ("replace", None, {"name": {"givenName": "A"}}, [SetValue("name.givenName", "A")]),
        ("add", "emails", [{"value": "a@x"}], [Add("emails", (ComplexValue(value="a@x"),))]),
        ("add", "emails", "a@x", [Add("emails", (ComplexValue(value="a@x"),))]),
        ("replace", "emails", [], [Remove("emails", None), Add("emails", ())]),
        ("remove", "emails", None, [Remove("emails", None)]),
        ("remove", "emails", [{"value": "a@x"}], [Remove("emails", ("a@x",))]),
        ("remove", "emails", [], [Remove("emails", ())]),
        (
            "remove",
            'entitlements[value eq "x y"]',
            None,
            [Update("entitlements", equal("value", "x y"), {}, create=False)],
        ),
        (
            "remove",
            "entitlements[ VALUE EQ 'x' ]",
            None,
            [Update("entitlements", equal("value", "x"), {}, create=False)],
        ),
        (
            "remove",
            'emails[type eq "work"].display',
            None,
            [Update("emails", WORK, {"display": None}, create=False)],
        ),
        ("Add", 'emails[type eq "work"].value', "a@x", [Update("emails", WORK, {"value": "a@x"})]),
        ("Replace", 'EMAILS[Type eq "work"].Primary', "True", [Update("emails", WORK, {"primary": True})]),
        (
            "replace",
            'emails[type eq "work"]',
            {"value": "a@x"},
            [Update("emails", WORK, {"value": "a@x"}, replace=True)],
        ),
        ("replace", "emails.type", "work", [Update("emails", None, {"type": "work"})]),
        ("replace", None, {"name.givenName": "A", f"{USER_SCHEMA}:active": "False"}, GIVEN_AND_INACTIVE),
        ("replace", f"{USER_SCHEMA.upper()}:displayName", "Ann", [SetValue("displayName", "Ann")]),
        ("replace", "name", {"givenName": "A", "formatted": "A B"}, [SetValue("name.givenName", "A")]),
        ("replace", "displayName", None, [SetValue("displayName", None)]),
        ("add", "emails", [{"type": "work"}, {"type": "home", "value": None}], [Add("emails", ())]),
    ],
)
def test_what_an_operation_means(op: str, path: str | None, value: Any, read: list[Change]) -> None:
    assert changes(USER, op, path, value) == read


def test_members_of_a_group() -> None:
    one = Add("members", (ComplexValue(value="1"),))
    assert changes(GROUP, "add", None, {"members": [{"value": "1"}]}) == [one]
    assert changes(GROUP, "add", 'members[value eq "1"]') == [one]
    assert changes(GROUP, "remove", 'members[value eq "1"]') == [Remove("members", ("1",))]
    assert changes(GROUP, "remove", 'members[value eq "1" or value eq "2"]') == [Remove("members", ("1", "2"))]
    assert changes(GROUP, "remove", "members", [{"value": "1"}]) == [Remove("members", ("1",))]
    assert changes(GROUP, "remove", "members", []) == [Remove("members", ())]
    assert changes(GROUP, "remove", "members") == [Remove("members", None)]
    assert changes(GROUP, "replace", 'members[value eq "1"].display', "Ann") == []


@pytest.mark.parametrize(
    ("op", "path", "value", "kind", "part"),
    [
        ("move", "displayName", "a", "invalidValue", "op cannot be 'move'"),
        ("add", None, None, "invalidValue", "Give a path"),
        ("remove", None, {"active": True}, "noTarget", "Give a path"),
        ("replace", "id", "1", "mutability", "'id' of a user cannot be changed"),
        ("remove", "userName", None, "mutability", "always has a value"),
        ("remove", "active", None, "mutability", "always has a value"),
        ("add", "groups", [{"value": "1"}], "mutability", "Change the members of the group instead"),
        ("replace", "displayName", 3, "invalidValue", "must be a text"),
        ("replace", "name", "Ann", "invalidValue", "must be an object"),
        ("replace", "active", None, "invalidValue", 'If your client drops a false, send "false"'),
        ("replace", "active", "maybe", "invalidValue", "must be true or false"),
        ("add", "emails", [3], "invalidValue", "Invalid value for parameter 'emails.0'"),
        ("add", "emails", ["a"] * 101, "invalidValue", "emails"),
        ("add", "emails", ["a"] * 10_001, "tooMany", "more than 10000 values"),
        ("remove", 'displayName[value eq "a"]', None, "invalidPath", "is not a list"),
        ("replace", "name..givenName", "a", "invalidPath", "is invalid"),
        ("replace", "emails[", "a", "invalidPath", "is invalid"),
        ("replace", 'emails[type eq "work"]value', "a", "invalidPath", "is invalid"),
        ("replace", "", "a", "invalidPath", "is invalid"),
        ("replace", "a b", "a", "invalidPath", "is invalid"),
        ("replace", None, {'emails[type eq "work"': "a"}, "invalidPath", "is invalid"),
        ("replace", "phoneNumbers[type]", "a", "invalidFilter", "Invalid filter"),
        ("remove", "emails[]", None, "invalidPath", "is invalid"),
        ("remove", "members[ ]", None, "invalidPath", "is invalid"),
        ("remove", r'emails[value eq "\q"]', None, "invalidFilter", "An escape is unknown"),
        ("remove", 'emails[unknown eq "a"]', None, "invalidFilter", "Use one of display, primary, type, value"),
    ],
)
def test_what_is_refused(op: str, path: str | None, value: Any, kind: str, part: str) -> None:
    with pytest.raises(InvalidParameterValue) as refused:
        changes(USER, op, path, value)
    assert part in refused.value.message
    assert refused.value.scim_type == kind


def test_members_are_chosen_by_their_ids() -> None:
    with pytest.raises(InvalidFilter, match="selected by their ids"):
        changes(GROUP, "remove", 'members[display co "a"]')


def test_a_patch_looks_for_values_so_often() -> None:
    operation = PatchOperation(op="replace", path='emails[type eq "work"].value', value="a@x")
    with pytest.raises(TooMany):
        read_changes([operation] * (MAX_LOOKUPS + 1), USER)


def test_a_patch_is_so_long() -> None:
    """Paths are parsed one by one, whether or not the attribute is stored; a thousand members are accepted."""
    several = " or ".join(f'type eq "{number}"' for number in range(50))
    ignored = PatchOperation(op="replace", path=f"phoneNumbers[{several}].display", value="x")
    unnamed = PatchOperation(op="replace", value={f"phoneNumbers[{several}].display": "x"})
    for operation in (ignored, unnamed):
        assert read_changes([operation] * 100, USER) == []
        with pytest.raises(TooMany):
            read_changes([operation] * 1000, USER)
    member = PatchOperation(op="remove", path='members[value eq "1234567890123456"]')
    assert len(read_changes([member] * 1000, GROUP)) == 1000
    with pytest.raises(TooMany):
        read_changes([PatchOperation(op="add", value={"members": ["1"] * 6000, "roles": ["r"] * 6000})], GROUP)


def test_values_that_fit_a_filter_are_changed() -> None:
    fields: dict[str, Any] = {"emails": [{"value": "a", "type": "work", "primary": True}, {"value": "b"}]}

    def emails_after(op: str, path: str, value: Any = None) -> list[dict[str, Any]]:
        for change in changes(USER, op, path, value):
            apply_change(fields, change)
        emails: list[dict[str, Any]] = fields["emails"]
        return emails

    assert emails_after("replace", 'emails[type eq "WORK"].value', "c")[0] == {**WORK_MAIL, "value": "c"}
    assert emails_after("add", 'emails[value eq "b"].primary', "true") == [
        {**WORK_MAIL, "value": "c", "primary": False},
        {"value": "b", "primary": True},
    ]
    assert emails_after("add", 'emails[type eq "home" and primary eq false].value', "d")[2] == {
        "type": "home",
        "primary": False,
        "value": "d",
    }
    assert emails_after("replace", 'emails[type eq "home"]', {"value": "e"})[2] == {"value": "e"}
    assert emails_after("remove", 'emails[not (value eq "c")]') == [{**WORK_MAIL, "value": "c", "primary": False}]
    assert emails_after("remove", 'emails[type eq "other"]') == fields["emails"]
    with pytest.raises(NoTarget):
        emails_after("replace", 'emails[value sw "x"].type', "work")


WORK_MAIL = {"type": "work", "primary": True}


def test_changes_are_made_in_their_order() -> None:
    fields: dict[str, Any] = {"emails": [{"value": "a"}, {"value": "b"}]}
    for change in (
        Add("emails", (ComplexValue(value="b", primary=True), ComplexValue(value="c"))),
        Remove("emails", ("a",)),
        SetValue("name.givenName", "Ann"),
    ):
        apply_change(fields, change)
    assert fields == {"emails": [{"value": "b", "primary": True}, {"value": "c"}], "name": {"givenName": "Ann"}}
    apply_change(fields, Remove("emails", None))
    assert fields["emails"] == []
