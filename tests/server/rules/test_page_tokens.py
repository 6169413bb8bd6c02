"""Page tokens: a written token can be read, by the same search only, and no other token can."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.page_tokens import digest, read_token, write_token

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
NUMBERS = st.integers(-(2**63) + 1, 2**63 - 1)


@given(TEXTS, NUMBERS)
def test_there_and_back(text: str, number: int) -> None:
    search = digest("search")
    assert read_token(write_token(search, (text, number)), search, (str, int)) == (text, number)


@given(TEXTS, NUMBERS)
def test_another_search(text: str, number: int) -> None:
    token = write_token(digest("one"), (text, number))
    for search, kinds in ((digest("other"), (str, int)), (digest("one"), (int, str)), (digest("one"), (str,))):
        with pytest.raises(InvalidParameterValue, match="page_token belongs to another search"):
            read_token(token, search, kinds)


@given(st.text())
def test_anything_else(token: str) -> None:
    with pytest.raises(InvalidParameterValue, match="page_token"):
        read_token(token, digest("search"), (str,))


@pytest.mark.parametrize("value", ["\0", "\ud800", 2**63, True, None, 1.5])
def test_what_no_database_can_compare(value: str) -> None:
    search = digest("search")
    for kinds in ((str,), (int,)):
        with pytest.raises(InvalidParameterValue):
            read_token(write_token(search, (value,)), search, kinds)
