"""The meaning of search filters, and the messages for invalid ones. Compared with MLflow's in tests/compat."""

import pytest

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.search_filter import (
    MAX_COMPARISONS,
    MAX_FILTER,
    MAX_PATTERN,
    MODEL_ATTRIBUTES,
    VERSION_ATTRIBUTES,
    Comparison,
    asks_for_prompts,
    parse_filter,
)


def only(text: str) -> Comparison:
    [comparison] = parse_filter(text, VERSION_ATTRIBUTES)
    return comparison


def test_an_empty_filter_holds_for_everything() -> None:
    assert parse_filter("", MODEL_ATTRIBUTES) == ()


@pytest.mark.parametrize(
    ("text", "comparison"),
    [
        ("name = 'a'", Comparison("attribute", "name", "=", "a")),
        ("attribute.name='a'", Comparison("attribute", "name", "=", "a")),
        ('name != "it\'s"', Comparison("attribute", "name", "!=", "it's")),
        ("name = 'it''s'", Comparison("attribute", "name", "=", "it''s")),
        ("name like 'a%'", Comparison("attribute", "name", "LIKE", "a%")),
        ("name NOT  in ('a', \"b\",)", Comparison("attribute", "name", "NOT IN", ("a", "b"))),
        ("run_id IN ('a')", Comparison("attribute", "run_id", "IN", ("a",))),
        ("version_number >= 3", Comparison("attribute", "version_number", ">=", 3)),
        ("version_number = '3'", Comparison("attribute", "version_number", "=", 3)),
        ("tags.k = 'v'", Comparison("tag", "k", "=", "v")),
        ("tag.a.b = ''", Comparison("tag", "a.b", "=", "")),
        ("tags.`a b` ILIKE 'v'", Comparison("tag", "a b", "ILIKE", "v")),
        ('tags."a.b" = "v"', Comparison("tag", "a.b", "=", "v")),
        ("name CONTAINS '50%'", Comparison("attribute", "name", "CONTAINS", "50%")),
        ("name = u'it%27s a %22b%22%5C'", Comparison("attribute", "name", "=", 'it\'s a "b"\\')),
        ("name IN (u'a%5Cb', 'c')", Comparison("attribute", "name", "IN", ("a\\b", "c"))),
        ("tags.k = u'%C3%A9'", Comparison("tag", "k", "=", "é")),
    ],
)
def test_a_comparison(text: str, comparison: Comparison) -> None:
    assert only(text) == comparison


def test_all_comparisons_are_kept_in_order() -> None:
    comparisons = parse_filter("name != 'a' AND tags.k = 'b' and tags.k != 'c'", MODEL_ATTRIBUTES)
    assert [(each.key, each.value) for each in comparisons] == [("name", "a"), ("k", "b"), ("k", "c")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("  ", "at its end: The filter is blank"),
        ("name = 'a", 'at character 8, "\'a": A quote is not closed'),
        ("name = 'a';", "at character 11, ';': This character is not expected"),
        ("name = 'a' OR name = 'b'", "at character 12, 'OR': 'OR' cannot be searched"),
        ("(name = 'a')", "A comparison begins with a key"),
        (
            "phase = 'Production'",
            "user_id, stage, alias, creation_timestamp, last_updated_timestamp or tags.<key>",
        ),
        ("name", "at its end: A key is followed by a comparator"),
        ("name IS NULL", "'name' cannot be compared by 'IS'"),
        ("name > 'a'", "Use one of !=, =, CONTAINS, ILIKE, IN, LIKE, NOT IN"),
        ("tags.k IN ('a')", "'k' cannot be compared by 'IN'"),
        ("name = a", "compared with a text in quotes"),
        ("name = ('a')", "compared with a text in quotes"),
        ("name IN 'a'", "IN is followed by a list"),
        ("name IN ()", "IN is followed by a list"),
        ("name IN ('a' 'b')", "IN is followed by a list"),
        ("name IN ('a\\b')", "Compare with = instead"),
        ("name = u'%E9'", "must be UTF-8"),
        ("run_id CONTAINS 'a'", "'run_id' cannot be compared by 'CONTAINS'"),
        (f"name CONTAINS '{'a' * (MAX_PATTERN + 1)}'", "The pattern is too long"),
        ("version_number = u'1'", "compared with an integer"),
        ("version_number = 1.5", "compared with an integer"),
        ("version_number = 'x'", "compared with an integer"),
        (f"version_number = {2**63}", "compared with an integer"),
        (f"version_number = '{'9' * 5000}'", "compared with an integer"),
        (f"name LIKE '{'a' * (MAX_PATTERN + 1)}'", "The pattern is too long"),
        (" AND ".join(["name = 'a'"] * (MAX_COMPARISONS + 1)), "at most 100 are allowed"),
        ("name = 'a' " * MAX_FILTER, f"at most {MAX_FILTER} are allowed"),
    ],
)
def test_invalid_filters(text: str, message: str) -> None:
    with pytest.raises(InvalidParameterValue) as refusal:
        parse_filter(text, VERSION_ATTRIBUTES)
    assert message in refusal.value.message


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("", False),
        ("name = 'true'", False),
        ("tags.`mlflow.prompt.is_prompt` = 'true'", True),
        ("tags.mlflow.prompt.is_prompt = 'TRUE'", True),
        ("tags.mlflow.prompt.is_prompt != 'false'", True),
        ("tags.mlflow.prompt.is_prompt != 'true'", False),
        ("tags.mlflow.prompt.is_prompt LIKE 'true'", False),
        ("tags.mlflow.prompt.is_prompt = 'false' AND tags.mlflow.prompt.is_prompt = 'true'", False),
    ],
)
def test_prompts_are_searched_only_when_asked_for(text: str, asked: bool) -> None:
    assert asks_for_prompts(parse_filter(text, MODEL_ATTRIBUTES)) is asked
