"""SCIM filters in SQL: what rules.scim_filter read, as a condition on rows of principals.

Every comparison is true or false, never NULL, so that ``not`` means what it says.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, literal, literal_column, not_, or_, select

from tui_registry_server.rules.scim_filter import All, Comparison, Either, Filter, Not
from tui_registry_server.rules.scim_resources import Kind
from tui_registry_server.store.dialects import values
from tui_registry_server.wire.names import name_key

Column = ColumnElement[Any]


class Columns(NamedTuple):
    """Where attributes are: in a column each; in a column of JSON; or in rows (value, display) of other tables, by a
    query that looks at the row around it."""

    single: Mapping[str, Column]
    listed: Mapping[str, Column]
    related: Mapping[str, Callable[[], Select[Any]]]


_ORDERED: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


def condition(narrowed: Filter, columns: Columns) -> ColumnElement[bool]:
    """Whether a filter lets a row of principals through."""
    match narrowed:
        case Not(operand):
            return not_(condition(operand, columns))
        case All(operands):
            return and_(*(condition(each, columns) for each in operands))
        case Either(operands):
            return or_(*(condition(each, columns) for each in operands))
        case Comparison():
            return _of_list(narrowed, columns) if narrowed.attribute.many else _single(narrowed, columns)


def _single(comparison: Comparison, columns: Columns) -> ColumnElement[bool]:
    column = columns.single[comparison.attribute.path]
    if comparison.attribute.kind is Kind.BOOLEAN:
        if comparison.operator == "pr":
            return literal_column("1") == literal_column("1")
        holds = column if comparison.value else not_(column)
        return holds if comparison.operator == "eq" else not_(holds)
    # A column that always has a value is compared as it is, so that an index can serve.
    return _compare(func.coalesce(column, "") if column.nullable else column, comparison)


def _of_list(comparison: Comparison, columns: Columns) -> ColumnElement[bool]:
    top, _, part = comparison.attribute.path.partition(".")
    rows = values(columns.listed[top]) if top in columns.listed else columns.related[top]().subquery()
    value: Column = rows.c.value if top in columns.listed else rows.c[part]
    query: Select[Any] = select(literal_column("1")).select_from(rows)
    if comparison.operator == "ne":
        return not_(query.where(_compare(value, Comparison(comparison.attribute, "eq", comparison.value))).exists())
    return query.where(_compare(value, comparison)).exists()


def _compare(column: Column, comparison: Comparison) -> ColumnElement[bool]:
    text = str(comparison.value)
    if comparison.attribute.kind is Kind.NAME:
        return _compare_keys(column, comparison.operator, name_key(text))
    match comparison.operator:
        case "pr":
            return column != literal("")
        case "co":
            return column.icontains(text, autoescape=True)
        case "sw":
            return column.istartswith(text, autoescape=True)
        case "ew":
            return column.iendswith(text, autoescape=True)
    compare = _ORDERED[comparison.operator]
    if comparison.attribute.kind is Kind.EXACT:
        return compare(column, text)  # type: ignore[no-any-return]  # operators give columns
    return compare(func.lower(column), func.lower(text))  # type: ignore[no-any-return]  # as above


def _compare_keys(column: Column, asked: str, key: str) -> ColumnElement[bool]:
    match asked:
        case "pr":
            return column != literal("")
        case "co":
            return column.contains(key, autoescape=True)
        case "sw":
            return column.startswith(key, autoescape=True)
        case "ew":
            return column.endswith(key, autoescape=True)
    return _ORDERED[asked](column, key)  # type: ignore[no-any-return]  # as above
