"""One API call of the demo: who, when, what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """at: milliseconds since the epoch. who: the caller's user name. path: below the API's prefix.

    ``{id}`` in the path stands for the id of the model ``of``, which only the server knows.
    """

    at: int
    who: str
    method: str
    path: str
    body: Mapping[str, Any] = field(default_factory=dict)
    of: str | None = None
