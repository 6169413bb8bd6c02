"""How many values the JSON body of a route can need, and whether one has more: told from its bytes, before it is read.

Reading two million empty lists takes the interpreter a second, in which nobody else is served; counting them takes
milliseconds.
"""

from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tui_registry_server.rules.errors import RequestTooLarge
from tui_registry_server.wire.lists import MaxLength

MAX_UNKNOWN_VALUES = 1000  # values of fields that are not known here, and are ignored
MAX_BODY_VALUES = 100_000  # values of any body: 10,000 members of a group as Entra ID sends them are half of it
_ESCAPES = (rb"\\", rb"\"")


@cache
def max_values_of(body: type[BaseModel]) -> int:
    """How many values a body can have, at the most: those that its model can need, and some besides."""
    return min(_of_model(body) + MAX_UNKNOWN_VALUES, MAX_BODY_VALUES)


def check_value_count(content: bytes, limit: int) -> None:
    """Raises RequestTooLarge for JSON of more values. No value takes less than a byte."""
    if len(content) > limit < _count(content, limit):
        raise RequestTooLarge(
            f"The request's body has more than {limit:,} values, which is more than this call can take. Send less at a "
            "time."
        )


def _count(content: bytes, limit: int) -> int:
    """At least as many as there are values: each but the first of a list or an object follows a comma. Commas and
    brackets in texts count too, unless that would be too many."""
    found = _count_separators(content)
    if found <= limit:
        return found
    for escaped in _ESCAPES:
        content = content.replace(escaped, b"")
    texts = content.count(b'"') // 2
    if texts > 2 * limit:  # each is a value or the name of one
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
