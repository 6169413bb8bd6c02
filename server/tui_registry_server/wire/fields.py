"""The types of fields, and the base classes of entities and request bodies."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

MAX_INT64 = 2**63 - 1

_INTEGER = re.compile("-?[0-9]+")
"""Decimal digits. Python's int() also accepts 1_0, +1, surrounding whitespace and digits of other scripts."""


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain a NUL character; remove it")
    return text


def _digits(value: Any) -> Any:
    """Versions are strings on the wire; clients also send numbers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _is_integer(value: str) -> str:
    if not _INTEGER.fullmatch(value):
        raise ValueError("must be an integer, such as 3")
    if len(value) > 30 or abs(int(value)) > MAX_INT64:
        raise ValueError("is too large for a version number")
    return value


def _reject_non_integer(value: Any) -> Any:
    """Booleans are integers in Python only."""
    if isinstance(value, bool) or (isinstance(value, str) and not _INTEGER.fullmatch(value)):
        raise ValueError("must be an integer, such as 3")
    return value


Text = Annotated[str, AfterValidator(_no_nul)]
"""A string that every database can store."""

MAX_DESCRIPTION_LENGTH = 100_000

Description = Annotated[Text, Field(max_length=MAX_DESCRIPTION_LENGTH)]

Version = Annotated[
    Text,
    BeforeValidator(_digits),
    AfterValidator(_is_integer),
    Field(examples=["3"], json_schema_extra={"pattern": f"^{_INTEGER.pattern}$"}),
]
"""A version number as in MLflow: a string of digits. Numbers are accepted, too."""

Integer = Annotated[int, BeforeValidator(_reject_non_integer)]

Milliseconds = Annotated[Integer, Field(ge=0, le=MAX_INT64, examples=[1767225600000])]
"""A time: milliseconds since the epoch, UTC."""

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", examples=["0123456789abcdef0123456789abcdef"])]


class RequestBody(BaseModel):
    """A request: a JSON body or query parameters. Unknown fields are ignored."""

    model_config = ConfigDict(defer_build=True, extra="ignore", hide_input_in_errors=True)


class Entity(BaseModel):
    """An answer. Unknown fields are ignored, so that an old console can use a newer server."""

    model_config = ConfigDict(defer_build=True, extra="ignore", protected_namespaces=())


class Nothing(Entity):
    """An empty answer: ``{}``."""
