"""The tokenizer of search filters, for rules.search_filter."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from tui_registry_server.rules.errors import InvalidParameterValue

_SINGLE = r"'(?:''|\\'|[^'])*'"  # as far as the last quote that is not one of two, and not after a backslash
_DOUBLE = r'"(?:""|\\"|[^"])*"'
_BACKTICKS = r"`(?:``|[^`])*`"
_TOKEN = re.compile(
    rf"""(?P<blank>\s+)
      | (?P<text>{_SINGLE} | {_DOUBLE})
      | (?P<encoded>u'[^']*')
      | (?P<number>-?\d[\w.]*)
      | (?P<word>\w+ (?: \. (?: {_BACKTICKS} | {_SINGLE} | {_DOUBLE} | \w+(?:\.\w+)* ) )?)
      | (?P<comparator>[<>=!~]+)
      | (?P<mark>[(),])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """A token of a filter, and its position: ``start`` counts characters from 0.

    ``kind`` is ``text`` (with its quotes), ``encoded`` (with its ``u`` and quotes), ``number``, ``word`` (a keyword or
    a key, with its quotes), ``comparator``, ``mark`` or, after the last token, ``end``.
    """

    kind: str
    text: str
    start: int

    def says(self, word: str) -> bool:
        """Whether it is this keyword, in any letter case, or this mark."""
        return self.kind in ("word", "mark") and self.text.upper() == word


def split(text: str) -> Iterator[Token]:
    """The tokens of a filter, without whitespace; the last is of kind ``end``. Lazy: a parser stops at the first error
    in a long text. Raises InvalidParameterValue."""
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            what = "A quote is not closed" if text[position] in "'\"`" else "This character is not expected"
            fail(Token("", text[position:], position), what)
        if match.lastgroup != "blank":
            yield Token(str(match.lastgroup), match[0], position)
        position = match.end()
    yield Token("end", "", position)


def fail(token: Token, advice: str) -> NoReturn:
    """Raises InvalidParameterValue, which points at the token."""
    where = "at its end" if token.kind == "end" else f"at character {token.start + 1}, {token.text[:50]!r}"
    raise InvalidParameterValue(f"Invalid filter {where}: {advice}.")
