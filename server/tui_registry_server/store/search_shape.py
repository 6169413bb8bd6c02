"""The shape of a search: everything but its values, which are the parameters of its statements.

Building a statement costs more than running it on few rows. So one is built for each shape.
"""

import json
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import BigInteger, ColumnElement, String, bindparam

from tui_registry_server.rules.ordering import Order
from tui_registry_server.rules.search import Search
from tui_registry_server.store.patterns import contains_pattern, has_trigram, to_glob
from tui_registry_server.wire.stage import Stage

Column: TypeAlias = ColumnElement[Any]

NUMBERS = frozenset({"version_number", "creation_timestamp", "last_updated_timestamp"})
PATTERNS = frozenset({"LIKE", "ILIKE", "CONTAINS"})


class Term(NamedTuple):
    """A comparison without its value. ``number`` is part of the names of its parameters; ``key`` of a tag is the number
    of the first comparison with the same key, and that of a lack names what is missing.

    has_prefix, has_trigram: whether a pattern begins with a literal character, and has three in a row, for an index.
    """

    number: int
    kind: str
    key: str
    comparator: str
    has_prefix: bool
    has_trigram: bool

    @property
    def value(self) -> Column:
        return parameter(f"given_value_{self.number}", number=self.kind == "attribute" and self.key in NUMBERS)

    @property
    def glob(self) -> Column:
        return parameter(f"given_glob_{self.number}")

    @property
    def wildcard_pattern(self) -> Column:
        """A pattern that matches all values with the text and, if that contains wildcards, more."""
        return parameter(f"given_wildcard_{self.number}")

    @property
    def escaped_pattern(self) -> Column:
        return parameter(f"given_escaped_{self.number}")


class Shape(NamedTuple):
    """A search without its values.

    has_position: whether it is of a page after the first.
    in_production: whether all results are in Production: there is an index of their ages.
    """

    terms: tuple[Term, ...]
    prompts: bool
    order: tuple[Order, ...]
    has_position: bool
    in_production: bool

    @property
    def compares_texts(self) -> bool:
        """Whether long texts are compared with patterns: a single comparison may take a second."""
        return any(term.comparator in PATTERNS and term.key != "name" for term in self.terms)


def shape_of(search: Search) -> Shape:
    firsts: dict[str, int] = {}
    terms: list[Term] = []
    for number, each in enumerate(search.comparisons):
        key = each.key if each.kind == "attribute" else str(firsts.setdefault(each.key, number))
        if (each.kind, key) == ("attribute", "missing"):
            key = f"missing {each.value}"
        pattern = str(each.value) if each.comparator in PATTERNS else ""
        has_prefix = pattern[:1] not in {"", "%", "_"}
        terms.append(
            Term(number, each.kind, key, each.comparator, has_prefix, has_trigram(pattern)),
        )
    in_production = any(
        (each.kind, each.key, each.comparator, each.value) == ("attribute", "stage", "=", Stage.PRODUCTION)
        for each in search.comparisons
    )
    return Shape(tuple(terms), search.prompts, search.order, search.position is not None, in_production)


def parameters_of(search: Search) -> dict[str, Any]:
    """The parameters of the statements of a search's shape."""
    given: dict[str, Any] = {f"given_position_{number}": value for number, value in enumerate(search.position or ())}
    for number, each in enumerate(search.comparisons):
        given[f"given_value_{number}"] = json.dumps(each.value) if isinstance(each.value, tuple) else each.value
        if each.comparator == "LIKE":
            given[f"given_glob_{number}"] = to_glob(str(each.value))
        if each.comparator == "CONTAINS":
            given[f"given_wildcard_{number}"] = f"%{each.value}%"
            given[f"given_escaped_{number}"] = contains_pattern(str(each.value))
        if each.kind == "tag":
            given[f"given_key_{number}"] = each.key
    return given


def parameter(name: str, *, number: bool = False) -> Column:
    """Numbers are bound as 64-bit integers: a filter's may be larger than the column's type."""
    return bindparam(name, type_=BigInteger() if number else String())
