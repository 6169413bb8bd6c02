"""A search of models or versions: parsed and validated, ready for the store.

Filters are explained in rules.search_filter, orders in rules.ordering, page tokens in rules.page_tokens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.ordering import MODEL_ORDER, VERSION_ORDER, Order, Orderable, parse_order
from tui_registry_server.rules.page_tokens import Position, digest, read_token, write_token
from tui_registry_server.rules.search_filter import (
    IS_PROMPT,
    MODEL_ATTRIBUTES,
    VERSION_ATTRIBUTES,
    Comparison,
    asks_for_prompts,
    parse_filter,
)

MAX_CACHED_FILTERS = 256  # clients repeat the same few filters, and parsing one costs as much as finding a row
MAX_CACHED_LENGTH = 1_000  # characters; longer filters are parsed each time, so that the cache stays small


@dataclass(frozen=True, eq=False)
class Searchable:
    """What can be searched: the attributes of its filters and orders, and the maximum rows of a page."""

    noun: str
    attributes: Mapping[str, frozenset[str]]
    order: Orderable
    max_results: int


MODELS = Searchable("registered models", MODEL_ATTRIBUTES, MODEL_ORDER, 1000)
VERSIONS = Searchable("model versions", VERSION_ATTRIBUTES, VERSION_ORDER, 200_000)


@dataclass(frozen=True)
class Search:
    """One page of a search. ``position``: the values that the row before the page has for the keys of ``order``."""

    comparisons: tuple[Comparison, ...]
    prompts: bool
    order: tuple[Order, ...]
    max_results: int
    position: Position | None
    digest: str

    def token_after(self, position: Sequence[str | int]) -> str:
        """The token of the page after a row with these values for the keys of the order."""
        return write_token(self.digest, position)


def read_search(
    searchable: Searchable,
    *,
    filter_text: str,
    order_by: Sequence[str],
    max_results: int,
    page_token: str,
    include_prompts: bool = False,
) -> Search:
    """Parse a search. An empty ``page_token`` is the first page. ``include_prompts``: also prompts, which are excluded
    unless the filter asks for them. Raises InvalidParameterValue.

    MLflow returns an empty page if ``max_results`` is 0 and, for models, something arbitrary if it is negative; here
    both are errors.
    """
    if not 1 <= max_results <= searchable.max_results:
        raise InvalidParameterValue(
            f"max_results is {max_results}. A page of {searchable.noun} has at least 1 and at most "
            f"{searchable.max_results} rows: follow next_page_token for the rest."
        )
    parse = _parse_cached if len(filter_text) <= MAX_CACHED_LENGTH else _parse
    comparisons = parse(searchable, filter_text)
    prompts = include_prompts or asks_for_prompts(comparisons)
    if not prompts:
        comparisons = tuple(each for each in comparisons if (each.kind, each.key) != ("tag", IS_PROMPT))
    order = parse_order(order_by, searchable.order)
    keys = [(each.key, each.ascending) for each in order]
    search_digest = digest(searchable.noun, filter_text, keys, *(["prompts"] if include_prompts else []))
    kinds = [str if each.key == "name" else int for each in order]
    return Search(
        comparisons=comparisons,
        prompts=prompts,
        order=order,
        max_results=max_results,
        position=read_token(page_token, search_digest, kinds) if page_token else None,
        digest=search_digest,
    )


def _parse(searchable: Searchable, filter_text: str) -> tuple[Comparison, ...]:
    return parse_filter(filter_text, searchable.attributes)


_parse_cached = lru_cache(MAX_CACHED_FILTERS)(_parse)
