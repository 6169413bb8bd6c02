r"""Filters of the two searches, parsed as MLflow does.

    filter      = { comparison | AND }
    comparison  = key comparator value
    key         = name | attribute.name | tags.k | tag.k     k: words joined by dots, or quoted: `a b`, "a b", 'a b'
    comparator  = "=" | "!=" | "<" | "<=" | ">" | ">=" | LIKE | ILIKE | [NOT] IN | CONTAINS
    value       = 'text' | "text" | u'text' | digits | ( text {, text} )

All comparisons must match. There is no OR, no grouping, no NULL; keywords are case-insensitive, keys are not. An empty
filter matches everything, one of whitespace only is an error. As in MLflow, ANDs may be missing or repeated.

The text between the quotes is the value, verbatim: ``''`` is two quotes and ``\`` a backslash, though both prevent the
next quote from ending the text. In a list, MLflow parses texts as Python does, where both have another meaning; a list
with either is refused as ambiguous. So not every text can be written there. After a ``u``, an extension to MLflow, a
text is percent-encoded as in URLs, and can be any: ``u'it%27s 100%25'``.

Semantics of comparisons:

- ``=``, ``!=`` and IN compare character by character.
- LIKE and ILIKE match the whole value against a pattern, in which ``%`` is any text and ``_`` any one character. There
  is no escape: a backslash is a backslash. LIKE is case-sensitive, ILIKE is not (on SQLite, for A to Z only; on
  PostgreSQL, in every script).
- CONTAINS, another extension, matches values with this substring, case-insensitively as ILIKE. ``%`` and ``_`` are
  literal.
- A comparison of a tag matches only if there is such a tag: ``tags.k != 'x'`` excludes everything without a tag ``k``.
- ``stage`` and ``user_id`` (the creator) are extensions. A model is at every stage that one of its versions is at;
  ``stage != 'Production'`` finds models without a version there. Stages are case-insensitive.
- ``missing = 'description'`` and ``missing = 'owner'``, an extension, find models without one: nobody but members of
  ``admins`` manages those without an owner. ``!=`` finds the others.
- ``alias``, an extension, finds the versions that have an alias, and the models of which any version has it;
  ``alias != 'champion'`` finds the others.
- ``creation_timestamp`` and ``last_updated_timestamp``, extensions, are compared with milliseconds since the epoch.
- A version without a run has the run id ``''``.
- Prompts (tagged ``mlflow.prompt.is_prompt`` with ``true``) are excluded, unless the first comparison of that tag is
  ``= 'true'`` or ``!= 'false'``. If they are excluded, other comparisons of that tag are ignored. With the field
  ``include_prompts``, an extension, models and prompts are found alike.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.lexer import Lexer, Token
from tui_registry_server.rules.stages import parse_stage
from tui_registry_server.wire.fields import MAX_INT64
from tui_registry_server.wire.stage import Stage

TEXT_COMPARATORS = frozenset({"=", "!=", "LIKE", "ILIKE"})
LIST_COMPARATORS = TEXT_COMPARATORS | {"IN", "NOT IN"}
NAME_COMPARATORS = LIST_COMPARATORS | {"CONTAINS"}
NUMBER_COMPARATORS = frozenset({"=", "!=", "<", "<=", ">", ">="})

STAGE_COMPARATORS = frozenset({"=", "!="})

ALIAS_COMPARATORS = frozenset({"=", "!="})
MISSING_COMPARATORS = frozenset({"=", "!="})
MISSING = ("description", "owner")
"""What a model can be searched for the lack of."""

MODEL_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "name": NAME_COMPARATORS,
    "user_id": NAME_COMPARATORS,
    "stage": STAGE_COMPARATORS,
    "alias": ALIAS_COMPARATORS,
    "missing": MISSING_COMPARATORS,
    "creation_timestamp": NUMBER_COMPARATORS,
    "last_updated_timestamp": NUMBER_COMPARATORS,
}
VERSION_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "name": NAME_COMPARATORS,
    "version_number": NUMBER_COMPARATORS,
    "run_id": LIST_COMPARATORS,
    "source_path": TEXT_COMPARATORS,
    "user_id": NAME_COMPARATORS,
    "stage": STAGE_COMPARATORS,
    "alias": ALIAS_COMPARATORS,
    "creation_timestamp": NUMBER_COMPARATORS,
    "last_updated_timestamp": NUMBER_COMPARATORS,
}
TAG_COMPARATORS = TEXT_COMPARATORS
IS_PROMPT = "mlflow.prompt.is_prompt"

MAX_FILTER = 200_000  # characters; parsing a megabyte blocks the event loop for seconds
MAX_TOKENS = 5_000  # enough for 2,400 values of IN lists; parsed in some milliseconds
MAX_COMPARISONS = 100  # each is a term of one statement, whose depth databases limit
MAX_PATTERN = 10_000  # characters; SQLite takes patterns of 50,000 bytes, and one character can become four


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
"""Kinds: ``text`` with its quotes, ``encoded`` with its ``u`` and quotes, ``number``, ``word`` (a keyword, or a key
with its quotes), ``comparator`` and ``mark``."""

_LEXER = Lexer(_TOKEN, InvalidParameterValue)
_fail = _LEXER.fail


@dataclass(frozen=True)
class Comparison:
    """One condition. ``value`` is an int for a version's number, a tuple for a list, a string otherwise."""

    kind: Literal["attribute", "tag"]
    key: str
    comparator: str
    value: str | int | tuple[str, ...]


def parse_filter(text: str, attributes: Mapping[str, frozenset[str]]) -> tuple[Comparison, ...]:
    """The comparisons of a filter, in its order. ``attributes`` are the keys that are not tags, with their comparators.

    Raises InvalidParameterValue, which says where the error is and what was expected there.
    """
    if not text:
        return ()
    if len(text) > MAX_FILTER:
        raise InvalidParameterValue(
            f"The filter is {len(text)} characters long; at most {MAX_FILTER} are allowed. Search several times."
        )
    return tuple(_Parser(text, attributes).parse())


def asks_for_prompts(comparisons: tuple[Comparison, ...]) -> bool:
    """Whether prompts are included: see the module."""
    first = next((each for each in comparisons if each.kind == "tag" and each.key == IS_PROMPT), None)
    if first is None:
        return False
    return (first.comparator, str(first.value).lower()) in (("=", "true"), ("!=", "false"))


class _Parser:
    """Parses one filter."""

    def __init__(self, text: str, attributes: Mapping[str, frozenset[str]]) -> None:
        self._attributes = attributes
        self._tokens = _LEXER.split(text)
        self._next = next(self._tokens)
        self._taken = 0

    def parse(self) -> list[Comparison]:
        if self._peek().kind == "end":
            _fail(self._peek(), "The filter is blank. Leave it out to search everything")
        comparisons: list[Comparison] = []
        while self._peek().kind != "end":
            if self._peek().says("AND"):
                self._take()
                continue
            if len(comparisons) == MAX_COMPARISONS:
                raise InvalidParameterValue(
                    f"The filter has too many comparisons: at most {MAX_COMPARISONS} are allowed. "
                    "Replace some by one IN list, or search several times."
                )
            comparisons.append(self._comparison())
        return comparisons

    def _comparison(self) -> Comparison:
        kind, key = self._key()
        at = self._peek()
        comparator = self._comparator()
        allowed = TAG_COMPARATORS if kind == "tag" else self._attributes[key]
        if comparator not in allowed:
            _fail(at, f"'{key}' cannot be compared by '{comparator}'. Use one of {', '.join(sorted(allowed))}")
        at = self._peek()
        value: str | int | tuple[str, ...]
        if comparator in ("IN", "NOT IN"):
            value = self._list()
        elif allowed is NUMBER_COMPARATORS:
            value = self._number()
        else:
            value = self._quoted(f"'{key}' is compared with a text in quotes, such as 'my-value'")
        if allowed is STAGE_COMPARATORS:
            value = _stage(at, str(value))
        if allowed is MISSING_COMPARATORS and value not in MISSING:
            _fail(at, f"'missing' is compared with {' or '.join(map(repr, MISSING))}")
        if comparator in ("LIKE", "ILIKE", "CONTAINS") and isinstance(value, str) and len(value) > MAX_PATTERN:
            _fail(at, f"The pattern is too long. Use at most {MAX_PATTERN} characters")
        return Comparison(kind, key, comparator, value)

    def _key(self) -> tuple[Literal["attribute", "tag"], str]:
        token = self._take()
        if token.kind != "word":
            _fail(token, f"A comparison begins with a key. Use {self._keys()}")
        entity, dot, key = token.text.partition(".")
        if dot and entity in ("tag", "tags"):
            return "tag", _unquote(_unquote(key, "'\""), "`")
        attribute = key if dot and entity == "attribute" else token.text
        if attribute not in self._attributes:
            _fail(token, f"'{token.text}' cannot be searched. Use {self._keys()}")
        return "attribute", attribute

    def _comparator(self) -> str:
        token = self._take()
        if token.says("NOT") and self._peek().says("IN"):
            self._take()
            return "NOT IN"
        if token.kind not in ("comparator", "word"):
            _fail(token, "A key is followed by a comparator, such as =, != or LIKE")
        return token.text.upper()

    def _quoted(self, advice: str) -> str:
        token = self._take()
        if token.kind == "encoded":
            try:
                return unquote(token.text[2:-1], errors="strict")
            except UnicodeDecodeError:
                _fail(token, "Percent-encoded text must be UTF-8")
        if token.kind != "text":
            _fail(token, advice)
        return token.text[1:-1]

    def _number(self) -> int:
        token = self._take()
        number = _integer(token)
        if number is None or abs(number) > MAX_INT64:
            _fail(token, "Numbers and times are compared with an integer of at most 64 bits, such as 3")
        return number

    def _list(self) -> tuple[str, ...]:
        advice = "IN is followed by a list of texts in quotes, such as ('a', 'b')"
        if not (opening := self._take()).says("("):
            _fail(opening, advice)
        values: list[str] = []
        while not values or not self._peek().says(")"):
            token = self._peek()
            value = self._quoted(advice)
            if token.kind == "text" and (set(value) & set("\\\n\r") or token.text[0] * 2 in value):
                _fail(token, "A list cannot have backslashes, line breaks or doubled quotes. Compare with = instead")
            values.append(value)
            if not self._peek().says(","):
                break
            self._take()
        if not (closing := self._take()).says(")"):
            _fail(closing, advice)
        return tuple(values)

    def _peek(self) -> Token:
        return self._next

    def _take(self) -> Token:
        token = self._next
        if token.kind != "end":
            self._taken += 1
            if self._taken > MAX_TOKENS:
                _fail(
                    token,
                    f"The filter is too long: at most {MAX_TOKENS} words and values are allowed. Search several times",
                )
            self._next = next(self._tokens)
        return token

    def _keys(self) -> str:
        return f"{', '.join(self._attributes)} or tags.<key>; comparisons are joined by AND, without OR or parentheses"


def _stage(token: Token, text: str) -> str:
    try:
        return parse_stage(text).value
    except InvalidParameterValue:
        _fail(token, f"There is no stage '{text}'. Use one of {', '.join(Stage)}")


def _integer(token: Token) -> int | None:
    """The integer value of a token: digits, or, as in MLflow, a quoted text that Python's int() accepts."""
    try:
        if token.kind == "text":
            return int(token.text[1:-1])
        return int(token.text) if re.fullmatch(r"-?\d+", token.text) else None
    except ValueError:
        return None


def _unquote(key: str, quotes: str) -> str:
    """A key without enclosing quotes, if it has any of these."""
    if len(key) >= 2 and key[0] == key[-1] and key[0] in quotes:
        return key[1:-1]
    return key
