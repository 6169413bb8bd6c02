"""Comparisons of a search's filter, each with an independent implementation of its meaning."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import NamedTuple

from hypothesis import strategies as st

from tests.faults.reference_registry import STAGES


class Item(NamedTuple):
    """What a comparison is applied to: a model, with the stages of its versions, or a version."""

    name: str
    author: str
    tags: dict[str, str]
    stages: Collection[str]
    number: int = 0


@dataclass(frozen=True)
class Clause:
    """A comparison's text in a filter, and its meaning."""

    text: str
    holds: Callable[[Item], bool]


def quoted(text: str) -> str:
    """In the kind of quotes that the text does not contain."""
    return f'"{text}"' if "'" in text else f"'{text}'"


def matches(pattern: str, text: str, *, fold: bool = False) -> bool:
    r"""Whether the whole text matches, where % is any text and _ any character."""
    read = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(read, text, re.DOTALL | (re.IGNORECASE if fold else 0)) is not None


_MEANINGS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda text, value: text == value,
    "!=": lambda text, value: text != value,
    "LIKE": lambda text, value: matches(value, text),
    "ILIKE": lambda text, value: matches(value, text, fold=True),
}
_NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "=": lambda number, value: number == value,
    "!=": lambda number, value: number != value,
    "<": lambda number, value: number < value,
    "<=": lambda number, value: number <= value,
    ">": lambda number, value: number > value,
    ">=": lambda number, value: number >= value,
}


def _about(comparator: str, value: str, key: str, read: Callable[[Item], str | None]) -> Clause:
    def holds(item: Item) -> bool:
        text = read(item)
        return text is not None and _MEANINGS[comparator](text, value)

    return Clause(f"{key} {comparator} {quoted(value)}", holds)


def _listed(values: list[str], negated: bool) -> Clause:
    texts = ", ".join(quoted(value) for value in values)
    return Clause(f"name {'NOT IN' if negated else 'IN'} ({texts})", lambda item: (item.name in values) is not negated)


def _staged(stage: str, negated: bool) -> Clause:
    return Clause(f"stage {'!=' if negated else '='} '{stage}'", lambda item: (stage in item.stages) is not negated)


def _numbered(comparator: str, value: int) -> Clause:
    return Clause(f"version_number {comparator} {value}", lambda item: _NUMBERS[comparator](item.number, value))


def clauses(
    names: list[str], patterns: list[str], callers: list[str], keys: list[str], values: list[str], *, versions: bool
) -> st.SearchStrategy[Clause]:
    """Comparisons with the values of a test, for a search of versions or of models."""
    exact, like = st.sampled_from(("=", "!=")), st.sampled_from(("LIKE", "ILIKE"))
    written = st.one_of(st.tuples(exact, st.sampled_from(names)), st.tuples(like, st.sampled_from(patterns)))
    tagged = st.one_of(st.tuples(exact, st.sampled_from(values)), st.tuples(like, st.sampled_from(patterns)))

    def tag(comparison: tuple[str, str], key: str) -> Clause:
        return _about(*comparison, f"tags.`{key}`", lambda item: item.tags.get(key))

    choices = [
        written.map(lambda each: _about(*each, "name", lambda item: item.name)),
        st.builds(_listed, st.lists(st.sampled_from(names), min_size=1, max_size=3), st.booleans()),
        st.builds(tag, tagged, st.sampled_from(keys)),
        st.builds(_staged, st.sampled_from(STAGES), st.booleans()),
        st.tuples(exact, st.sampled_from(callers)).map(lambda each: _about(*each, "user_id", lambda item: item.author)),
    ]
    if versions:
        choices.append(st.builds(_numbered, st.sampled_from(list(_NUMBERS)), st.integers(0, 5)))
    return st.one_of(choices)
