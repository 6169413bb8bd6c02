"""Validation of names."""

from collections.abc import Callable
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.names import (
    check_alias,
    check_model_name,
    check_new_alias,
    check_source,
    check_tag_key,
    check_tags,
)
from tui_registry_server.wire.tag import Tag


@pytest.mark.parametrize(
    ("check", "longest"),
    [(check_model_name, 256), (check_alias, 255), (check_new_alias, 255), (check_tag_key, 250)],
)
def test_lengths_count_characters(check: Callable[[str], str], longest: int) -> None:
    assert check("é" * longest)
    with pytest.raises(InvalidParameterValue, match=f"{longest + 1} characters long; at most {longest}"):
        check("é" * (longest + 1))


@pytest.mark.parametrize("alias", ["latest", "Latest", "v1", "V007", "v١"])
def test_reserved_aliases_can_be_asked_for_but_not_set(alias: str) -> None:
    assert check_alias(alias) == alias
    with pytest.raises(InvalidParameterValue, match="reserved"):
        check_new_alias(alias)


@pytest.mark.parametrize("alias", ["vx", "v", "1v", "latest-1", "v1-", "_", "-"])
def test_aliases_that_look_like_reserved_ones(alias: str) -> None:
    assert check_new_alias(alias) == alias


@pytest.mark.parametrize("key", ["a", "a/b", "a.b", "a b", "a:b", "a-b", "_", ".a", "a..b", "é"])
def test_tag_keys(key: str) -> None:
    assert check_tag_key(key) == key


@pytest.mark.parametrize("key", ["", ".", "..", "/a", "a/", "a//b", "a/./b", "a/../b", "../a", "a\n", "a=b", "a'b"])
def test_impossible_tag_keys(key: str) -> None:
    with pytest.raises(InvalidParameterValue):
        check_tag_key(key)


def test_of_a_tag_that_comes_twice_the_last_counts() -> None:
    assert check_tags([Tag(key="a", value="1"), Tag(key="b"), Tag(key="a", value="2")]) == {"a": "2", "b": ""}
    with pytest.raises(InvalidParameterValue, match="Tag value"):
        check_tags([Tag(key="a", value="x" * 100_001)])


@given(st.text(alphabet="./%25eE\\ab", max_size=60))
def test_no_source_climbs(source: str) -> None:
    """Accepted sources do not leave their folder, however often they are decoded."""
    try:
        check_source(source)
    except InvalidParameterValue:
        return
    for _ in range(10):
        assert ".." not in source.replace("\\", "/").split("/")
        source = unquote(source)
