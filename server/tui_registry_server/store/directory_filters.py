"""SCIM filters in SQL: a parsed filter of rules.scim_filter as a condition on rows of principals.

Every comparison is true or false, never NULL, so that ``not`` works.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Column as SchemaColumn
from sqlalchemy import ColumnElement, Select, and_, func, literal, literal_column, not_, or_, select

from tui_registry_server.rules.scim_filter import And, Comparison, Filter, Not, Or, ValuePath
from tui_registry_server.rules.scim_resources import Attribute, Kind
from tui_registry_server.store.dialects import values
from tui_registry_server.wire.names import name_key

Column = ColumnElement[Any]


class Columns(NamedTuple):
    """Where attributes are stored: each in a column; in a JSON column; or in rows (value, display) of other tables, by
    a correlated query."""

    single: Mapping[str, Column]
    listed: Mapping[str, Column]
    related: Mapping[str, Callable[[], Select[Any]]]


_ORDERED: Mapping[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


def condition(filter_: Filter, columns: Columns) -> ColumnElement[bool]:
    """Whether a row of principals matches a filter."""
    return _condition(filter_, lambda comparison: _of_principal(comparison, columns), columns)


def _condition(
    filter_: Filter, compare: Callable[[Comparison], ColumnElement[bool]], columns: Columns
) -> ColumnElement[bool]:
    match filter_:
        case Not(operand):
            return not_(_condition(operand, compare, columns))
        case And(operands):
            return and_(*(_condition(each, compare, columns) for each in operands))
        case Or(operands):
            return or_(*(_condition(each, compare, columns) for each in operands))
        case ValuePath(top, operand):
            rows = _rows(top, columns)
            matches = _condition(operand, lambda each: _single(rows.c[each.attribute.path], each), columns)
            return select(literal_column("1")).select_from(rows).where(matches).exists()
        case Comparison():
            return compare(filter_)


def _of_principal(comparison: Comparison, columns: Columns) -> ColumnElement[bool]:
    if comparison.attribute.many:
        return _of_list(comparison, columns)
    return _single(columns.single[comparison.attribute.path], comparison)


def _single(column: Column, comparison: Comparison) -> ColumnElement[bool]:
    if comparison.attribute.kind is Kind.BOOLEAN:
        if comparison.operator == "pr":
            return literal_column("1") == literal_column("1")
        equal = column if comparison.value else not_(column)
        return equal if comparison.operator == "eq" else not_(equal)
    if comparison.attribute.kind is Kind.DATETIME:
        if comparison.operator == "pr":
            return literal_column("1") == literal_column("1")
        return _ORDERED[comparison.operator](column, comparison.value)
    # A NOT NULL column is compared without coalesce, so that an index can be used.
    not_null = isinstance(column, SchemaColumn) and not column.nullable
    return _compare(column if not_null else func.coalesce(column, ""), comparison)


def _of_list(comparison: Comparison, columns: Columns) -> ColumnElement[bool]:
    rows = _rows(comparison.attribute.top, columns)
    query: Select[Any] = select(literal_column("1")).select_from(rows)
    attribute = Attribute(comparison.attribute.part, comparison.attribute.kind)
    negated = comparison.operator == "ne"
    each = Comparison(attribute, "eq" if negated else comparison.operator, comparison.value)
    exists = query.where(_single(rows.c[attribute.path], each)).exists()
    return not_(exists) if negated else exists


def _rows(top: str, columns: Columns) -> Any:
    """The values of a list attribute of the principal of the outer row."""
    return values(columns.listed[top]) if top in columns.listed else columns.related[top]().subquery()


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
        return compare(column, text)
    return compare(func.lower(column), func.lower(text))


def _compare_keys(column: Column, comparator: str, key: str) -> ColumnElement[bool]:
    match comparator:
        case "pr":
            return column != literal("")
        case "co":
            return column.contains(key, autoescape=True)
        case "sw":
            return column.startswith(key, autoescape=True)
        case "ew":
            return column.endswith(key, autoescape=True)
    return _ORDERED[comparator](column, key)
