"""A hand-written event, after a model's generated history."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tui_registry.demo.clock import When


@dataclass(frozen=True, slots=True)
class Event:
    """``action`` is a method of CallBuilder, called with the time, ``who``, the version and ``arguments``.

    back: which version: 0 is the newest, 1 the one before.
    arguments: further arguments of the action. Texts may have facts in braces, as comments do.
    """

    model: str
    when: When
    who: str
    action: Callable[..., None]
    back: int = 0
    arguments: tuple[str, ...] = field(default=())
