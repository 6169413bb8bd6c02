r"""Filters of SCIM lists (RFC 7644, 3.4.2.2).

    filter     = all { "or" all }
    all        = one { "and" one }
    one        = [ "not" ] "(" filter ")" | attribute "pr" | attribute operator value
    operator   = eq | ne | co | sw | ew | gt | ge | lt | le
    value      = "text" | 'text' | true | false | digits

Words are read in any letter case. Single quotes, which the RFC does not know, are Databricks' clients' habit. What a
comparison means:

- Texts compare in any letter case; ids and external ids character by character, and only by eq, ne and pr.
- What is not there is as an empty text: ``eq ""`` finds it, ``ne "x"`` and ``not (... eq "x")`` do too.
- Of a list, such as ``emails``, one value must fit; ``ne`` holds where none is equal.
"""

import re
from dataclasses import dataclass
from typing import NoReturn

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.scim_resources import Attribute, Kind, Resource

MAX_FILTER = 4000  # characters; SQLite takes patterns of 50,000 bytes, and one character can become four
MAX_DEPTH = 20  # parentheses in parentheses
MAX_COMPARISONS = 100  # each is a term of one statement, and databases limit how deep those nest

EQUALITY = frozenset({"eq", "ne", "pr"})
WITHIN = EQUALITY | {"co", "sw", "ew"}
ORDER = WITHIN | {"gt", "ge", "lt", "le"}

_TOKEN = re.compile(
    r"""(?P<blank>\s+)|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<mark>[()])|(?P<word>[^\s()"']+)""", re.DOTALL
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "/": "/", "\\": "\\", '"': '"', "'": "'"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """``operator`` in lower case; of ``pr``, the value is empty."""

    attribute: Attribute
    operator: str
    value: str | bool = ""


@dataclass(frozen=True, slots=True)
class Not:
    operand: "Filter"


@dataclass(frozen=True, slots=True)
class All:
    """Every one of at least two must hold."""

    operands: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    """One of at least two must hold."""

    operands: "tuple[Filter, ...]"


Filter = Comparison | Not | All | Either


def parse_filter(text: str, resource: Resource, kept_back: frozenset[str] = frozenset()) -> Filter | None:
    """What a filter asks for; None if it is blank. ``kept_back`` are attributes that the caller may not see.

    Raises InvalidParameterValue, which says where the filter cannot be read and what could stand there.
    """
    if len(text) > MAX_FILTER:
        raise InvalidParameterValue(f"The filter is {len(text)} characters long; at most {MAX_FILTER} are read.")
    return _Reader(text, resource, kept_back).read()


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is ``text`` (with its quotes), ``word``, ``mark`` or, after the last one, ``end``."""

    kind: str
    text: str
    start: int

    def says(self, word: str) -> bool:
        return self.kind in ("word", "mark") and self.text.lower() == word


class _Reader:
    """Reads one filter from its first token to its last, the end."""

    def __init__(self, text: str, resource: Resource, kept_back: frozenset[str]) -> None:
        self._tokens = _split(text)
        self._resource = resource
        self._kept_back = kept_back
        self._next = 0
        self._depth = 0
        self._comparisons = 0

    def read(self) -> Filter | None:
        if self._peek().kind == "end":
            return None
        read = self._either()
        if self._peek().kind != "end":
            _fail(self._peek(), "Comparisons are joined by and, or")
        return read

    def _either(self) -> Filter:
        operands = [self._all()]
        while self._peek().says("or"):
            self._take()
            operands.append(self._all())
        return operands[0] if len(operands) == 1 else Either(tuple(operands))

    def _all(self) -> Filter:
        operands = [self._one()]
        while self._peek().says("and"):
            self._take()
            operands.append(self._one())
        return operands[0] if len(operands) == 1 else All(tuple(operands))

    def _one(self) -> Filter:
        if self._peek().says("not"):
            self._take()
            if not self._peek().says("("):
                _fail(self._peek(), "What follows not stands in parentheses, as in not (active eq true)")
            return Not(self._grouped())
        return self._grouped() if self._peek().says("(") else self._comparison()

    def _grouped(self) -> Filter:
        opening = self._take()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            _fail(opening, f"Parentheses are nested more than {MAX_DEPTH} deep")
        inner = self._either()
        if not (closing := self._take()).says(")"):
            _fail(closing, "A parenthesis is not closed")
        self._depth -= 1
        return inner

    def _comparison(self) -> Filter:
        self._comparisons += 1
        attribute = self._attribute()
        token = self._take()
        operator = token.text.lower() if token.kind == "word" else ""
        allowed = EQUALITY if attribute.kind in (Kind.EXACT, Kind.BOOLEAN) else WITHIN if attribute.many else ORDER
        if operator not in allowed:
            _fail(token, f"'{attribute.path}' is followed by one of {', '.join(sorted(allowed))}")
        if self._comparisons > MAX_COMPARISONS:
            _fail(token, f"There are more than {MAX_COMPARISONS} comparisons. Search several times")
        return (
            Comparison(attribute, operator)
            if operator == "pr"
            else Comparison(attribute, operator, self._value(attribute))
        )

    def _attribute(self) -> Attribute:
        token = self._take()
        attribute = self._resource.attribute(token.text) if token.kind == "word" else None
        if attribute is None or attribute.top in self._kept_back:
            known = sorted(
                {each.path for each in self._resource.attributes.values() if each.top not in self._kept_back}
            )
            _fail(token, f"A comparison begins with what is compared. Use one of {', '.join(known)}")
        return attribute

    def _value(self, attribute: Attribute) -> str | bool:
        token = self._take()
        value = _unquote(token) if token.kind == "text" else token.text
        if attribute.kind is Kind.BOOLEAN:
            if value.lower() not in ("true", "false"):
                _fail(token, f"'{attribute.path}' is compared with true or false")
            return value.lower() == "true"
        if token.kind != "text" and not (token.kind == "word" and value.isdecimal()):
            _fail(token, f"'{attribute.path}' is compared with a text in quotes, such as \"a\"")
        return value

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        if token.kind != "end":
            self._next += 1
        return token


def read_text(quoted: str) -> str:
    """What a text in quotes says, as JSON writes it. Raises ValueError."""
    try:
        return (
            _ESCAPE.sub(lambda match: _ESCAPED.get(match[1]) or chr(int(match[1][1:], 16)), quoted[1:-1])
            .encode("utf-16", "surrogatepass")
            .decode("utf-16")
        )
    except UnicodeDecodeError:
        raise ValueError("half a character") from None


def _unquote(token: Token) -> str:
    try:
        value = read_text(token.text)
    except ValueError:
        _fail(token, "An escape is unknown. Use those of JSON")
    if "\x00" in value:
        _fail(token, "There is a NUL character, which no value has")
    return value


def _split(text: str) -> list[Token]:
    tokens = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            _fail(Token("", text[position:], position), "A quote is not closed")
        if match.lastgroup != "blank":
            tokens.append(Token(str(match.lastgroup), match[0], position))
        position = match.end()
    return [*tokens, Token("end", "", position)]


def _fail(token: Token, advice: str) -> NoReturn:
    where = "at its end" if token.kind == "end" else f"at character {token.start + 1}, {token.text[:50]!r}"
    raise InvalidParameterValue(f"Invalid filter {where}: {advice}.")
