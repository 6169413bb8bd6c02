"""The order of search results: ``order_by`` clauses, each a key with ASC (the default) or DESC.

Keys are case-sensitive, may be quoted (`name` or "name") and may begin with ``attribute.``. Unique keys are appended to
make the order total, so that a page continues exactly after the last row of the previous one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tui_registry_server.rules.errors import InvalidParameterValue

_CLAUSE = re.compile(r"""(?:attribute\.)?(?P<quote>[`"]?)(?P<key>\w+)(?P=quote)(?:\s+(?P<way>(?i:ASC|DESC)))?""")


@dataclass(frozen=True)
class Order:
    """One key of the order. Timestamps and version numbers are ints, names strings."""

    key: str
    ascending: bool = True


@dataclass(frozen=True)
class Orderable:
    """What a search can be ordered by.

    ``keys``: from the keys of order_by to those of the store; ``default``: the order without order_by; ``unique``: keys
    that together are unique, in the order in which they are appended.
    """

    keys: Mapping[str, str]
    default: tuple[Order, ...]
    unique: tuple[Order, ...]


MODEL_ORDER = Orderable(
    keys={
        "name": "name",
        "timestamp": "last_updated_timestamp",
        "last_updated_timestamp": "last_updated_timestamp",
    },
    default=(Order("name"),),
    unique=(Order("name"),),
)
VERSION_ORDER = Orderable(
    keys={
        "name": "name",
        "version_number": "version_number",
        "version": "version_number",
        "creation_timestamp": "creation_timestamp",
        "last_updated_timestamp": "last_updated_timestamp",
    },
    default=(Order("last_updated_timestamp", ascending=False),),
    unique=(Order("name"), Order("version_number", ascending=False)),
)


def parse_order(clauses: Sequence[str], orderable: Orderable) -> tuple[Order, ...]:
    """A total order, without keys after those that make it unique.

    Raises InvalidParameterValue for a clause that cannot be parsed, an unknown key, and a repeated key.
    """
    requested: dict[str, Order] = {}
    for clause in clauses:
        order = _parse_clause(clause, orderable)
        if order.key in requested:
            raise InvalidParameterValue(f"order_by has '{order.key}' twice, the last as {clause!r}. Keep one of them.")
        requested[order.key] = order
    if not requested:
        requested = {order.key: order for order in orderable.default}
    total: list[Order] = []
    missing = {order.key for order in orderable.unique}
    for order in (*requested.values(), *(order for order in orderable.unique if order.key not in requested)):
        if not missing:
            break  # further keys would make no difference
        total.append(order)
        missing.discard(order.key)
    return tuple(total)


def _parse_clause(clause: str, orderable: Orderable) -> Order:
    match = _CLAUSE.fullmatch(clause)
    if match is None or match["key"] not in orderable.keys:
        raise InvalidParameterValue(
            f"Invalid order_by clause {clause[:100]!r}. Use one of {', '.join(orderable.keys)}, "
            "optionally followed by ASC or DESC."
        )
    return Order(orderable.keys[match["key"]], (match["way"] or "ASC").upper() == "ASC")
