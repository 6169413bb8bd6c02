"""SCIM filters: their meaning, and that any text is either parsed or refused with a clear message."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.scim_filter import (
    MAX_COMPARISONS,
    MAX_DEPTH,
    MAX_FILTER,
    And,
    Comparison,
    Filter,
    Not,
    Or,
    ValuePath,
    parse_filter,
)
from tui_registry_server.rules.scim_resources import GROUP, SERVICE_PRINCIPAL, USER, Attribute, Kind

WORDS = st.sampled_from(
    [
        *("userName", "emails.value", "active", "id", "eq", "ne", "co", "pr", "gt", "and", "or", "not", "(", ")"),
        *("true", "123", "emails[", ".", "\\", "'", '"', '"a"', "'a'"),
        *(r'"\u0000"', r'"\ud800"', r'"\ud83d\ude00"', r'"\q"'),
    ]
)


def of_user(path: str) -> Attribute:
    attribute = USER.vocabulary.attribute(path)
    assert attribute is not None
    return attribute


NAME = of_user("userName")
ACTIVE = of_user("active")
PRIMARY = Attribute("primary", Kind.BOOLEAN)
WORK = Comparison(Attribute("type"), "eq", "work")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('userName eq "ann"', Comparison(NAME, "eq", "ann")),
        ("userName eq 'ann'", Comparison(NAME, "eq", "ann")),
        ("  USERNAME  Eq\t'a b' ", Comparison(NAME, "eq", "a b")),
        ('urn:ietf:params:scim:schemas:core:2.0:User:userName eq "a"', Comparison(NAME, "eq", "a")),
        (r'userName eq "a\"b\\c\u00e9\ud83d\ude00"', Comparison(NAME, "eq", 'a"b\\cé😀')),
        (r"userName eq 'o\'neil'", Comparison(NAME, "eq", "o'neil")),
        ("active eq TRUE", Comparison(ACTIVE, "eq", True)),
        ('active ne "false"', Comparison(ACTIVE, "ne", False)),
        ("id eq 123", Comparison(of_user("id"), "eq", "123")),
        ('emails co "@"', Comparison(of_user("emails.value"), "co", "@")),
        ("userName pr", Comparison(NAME, "pr")),
        ("not (active eq true)", Not(Comparison(ACTIVE, "eq", True))),
        (
            "userName pr and active eq true or id pr",
            Or((And((Comparison(NAME, "pr"), Comparison(ACTIVE, "eq", True))), Comparison(of_user("id"), "pr"))),
        ),
        (
            "userName pr and (active eq true or id pr)",
            And((Comparison(NAME, "pr"), Or((Comparison(ACTIVE, "eq", True), Comparison(of_user("id"), "pr"))))),
        ),
        ('emails[type eq "work"]', ValuePath("emails", WORK)),
        ('EMAILS [ Type eq "work" ] and id pr', And((ValuePath("emails", WORK), Comparison(of_user("id"), "pr")))),
        (
            'emails[type eq "work"].value eq "a"',
            ValuePath("emails", And((WORK, Comparison(Attribute("value"), "eq", "a")))),
        ),
        ("not (emails[primary eq 'True'])", Not(ValuePath("emails", Comparison(PRIMARY, "eq", True)))),
        ('meta.lastModified gt "1970-01-01T00:00:01Z"', Comparison(of_user("meta.lastModified"), "gt", 1000)),
        ('meta.created le "1970-01-01T01:00:00.5+01:00"', Comparison(of_user("meta.created"), "le", 500)),
        ("", None),
        ("  ", None),
    ],
)
def test_what_a_filter_means(text: str, meant: Filter | None) -> None:
    assert parse_filter(text, USER) == meant


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("userName", "at its end: 'userName' is followed by one of co, eq"),
        ("userName is 'a'", "at character 10, 'is'"),
        ("userName eq", "at its end: 'userName' is compared with a text"),
        ("userName eq ann", "at character 13, 'ann'"),
        ('userName eq "ann', "A quote is not closed"),
        ("password eq 'a'", "Use one of active, displayName"),
        ("members eq 'a'", "Use one of active, displayName"),
        ('emails[type eq "work"] pr', "Comparisons are joined by and, or"),
        ('emails[type eq "work"', "A bracket is not closed"),
        ("emails[]", "A comparison begins with an attribute"),
        ('emails[userName eq "a"]', "Use one of display, primary, type, value"),
        ('emails[emails[type eq "a"]]', "Brackets follow a list"),
        ('userName[type eq "a"]', "Brackets follow a list. Use one of emails, entitlements, groups, roles"),
        ('[type eq "a"]', "A comparison begins with an attribute"),
        ('urn:other:userName eq "a"', "A comparison begins with an attribute"),
        ('meta.created gt "yesterday"', "A time is written as"),
        ('meta.created co "2026"', "'meta.created' is followed by one of eq, ge, gt, le, lt, ne, pr"),
        ("active eq 1", "compared with true or false"),
        ("active co true", "'active' is followed by one of eq, ne, pr"),
        ("id sw '1'", "'id' is followed by one of eq, ne, pr"),
        ("emails gt 'a'", "'emails.value' is followed by one of co, eq"),
        ("userName pr userName pr", "Comparisons are joined by and, or"),
        ("userName pr and", "at its end"),
        ("not userName pr", "not is followed by parentheses"),
        ("(userName pr", "A parenthesis is not closed"),
        ("userName pr)", "Comparisons are joined by and, or"),
        (r'userName eq "\q"', "An escape is unknown"),
        (r'userName eq "\ud800"', "An escape is unknown"),
        (r'userName eq "\u0000"', "NUL"),
        ("(" * (MAX_DEPTH + 1) + "id pr" + ")" * (MAX_DEPTH + 1), f"nested more than {MAX_DEPTH} deep"),
        (" or ".join(["id pr"] * (MAX_COMPARISONS + 1)), f"more than {MAX_COMPARISONS} comparisons"),
        ("x" * (MAX_FILTER + 1), f"at most {MAX_FILTER}"),
    ],
)
def test_what_is_refused(text: str, part: str) -> None:
    with pytest.raises(InvalidParameterValue) as refused:
        parse_filter(text, USER)
    assert part in refused.value.message


def test_the_limits_themselves_are_allowed() -> None:
    assert parse_filter("(" * MAX_DEPTH + "id pr" + ")" * MAX_DEPTH, USER)
    assert parse_filter(" or ".join(["id pr"] * MAX_COMPARISONS), USER)


def test_attributes_kept_back_are_as_unknown() -> None:
    with pytest.raises(InvalidParameterValue) as refused:
        parse_filter('emails eq "a"', USER, frozenset({"emails"}))
    assert "emails" not in refused.value.message.partition("Use one of")[2]


def test_each_resource_has_its_own_attributes() -> None:
    assert parse_filter("members.display eq 'ann'", GROUP)
    assert parse_filter("applicationId eq 'a'", SERVICE_PRINCIPAL)
    with pytest.raises(InvalidParameterValue):
        parse_filter("active eq true", GROUP)


@given(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=60))
@example("not " * 2000)
@example("(" * MAX_FILTER)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read = parse_filter(text, USER)
    except InvalidParameterValue:
        return
    assert (read is None) == (not text.strip())
