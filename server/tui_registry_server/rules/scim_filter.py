r"""Filters of SCIM lists (RFC 7644, 3.4.2.2).

    filter     = all { "or" all }
    all        = one { "and" one }
    one        = [ "not" ] "(" filter ")" | comparison | list "[" filter "]" [ "." comparison ]
    comparison = attribute "pr" | attribute operator value
    operator   = eq | ne | co | sw | ew | gt | ge | lt | le
    value      = "text" | 'text' | true | false | digits

Keywords and names are case-insensitive. Single quotes, which the RFC does not have, are sent by Databricks' clients.
Semantics of comparisons:

- Texts compare case-insensitively; ids and external ids character by character, and only by eq, ne and pr.
- A missing value is an empty text: ``eq ""`` matches it, ``ne "x"`` and ``not (... eq "x")`` do too.
- Of a list, such as ``emails``, one value must match; ``ne`` matches if none is equal. A filter in brackets, as in
  ``emails[type eq "work" and value co "@x"]``, must match as a whole for a single value.
- Times, such as ``meta.lastModified``, are in RFC 3339, and UTC if no zone is given.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tui_registry_server.rules.errors import InvalidFilter, TooMany
from tui_registry_server.rules.lexer import Lexer, Token
from tui_registry_server.rules.scim_resources import Attribute, Kind, Resource, Vocabulary
from tui_registry_server.wire.names import name_key

MAX_FILTER = 4000  # characters; SQLite takes patterns of 50,000 bytes, and one character can become four
MAX_DEPTH = 20  # of nested parentheses
MAX_COMPARISONS = 100  # each is a term of one statement, whose depth databases limit

EQUALITY_OPERATORS = frozenset({"eq", "ne", "pr"})
SUBSTRING_OPERATORS = EQUALITY_OPERATORS | {"co", "sw", "ew"}
ORDERING_OPERATORS = SUBSTRING_OPERATORS | {"gt", "ge", "lt", "le"}
DATETIME_OPERATORS = ORDERING_OPERATORS - {"co", "sw", "ew"}

_COMPARISONS_OF_TEXT: Mapping[str, Callable[[str, str], bool]] = {
    "pr": lambda text, _: text != "",
    "co": lambda text, wanted: wanted in text,
    "sw": str.startswith,
    "ew": str.endswith,
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}

_TOKEN = re.compile(
    r"""(?P<blank>\s+)|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<mark>[()\[\]])|(?P<word>[^\s()\[\]"']+)""",
    re.DOTALL,
)
_LEXER = Lexer(_TOKEN, InvalidFilter)
_fail = _LEXER.fail
_NAME = re.compile(r"(?:urn:[\w.:\-]+:)?[A-Za-z$][\w$\-]*(?:\.[A-Za-z$][\w$\-]*)?", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "/": "/", "\\": "\\", '"': '"', "'": "'"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """``operator`` is in lower case; the value of ``pr`` is empty."""

    attribute: Attribute
    operator: str
    value: str | bool | int = ""


@dataclass(frozen=True, slots=True)
class Not:
    operand: "Filter"


@dataclass(frozen=True, slots=True)
class And:
    """All of at least two operands must match."""

    operands: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """One of at least two operands must match."""

    operands: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class ValuePath:
    """A single value of a list must match ``operand``, whose attributes are parts of the value."""

    top: str
    operand: "Filter"


Filter = Comparison | Not | And | Or | ValuePath


def parse_filter(text: str, resource: Resource, hidden: frozenset[str] = frozenset()) -> Filter | None:
    """Parse a filter; None if it is blank. ``hidden`` are attributes that the caller may not see.

    Raises InvalidFilter, which says where the error is and what was expected there.
    """
    visible = {name: each for name, each in resource.vocabulary.attributes.items() if each.top not in hidden}
    return read_filter(text, Vocabulary(visible, resource.schema))


def read_filter(text: str, vocabulary: Vocabulary) -> Filter | None:
    """Parse a filter of the attributes of any vocabulary."""
    if len(text) > MAX_FILTER:
        raise InvalidFilter(f"The filter is {len(text)} characters long; at most {MAX_FILTER} are allowed.")
    return _Parser(text, vocabulary).parse()


def matches(filter_: Filter, value: Mapping[str, Any]) -> bool:
    """Whether a value of a list matches a filter of its parts."""
    match filter_:
        case Not(operand):
            return not matches(operand, value)
        case And(operands):
            return all(matches(each, value) for each in operands)
        case Or(operands):
            return any(matches(each, value) for each in operands)
        case ValuePath():
            return False  # no part is a list
    actual, expected = value.get(filter_.attribute.path), filter_.value
    if filter_.attribute.kind is Kind.BOOLEAN:
        return filter_.operator == "pr" or (bool(actual) == expected) == (filter_.operator == "eq")
    text, wanted = str(actual or ""), str(expected)
    if filter_.attribute.kind is Kind.TEXT:
        text, wanted = text.lower(), wanted.lower()
    elif filter_.attribute.kind is Kind.NAME:
        text, wanted = name_key(text), name_key(wanted)
    return _COMPARISONS_OF_TEXT[filter_.operator](text, wanted)


def equalities(filter_: Filter) -> dict[str, str | bool] | None:
    """Part to value, if the filter is one ``eq`` comparison, or several joined by ``and``; else None."""
    operands = filter_.operands if isinstance(filter_, And) else (filter_,)
    parts: dict[str, str | bool] = {}
    for each in operands:
        if not isinstance(each, Comparison) or each.operator != "eq":
            return None
        parts[each.attribute.path] = each.value if isinstance(each.value, bool) else str(each.value)
    return parts


class _Parser:
    """A recursive-descent parser of one filter."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self._tokens = [*_LEXER.split(text)]
        self._vocabulary = vocabulary
        self._next = 0
        self._depth = 0
        self._comparisons = 0

    def parse(self) -> Filter | None:
        if self._peek().kind == "end":
            return None
        parsed = self._or()
        if self._peek().kind != "end":
            _fail(self._peek(), "Comparisons are joined by and, or")
        return parsed

    def _or(self) -> Filter:
        operands = [self._and()]
        while self._peek().says("or"):
            self._take()
            operands.append(self._and())
        return operands[0] if len(operands) == 1 else Or(tuple(operands))

    def _and(self) -> Filter:
        operands = [self._term()]
        while self._peek().says("and"):
            self._take()
            operands.append(self._term())
        return operands[0] if len(operands) == 1 else And(tuple(operands))

    def _term(self) -> Filter:
        if self._peek().says("not"):
            self._take()
            if not self._peek().says("("):
                _fail(self._peek(), "not is followed by parentheses, as in not (active eq true)")
            return Not(self._grouped())
        if self._peek().says("("):
            return self._grouped()
        if self._tokens[self._next + 1 : self._next + 2] and self._tokens[self._next + 1].says("["):
            return self._value_path()
        return self._comparison()

    def _grouped(self) -> Filter:
        opening = self._take()
        self._deeper(opening)
        inner = self._or()
        if not (closing := self._take()).says(")"):
            _fail(closing, "A parenthesis is not closed")
        self._depth -= 1
        return inner

    def _value_path(self) -> Filter:
        """``list[filter]``, or, as Entra ID sends it, ``list[filter].part`` before an operator."""
        token = self._take()
        vocabulary = self._vocabulary
        attribute = vocabulary.attribute(token.text) if token.kind == "word" else None
        parts = (
            vocabulary.parts(attribute.top) if attribute and (attribute.many or vocabulary.accepts_unknown) else None
        )
        if attribute is None or parts is None:
            _fail(token, f"Brackets follow a list. Use one of {', '.join(self._lists())}")
        self._deeper(self._take())
        self._vocabulary = parts
        inner = self._or()
        if not (closing := self._take()).says("]"):
            _fail(closing, "A bracket is not closed")
        if (following := self._peek()).kind == "word" and following.text.startswith("."):
            inner = And((inner, self._comparison(after=".")))
        self._vocabulary = vocabulary
        self._depth -= 1
        return ValuePath(attribute.top, inner)

    def _deeper(self, opening: Token) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            _fail(opening, f"Parentheses are nested more than {MAX_DEPTH} deep")

    def _comparison(self, after: str = "") -> Filter:
        self._comparisons += 1
        attribute = self._attribute(after)
        token = self._take()
        compared = token.text.lower() if token.kind == "word" else ""
        if compared not in (allowed := operators(attribute)):
            _fail(token, f"'{attribute.path}' is followed by one of {', '.join(sorted(allowed))}")
        if self._comparisons > MAX_COMPARISONS:
            raise TooMany(f"There are more than {MAX_COMPARISONS} comparisons in the filter. Search several times.")
        return Comparison(attribute, compared, "" if compared == "pr" else self._value(attribute))

    def _attribute(self, after: str) -> Attribute:
        token = self._take()
        name = token.text.removeprefix(after)
        attribute = self._vocabulary.attribute(name) if token.kind == "word" and _NAME.fullmatch(name) else None
        if attribute is None:
            known = sorted({each.path for each in self._vocabulary.attributes.values()})
            _fail(token, f"A comparison begins with an attribute. Use one of {', '.join(known)}")
        return attribute

    def _lists(self) -> list[str]:
        return sorted({each.top for each in self._vocabulary.attributes.values() if each.many})

    def _value(self, attribute: Attribute) -> str | bool | int:
        token = self._take()
        value = _unquote(token) if token.kind == "text" else token.text
        if attribute.kind is Kind.BOOLEAN:
            if value.lower() not in ("true", "false"):
                _fail(token, f"'{attribute.path}' is compared with true or false")
            return value.lower() == "true"
        if token.kind != "text" and not (
            token.kind == "word" and (value.isdecimal() or self._vocabulary.accepts_unknown)
        ):
            _fail(token, f"'{attribute.path}' is compared with a text in quotes, such as \"a\"")
        return _datetime(token, value) if attribute.kind is Kind.DATETIME else value

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        if token.kind != "end":
            self._next += 1
        return token


def operators(attribute: Attribute) -> frozenset[str]:
    """The operators that an attribute can be compared by."""
    if attribute.kind is Kind.DATETIME:
        return DATETIME_OPERATORS
    return (
        EQUALITY_OPERATORS
        if attribute.kind in (Kind.EXACT, Kind.BOOLEAN)
        else SUBSTRING_OPERATORS
        if attribute.many
        else ORDERING_OPERATORS
    )


def _datetime(token: Token, value: str) -> int:
    """Milliseconds since the epoch."""
    try:
        time = datetime.fromisoformat(value)
        return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        _fail(token, 'A time is written as "2026-01-31T12:00:00Z"')


def read_text(quoted: str) -> str:
    """The value of a quoted text with JSON's escapes. Raises ValueError."""
    try:
        return (
            _ESCAPE.sub(lambda match: _ESCAPED.get(match[1]) or chr(int(match[1][1:], 16)), quoted[1:-1])
            .encode("utf-16", "surrogatepass")
            .decode("utf-16")
        )
    except UnicodeDecodeError:
        raise ValueError("lone surrogate") from None


def _unquote(token: Token) -> str:
    try:
        value = read_text(token.text)
    except ValueError:
        _fail(token, "An escape is unknown. Use those of JSON")
    if "\x00" in value:
        _fail(token, "NUL characters are not allowed")
    return value
