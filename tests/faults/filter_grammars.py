"""Texts of the registry's small languages for Hypothesis: filters of searches and of SCIM lists, orders, changes of
SCIM resources. Each is valid, mutated in some places, or arbitrary."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from tui_registry_server.rules.scim_filter import (
    MAX_DEPTH,
    And,
    Comparison,
    Filter,
    Not,
    Or,
    ValuePath,
    operators,
)
from tui_registry_server.rules.scim_resources import Attribute, Kind, Resource, Vocabulary
from tui_registry_server.rules.search import Searchable
from tui_registry_server.rules.search_filter import NUMBER_COMPARATORS, STAGE_COMPARATORS

NOISE = "'\"`()[]{}=!<>,;.:%_-+/*#$@\\ \t\n\r\0\x1b\u00a0\u202e\ufffd\U0001f600aAxeqANDINORnotor019\u0661ßıé"
ANY_ATTRIBUTE = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.text(NOISE, max_size=40)
"""Without lone surrogates: URLs cannot have them, and JSON with them is refused."""

AWKWARD = [
    "",
    "a",
    "A",
    "ab",
    "a b",
    "%",
    "_",
    "a%",
    "\\",
    "\\'",
    "'",
    '"',
    "`",
    "é",
    "ж",
    "😀",
    "10",
    "/",
    "*",
    "[a]",
    "\n",
]
BLANKS = st.sampled_from([" ", "  ", "\t", "\n"])


@st.composite
def mutated(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    """Mutated: up to three parts removed, doubled, or replaced."""
    text = draw(texts)
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, len(text)))
        end = min(len(text), begin + draw(st.integers(0, 4)))
        text = text[:begin] + draw(st.sampled_from(["", text[begin:end] * 2, *NOISE])) + text[end:]
    return text


def maybe_invalid(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(texts, mutated(texts), ANY_ATTRIBUTE)


def any_case(draw: st.DrawFn, word: str) -> str:
    return draw(st.sampled_from([word.lower(), word.upper(), word.title()]))


# --- filters and orders of searches ------------------------------------------------------------------------------


def quoted(value: str) -> st.SearchStrategy[str]:
    """In the kind of quotes that the value does not contain: there is no escape."""
    fitting = [quote for quote in "'\"" if quote not in value and not value.endswith("\\")]
    return st.sampled_from([f"{quote}{value}{quote}" for quote in fitting] or ["'a'"])


@st.composite
def comparisons(draw: st.DrawFn, searchable: Searchable) -> str:
    keys = ["tags.k", "tag.a.b", "tags.`a b`", 'tags."a.b"', "tags.mlflow.prompt.is_prompt"]
    key = draw(st.sampled_from([*searchable.attributes, "attribute.name", *keys]))
    allowed = searchable.attributes.get(key.removeprefix("attribute."), frozenset({"=", "!=", "LIKE", "ILIKE"}))
    comparator = draw(st.sampled_from(sorted(allowed)))
    value = draw(st.sampled_from(AWKWARD))
    if allowed is NUMBER_COMPARATORS:
        written = str(draw(st.integers(-(2**65), 2**65) | st.integers(-3, 3)))
    elif allowed is STAGE_COMPARATORS:
        written = f"'{any_case(draw, draw(st.sampled_from(['None', 'Staging', 'Production', 'Archived'])))}'"
    elif comparator.endswith("IN"):
        written = f"({', '.join(draw(st.lists(quoted(value), min_size=1, max_size=3)))})"
    else:
        written = draw(quoted(value))
    return f"{key}{draw(BLANKS)}{any_case(draw, comparator)}{draw(BLANKS)}{written}"


def filters(searchable: Searchable) -> st.SearchStrategy[str]:
    return st.lists(comparisons(searchable), max_size=4).map(" AND ".join)


def orders(searchable: Searchable) -> st.SearchStrategy[list[str]]:
    clause = st.builds(
        lambda form, key, way: form.format(key) + way,
        st.sampled_from(["{}", "`{}`", '"{}"', "attribute.{}"]),
        st.sampled_from(sorted(searchable.order.keys)),
        st.sampled_from(["", " ASC", " desc", "\tDESC"]),
    )
    return st.lists(clause, max_size=3) | st.lists(maybe_invalid(clause), max_size=3)


# --- SCIM --------------------------------------------------------------------------------------------------------

SCIM_VALUES = [value for value in AWKWARD if value != "\n"]


TIMES = {
    text: int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
    for text in ("2026-01-31T12:00:00Z", "2999-01-01")
}


def scim_comparisons(vocabulary: Vocabulary) -> st.SearchStrategy[Comparison]:
    attributes = sorted(set(vocabulary.attributes.values()), key=lambda each: each.path)
    return st.sampled_from(attributes).flatmap(_compared)


def _compared(attribute: Attribute) -> st.SearchStrategy[Comparison]:
    values: st.SearchStrategy[Any] = st.sampled_from(SCIM_VALUES)
    if attribute.kind is Kind.BOOLEAN:
        values = st.booleans()
    if attribute.kind is Kind.DATETIME:
        values = st.sampled_from(sorted(TIMES.values()))
    compared = st.builds(Comparison, st.just(attribute), st.sampled_from(sorted(operators(attribute) - {"pr"})), values)
    return compared | st.just(Comparison(attribute, "pr"))


def _within(vocabulary: Vocabulary) -> st.SearchStrategy[ValuePath]:
    """A filter of a single value of a list."""
    lists = sorted({each.top for each in vocabulary.attributes.values() if each.many})
    return st.sampled_from(lists).flatmap(
        lambda top: st.builds(ValuePath, st.just(top), _joined(scim_comparisons(vocabulary.parts(top) or vocabulary)))
    )


def _joined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.builds(And, several) | st.builds(Or, several) | st.builds(Not, inner)


def scim_filters(resource: Resource) -> st.SearchStrategy[Filter]:
    """Parsed filters: see ``written``."""

    leaves: st.SearchStrategy[Filter] = scim_comparisons(resource.vocabulary) | _within(resource.vocabulary)
    return st.recursive(leaves, _joined, max_leaves=5)


@st.composite
def written(draw: st.DrawFn, meant: Filter) -> str:
    """The text of a filter: with random letter case, kinds of quotes and parentheses."""
    match meant:
        case Not(operand):
            return f"{any_case(draw, 'not')}{draw(BLANKS)}({draw(written(operand))})"
        case And(operands) | Or(operands):
            word = any_case(draw, "and" if isinstance(meant, And) else "or")
            return f"{draw(BLANKS)}{word}{draw(BLANKS)}".join(f"({draw(written(each))})" for each in operands)
        case ValuePath(top, operand):
            return f"{any_case(draw, top)}[{draw(BLANKS)}{draw(written(operand))}{draw(BLANKS)}]"
        case Comparison(attribute, operator, value):
            path = any_case(draw, attribute.path)
            if operator == "pr":
                return f"{path} {any_case(draw, operator)}"
            return f"{path}{draw(BLANKS)}{any_case(draw, operator)}{draw(BLANKS)}{_literal(draw, value)}"


def _literal(draw: st.DrawFn, value: str | bool | int) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return next(f'"{text}"' for text, time in TIMES.items() if time == value)
    if isinstance(value, bool):
        return any_case(draw, draw(st.sampled_from(["{}", '"{}"'])).format(str(value).lower()))
    text = json.dumps(value, ensure_ascii=draw(st.booleans()))
    if draw(st.booleans()):
        inner = text[1:-1].replace('\\"', '"').replace("'", "\\'")
        return f"'{inner}'"
    return text


def scim_texts(resource: Resource) -> st.SearchStrategy[str]:
    """Valid and mutated filters, those nested up to the limit and deeper, and arbitrary texts."""
    good = scim_filters(resource).flatmap(written)
    deep = st.builds(
        lambda text, depth: "(" * depth + text + ")" * depth, good, st.integers(MAX_DEPTH - 3, MAX_DEPTH + 3)
    )
    return maybe_invalid(good) | deep


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | ANY_ATTRIBUTE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "display", "a"]), inner),
    max_leaves=4,
)


def patches(resource: Resource, members: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    """One operation of a PATCH; ``members`` are ids of principals that may be in a group."""
    attributes = sorted(set(resource.vocabulary.attributes.values()), key=lambda each: each.path)
    changeable = [each for each in attributes if each.top not in {*resource.read_only, resource.name}]
    likely = st.sampled_from(changeable).flatmap(
        lambda attribute: _likely_patch(attribute, members if attribute.top == "members" else SCIM_VALUES)
    )
    selected = st.builds(
        lambda op, top, value, part, new: {
            "op": op,
            "path": f"{top}[value eq {json.dumps(value)}]{part}",
            "value": new,
        },
        st.sampled_from(["add", "replace", "remove"]),
        st.sampled_from(["emails", "members", "roles", "entitlements", "displayName", "phoneNumbers"]),
        st.sampled_from(SCIM_VALUES),
        st.sampled_from(["", ".value", ".type", ".primary", ".a"]),
        st.sampled_from(["a", "true", {"value": "b", "type": "work"}, [], None]),
    )
    paths = st.sampled_from([each.path for each in attributes]) | ANY_ATTRIBUTE
    objects = st.dictionaries(paths.map(lambda each: each.partition(".")[0]), JSON, max_size=3)
    op = st.sampled_from(["add", "replace", "remove"]) | ANY_ATTRIBUTE
    anything = st.fixed_dictionaries({"op": op}, optional={"path": maybe_invalid(paths), "value": JSON | objects})
    return st.one_of(likely, likely, likely, selected, anything)


@st.composite
def _likely_patch(draw: st.DrawFn, attribute: Attribute, texts: Sequence[str]) -> dict[str, Any]:
    op = any_case(draw, draw(st.sampled_from(["add", "replace", "remove"])))
    text = draw(st.sampled_from(texts))
    if attribute.kind is Kind.BOOLEAN:
        value: Any = draw(st.sampled_from([True, False, "True", "false", [{"value": "true"}]]))
        op = "replace"
    elif attribute.many:
        value = draw(st.sampled_from([[], text, [text], {"value": text}, [{"value": text, "primary": True}]]))
    else:
        value = draw(st.sampled_from([text, [text], {"value": text}]))
    if op.lower() == "remove":
        return {"op": op, "path": attribute.path}
    if draw(st.booleans()):
        return {"op": op, "path": attribute.path, "value": value}
    top, dot, part = attribute.path.partition(".")
    return {"op": op, "value": {top: {part: value} if dot and not attribute.many else value}}
