"""The order of search results: ``order_by`` clauses, each a key with ASC (unless said otherwise) or DESC.

Keys are case-sensitive, may be quoted (`name` or "name") and begin with ``attribute.``. To what the caller asks for is
added what makes the order total, so that a page can go on exactly after the last row of the one before.
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

    ``keys`` are those of order_by with the key that each means; ``default`` is the order where none is asked for;
    ``unique`` is what tells any two rows apart, in the order in which it is added.
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
    """A total order: it ends where no two rows can be equal any more.

    Raises InvalidParameterValue for a clause that cannot be read, an unknown key, and a key that comes twice.
    """
    asked: dict[str, Order] = {}
    for clause in clauses:
        order = _parse_clause(clause, orderable)
        if order.key in asked:
            raise InvalidParameterValue(f"order_by has '{order.key}' twice, at last as {clause!r}. Keep one of them.")
        asked[order.key] = order
    if not asked:
        asked = {order.key: order for order in orderable.default}
    total: list[Order] = []
    missing = {order.key for order in orderable.unique}
    for order in (*asked.values(), *(order for order in orderable.unique if order.key not in asked)):
        if not missing:
            break  # what follows would never decide between two rows
        total.append(order)
        missing.discard(order.key)
    return tuple(total)


def _parse_clause(clause: str, orderable: Orderable) -> Order:
    match = _CLAUSE.fullmatch(clause)
    if match is None or match["key"] not in orderable.keys:
        raise InvalidParameterValue(
            f"Invalid order_by clause {clause[:100]!r}. Use one of {', '.join(orderable.keys)}, "
            "followed by ASC or DESC if you like."
        )
    return Order(orderable.keys[match["key"]], (match["way"] or "ASC").upper() == "ASC")
