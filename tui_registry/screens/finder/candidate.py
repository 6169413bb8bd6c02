"""What the finder offers, and in which order."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tui_registry.queries.fuzzy_match import Match, Rank, match

UNMATCHED = Match(Rank.FUZZY, spread=10_000)
"""The server says that it matches, by rules of its own: after all others."""


class Kind(StrEnum):
    """What a candidate is, by its label in the list."""

    SEARCH = "search"
    PERMISSIONS = "permissions"
    HISTORY = "history"
    DETAILS = "details"
    WEBHOOKS = "webhooks"
    PLACE = "place"
    ACTION = "action"
    MODEL = "model"
    PROMPT = "prompt"
    VERSION = "version"
    USER = "user"
    GROUP = "group"
    SERVICE_PRINCIPAL = "service"
    TOKEN = "token"  # noqa: S105  # a kind
    WEBHOOK = "webhook"
    PROFILE = "profile"
    WORKSPACE = "space"


EXACT_ORDER = tuple(Kind)
"""Of those whose whole name is typed: what is here first, so that ``:undo`` does not depend on the names of models."""
ORDER = (
    *(
        Kind.SEARCH,
        Kind.PERMISSIONS,
        Kind.HISTORY,
        Kind.DETAILS,
        Kind.WEBHOOKS,
        Kind.PLACE,
        Kind.MODEL,
        Kind.PROMPT,
        Kind.VERSION,
        Kind.ACTION,
    ),
    *EXACT_ORDER[EXACT_ORDER.index(Kind.USER) :],
)
"""Of those that match equally well otherwise."""
MODELS = frozenset({Kind.MODEL, Kind.PROMPT, Kind.VERSION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Something to open or do.

    name: what it is found by; as the server has it, not sanitized. id: distinguishes what has the same name.
    aliases: other names. detail: a line about it, sanitized, which is searched, too. keys: what does the same, for
    display. query: what it is matched with, if that is not all that is typed. writes: whether it changes something in
    the registry.
    """

    kind: Kind
    name: str
    act: Callable[[], Awaitable[None] | None]
    id: str = ""
    aliases: tuple[str, ...] = ()
    detail: str = ""
    keys: str = ""
    query: str | None = None
    writes: bool = False

    @property
    def identity(self) -> tuple[Kind, str]:
        return self.kind, self.id or self.name


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate that matches. ``in_detail``: the indexes of the matched letters of its detail."""

    candidate: Candidate
    match: Match
    in_detail: frozenset[int] = frozenset()

    def order(self, *, models_first: bool) -> tuple[bool, Match, int]:
        """A key to sort by; those with equal ones keep their order."""
        kind = self.candidate.kind
        orders = EXACT_ORDER if self.match.rank is Rank.EXACT else ORDER
        return models_first and kind not in MODELS, self.match, orders.index(kind)


def find(candidate: Candidate, typed: str, *, is_answer: bool = False) -> Found | None:
    """How a candidate matches, or None. ``is_answer``: the server says that it does."""
    query = typed if candidate.query is None else candidate.query
    in_name = match(query, candidate.name)
    by_alias = [each for alias in candidate.aliases if (each := match(query, alias)) and each.rank <= Rank.PREFIX]
    if by_alias and (in_name is None or min(by_alias).rank < in_name.rank):
        in_name = Match(min(by_alias).rank)
    in_detail = match(query, candidate.detail)
    if in_detail is not None and in_detail.rank <= Rank.CONTAINS:
        rank = max(in_detail.rank, Rank.WORDS)
        if in_name is None or rank < in_name.rank:
            return Found(candidate, Match(rank), in_detail.positions)
    if in_name is None and is_answer:
        in_name = UNMATCHED
    return None if in_name is None else Found(candidate, in_name)


def ranked(found: Iterable[Found], *, models_first: bool) -> Sequence[Found]:
    """Sorted, the best match first, and each candidate once."""
    once: dict[tuple[Kind, str], Found] = {}
    for each in sorted(found, key=lambda each: each.order(models_first=models_first)):
        once.setdefault(each.candidate.identity, each)
    return list(once.values())
