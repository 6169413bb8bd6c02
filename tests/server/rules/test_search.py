"""Searches: their order, their pages and page tokens."""

import base64
import json
from collections.abc import Callable, Sequence
from functools import partial

import pytest

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.ordering import Order
from tui_registry_server.rules.search import MODELS, VERSIONS, Search, Searchable, read_search


def search(
    searchable: Searchable = MODELS,
    filter_text: str = "",
    order_by: Sequence[str] = (),
    max_results: int = 10,
    page_token: str = "",
) -> Search:
    return read_search(
        searchable, filter_text=filter_text, order_by=order_by, max_results=max_results, page_token=page_token
    )


def token(*content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


@pytest.mark.parametrize(
    ("searchable", "order_by", "order"),
    [
        (MODELS, [], [Order("name")]),
        (MODELS, ["name DESC", "timestamp"], [Order("name", False)]),
        (MODELS, ["timestamp desc"], [Order("last_updated_timestamp", False), Order("name")]),
        (VERSIONS, [], [Order("last_updated_timestamp", False), Order("name"), Order("version_number", False)]),
        (VERSIONS, ["version_number"], [Order("version_number"), Order("name")]),
        (VERSIONS, ["attribute.name DESC"], [Order("name", False), Order("version_number", False)]),
    ],
)
def test_the_order_ends_where_no_two_rows_are_equal(
    searchable: Searchable, order_by: list[str], order: list[Order]
) -> None:
    assert list(search(searchable, order_by=order_by).order) == order


@pytest.mark.parametrize(
    ("order_by", "message"),
    [
        (["stage"], "Use one of name, timestamp, last_updated_timestamp"),
        (["name up"], "followed by ASC or DESC"),
        ([""], "Invalid order_by clause ''"),
        (["timestamp", "last_updated_timestamp DESC"], "has 'last_updated_timestamp' twice"),
        (["name", "timestamp", "name"], "has 'name' twice"),
    ],
)
def test_an_order_that_cannot_be_read(order_by: list[str], message: str) -> None:
    with pytest.raises(InvalidParameterValue) as refusal:
        search(order_by=order_by)
    assert message in refusal.value.message


@pytest.mark.parametrize(
    ("searchable", "max_results"), [(MODELS, 1), (MODELS, 1000), (VERSIONS, 1), (VERSIONS, 10_000), (VERSIONS, 200_000)]
)
def test_the_length_of_a_page(searchable: Searchable, max_results: int) -> None:
    assert search(searchable, max_results=max_results).max_results == max_results


@pytest.mark.parametrize(
    ("searchable", "max_results"), [(MODELS, 0), (MODELS, -1), (MODELS, 1001), (VERSIONS, 0), (VERSIONS, 200_001)]
)
def test_a_length_that_no_page_has(searchable: Searchable, max_results: int) -> None:
    with pytest.raises(InvalidParameterValue, match=f"at most {searchable.max_results}"):
        search(searchable, max_results=max_results)


def test_comparisons_of_the_prompt_tag_say_nothing_more_where_prompts_are_left_out() -> None:
    assert search(filter_text="tags.mlflow.prompt.is_prompt != 'true'").comparisons == ()
    assert len(search(filter_text="tags.mlflow.prompt.is_prompt = 'true'").comparisons) == 1


def test_a_token_leads_on_in_its_own_search() -> None:
    asked = partial(search, filter_text="name LIKE 'é%'", order_by=["timestamp DESC"])
    page_token = asked().token_after((17, "é 😀"))
    assert asked(page_token=page_token).position == (17, "é 😀")
    assert asked(page_token=page_token, max_results=3).position == (17, "é 😀")  # pages may have different lengths
    assert page_token.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "other",
    [
        partial(search, filter_text="name != 'b'"),
        partial(search, order_by=["name DESC"]),
        partial(search, VERSIONS, order_by=["name"]),
    ],
)
def test_a_token_of_another_search_is_refused(other: Callable[..., Search]) -> None:
    with pytest.raises(InvalidParameterValue, match="belongs to another search"):
        other(page_token=search().token_after(("a",)))


@pytest.mark.parametrize(
    "page_token",
    [
        "nonsense",
        "é",
        "eyJvZmZzZXQiOiAxMH0=",  # MLflow's: {"offset": 10}
        token(),
        token(search().digest),
        token(search().digest, 1),
        token(search().digest, None),
        token(search().digest, "a", "b"),
        token(search().digest, "\x00"),
        token(search().digest, "\ud800"),
        search().token_after(("a",))[:-2],
        "WyJ" * 4000,
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
    ],
)
def test_a_token_that_was_never_given_is_refused(page_token: str) -> None:
    with pytest.raises(InvalidParameterValue, match="none for the first page"):
        search(page_token=page_token)


@pytest.mark.parametrize("timestamp", [2**63, -(2**63), True, 1.5, "1"])
def test_a_token_holds_only_what_a_database_can_compare_with(timestamp: object) -> None:
    asked = search(order_by=["timestamp"])
    with pytest.raises(InvalidParameterValue):
        search(order_by=["timestamp"], page_token=token(asked.digest, timestamp, "a"))
