"""The tokens of a filter, for the two grammars: rules.search_filter and rules.scim_filter."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn

from tui_registry_server.rules.errors import RegistryError


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a filter, and its position: ``start`` counts characters from 0.

    ``kind`` is the name of a group of the grammar's pattern or, after the last token, ``end``.
    """

    kind: str
    text: str
    start: int

    def says(self, word: str) -> bool:
        """Whether it is this keyword, in any letter case, or this mark."""
        return self.kind in ("word", "mark") and self.text.lower() == word.lower()


class Lexer:
    """``pattern`` has a named group for each kind of token; of those that it needs, ``blank`` is left out, and ``word``
    and ``mark`` are what ``Token.says`` compares. ``error`` makes the error of a message."""

    def __init__(self, pattern: re.Pattern[str], error: Callable[[str], RegistryError]) -> None:
        self._pattern = pattern
        self._error = error

    def split(self, text: str) -> Iterator[Token]:
        """The tokens of a filter, without whitespace; the last is of kind ``end``. Lazy: a parser stops at the first
        error in a long text. Raises the grammar's error."""
        position = 0
        while position < len(text):
            match = self._pattern.match(text, position)
            if match is None:
                what = "A quote is not closed" if text[position] in "'\"`" else "This character is not expected"
                self.fail(Token("", text[position:], position), what)
            if match.lastgroup != "blank":
                yield Token(str(match.lastgroup), match[0], position)
            position = match.end()
        yield Token("end", "", position)

    def fail(self, token: Token, advice: str) -> NoReturn:
        """Raises the grammar's error, which points at the token."""
        where = "at its end" if token.kind == "end" else f"at character {token.start + 1}, {token.text[:50]!r}"
        raise self._error(f"Invalid filter {where}: {advice}.")
