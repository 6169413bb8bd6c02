"""How many values the JSON body of a route may have; counted in its bytes, before it is parsed.

Parsing two million empty lists blocks the event loop for a second; counting them takes milliseconds.
"""

from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tui_registry_server.rules.errors import RequestTooLarge
from tui_registry_server.wire.lists import MaxLength

MAX_UNKNOWN_VALUES = 1000  # values in unknown fields, which are ignored
MAX_BODY_VALUES = 100_000  # values of any body: 10,000 members of a group as Entra ID sends them are half of that
_ESCAPES = (rb"\\", rb"\"")


@cache
def max_values_of(body: type[BaseModel]) -> int:
    """The limit for a body: the values that its model can have, plus MAX_UNKNOWN_VALUES."""
    return min(_of_model(body) + MAX_UNKNOWN_VALUES, MAX_BODY_VALUES)


def check_value_count(content: bytes, limit: int) -> None:
    """Raises RequestTooLarge for JSON of more values."""
    if len(content) > limit < _count(content, limit):  # a value takes at least a byte
        raise RequestTooLarge(
            f"The request's body has more than {limit:,} values, which is the limit of this call. Send less at a time."
        )


def _count(content: bytes, limit: int) -> int:
    """An upper bound: each value but the first of a list or an object follows a comma. Commas and brackets in strings
    are counted, too, unless the count exceeds the limit by them."""
    found = _count_separators(content)
    if found <= limit:
        return found
    for escaped in _ESCAPES:
        content = content.replace(escaped, b"")
    texts = content.count(b'"') // 2
    if texts > 2 * limit:  # each is a value or a key
        return texts // 2
    return _count_separators(b"".join(content.split(b'"')[::2]))


def _count_separators(content: bytes) -> int:
    return 1 + content.count(b",") + content.count(b"[") + content.count(b"{")


def _of_model(model: type[BaseModel]) -> int:
    return 1 + sum(_of_type(field.annotation, field) for field in model.model_fields.values())


def _of_type(kind: Any, field: FieldInfo) -> int:
    if kind is Any:
        return MAX_BODY_VALUES
    if get_origin(kind) in (Union, UnionType):
        return max(_of_type(each, field) for each in get_args(kind))
    if get_origin(kind) is list:
        length = next(each.length for each in field.metadata if isinstance(each, MaxLength))
        return 1 + length * _of_type(get_args(kind)[0], field)
    return _of_model(kind) if isinstance(kind, type) and issubclass(kind, BaseModel) else 1
