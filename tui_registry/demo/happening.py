"""Something told by hand, after a model's made-up past."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tui_registry.demo.clock import When


@dataclass(frozen=True, slots=True)
class Happening:
    """``verb`` is a method of Chronicle, called with the time, ``who``, the version and ``said``.

    back: which version: 0 is the newest, 1 the one before.
    said: the verb's further arguments. Text may quote facts in braces, as remarks do.
    """

    model: str
    when: When
    who: str
    verb: Callable[..., None]
    back: int = 0
    said: tuple[str, ...] = field(default=())
