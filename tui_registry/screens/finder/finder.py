"""The finder: an input and the candidates that match it, the best one first; Enter opens or does the one under the
cursor.

What the console knows itself is there with the first letter; the server's answers are added as they come. Enter means
the best match for all that was typed: where an answer could bring a better one, it is awaited up to a deadline.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, Static

from tui_registry.client.errors import CallError
from tui_registry.console import Console
from tui_registry.queries.fuzzy_match import Match, Rank
from tui_registry.screens.finder.candidate import EXACT_ORDER, Candidate, Found, Kind, find, ranked
from tui_registry.screens.finder.local import beginning, other_profiles, places, searches
from tui_registry.screens.finder.sources import OPENING, Source, sources
from tui_registry.screens.finder.workspaces import WorkspaceSource
from tui_registry.styles import DEFERRED_STYLES
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.widgets.candidate_list import CandidateList, Entry
from tui_registry.widgets.hint import Hint

DEBOUNCE_SECONDS = 0.15  # after the last letter, before the server is asked
DEADLINE_SECONDS = 3.0  # that Enter waits for answers
MAX_RECENT = 5
ALWAYS_LISTED = frozenset({Kind.PLACE, Kind.ACTION, Kind.PROFILE})


@dataclass(frozen=True, slots=True)
class Answer:
    """A source's candidates for what was typed then, or why there are none."""

    typed: str
    candidates: Sequence[Candidate] = ()
    problem: str = ""


class Recent:
    """What the finder opened last in this session, the last one first; without what is always listed."""

    def __init__(self) -> None:
        self.candidates: list[Candidate] = []

    def add(self, candidate: Candidate) -> None:
        if candidate.kind in ALWAYS_LISTED:
            return
        candidate = replace(candidate, query=None)
        others = [each for each in self.candidates if each.identity != candidate.identity]
        self.candidates = [candidate, *others][:MAX_RECENT]


class Finder(ModalScreen[None]):
    """``models_first``: models come before all else, and are listed while nothing is typed."""

    CSS_PATH = DEFERRED_STYLES
    only_opens: ClassVar[bool] = True  # so that Enter may follow its letters before they are seen
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False, priority=True),
        Binding("down,ctrl+n", "move(1)", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
        Binding("pageup", "page(-1)", show=False, priority=True),
        Binding("tab", "complete", show=False, priority=True),
    ]

    def __init__(self, recent: Recent, *, models_first: bool = False) -> None:
        super().__init__()
        app = self.console_app = cast("Console", self.app)
        self._recent = recent
        self._models_first = models_first
        profiles = other_profiles(app.connection.name, app.open_profile)
        others = [*places(app.navigation, app.keymap.actions), *profiles]
        self._beginning = beginning(app.live_actions(self.app.screen), app.do, others)
        self._sources: Sequence[Source] = ()
        self._answers: dict[str, Answer] = {}
        self._typed = ""
        self._found: Sequence[Found] = ()
        self._is_chosen = False  # whether the cursor was moved since the last letter
        self._waiting: Timer | None = None  # for the deadline, once Enter was pressed
        self._asks_at_once = asyncio.Event()  # without waiting for another letter: Enter was pressed
        self._dropped = 0  # keys that were typed after an Enter that opened nothing
        self._list = CandidateList(id="candidates")

    def compose(self) -> ComposeResult:
        with Vertical(id="finder"):
            with Horizontal(id="prompt"):
                yield Static("/" if self._models_first else ":", id="sign", markup=False)
                yield Input(placeholder=self._placeholder, id="query", compact=True)
            yield self._list
            yield Static("", id="note", markup=False)
            yield Hint(
                "⏎ open or do   ↓↑ choose   tab complete   esc close   :model FILTER  :permissions NAME  :history NAME",
                "⏎ open or do   ↓↑ choose   tab complete   esc close",
                "⏎ open   ↓↑ choose   esc close",
            )

    @property
    def _placeholder(self) -> str:
        return "model, model/version, or anything else" if self._models_first else "model, place, action, user, group…"

    def on_mount(self) -> None:
        self.set_focus(self._line)
        self._show()
        connect: Callable[[], Awaitable[None]] = self._connect
        self.run_worker(connect, exit_on_error=False)

    @property
    def _line(self) -> Input:
        return self.query_one("#query", Input)

    async def _connect(self) -> None:
        """Ask, once the server can be asked."""
        await self.console_app.connection.ready.wait()
        app, opened = self.console_app, self.console_app.connection.opened
        workspaces = WorkspaceSource(app.client, opened.workspace if opened else None, app.open_workspace)
        self._sources = [*sources(app.client, app.navigation), workspaces]
        self._ask()

    # What is typed

    @on(Input.Changed, "#query")
    def _changed(self, event: Input.Changed) -> None:
        typed = event.value.strip().removeprefix(":").strip()
        if typed == self._typed or self._waiting is not None:
            return
        self._typed, self._is_chosen, self._dropped = typed, False, 0
        self._asks_at_once.clear()
        self._ask()
        self._show()

    def _ask(self) -> None:
        """Ask every source, in place of what it is asked now."""
        if not self._typed and not self._models_first:
            return
        for source in self._sources:
            work: Callable[[], Awaitable[None]] = partial(self._ask_one, source, self._typed)
            self.run_worker(work, group=source.name, exclusive=True, exit_on_error=False)

    async def _ask_one(self, source: Source, typed: str) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._asks_at_once.wait(), DEBOUNCE_SECONDS)
        try:
            answer = Answer(typed, await source.find(typed))
        except CallError as error:
            answer = Answer(typed, problem=f"{source.name}: {one_line(str(error))}")
        if typed == self._typed:
            self._answers[source.name] = answer
            self._show()
            if self._waiting is not None:
                self.call_next(self._act_if_known)  # a worker of the finder would be cancelled with it

    # What is shown

    def _is_answered(self, source: Source) -> bool:
        answer = self._answers.get(source.name)
        return answer is not None and answer.typed == self._typed

    @property
    def _is_asking(self) -> bool:
        """Whether there are still answers to come."""
        return bool(self._typed) and not (self._sources and all(map(self._is_answered, self._sources)))

    def _matching(self) -> Sequence[Found]:
        """What matches all that is typed. An older answer is used as far as it does, until the new one is there."""
        answers = self._answers.values()
        if not self._typed:
            known = [*self._recent.candidates, *self._beginning]
            models = [each for answer in answers if not answer.typed for each in answer.candidates]
            opened = [each for each in self._recent.candidates if each.kind in {Kind.MODEL, Kind.PROMPT}]
            known = [*opened, *models, *known] if self._models_first else known
            once = dict.fromkeys(each.identity for each in known)
            first = {each.identity: each for each in reversed(known)}
            return [Found(first[identity], Match(Rank.EXACT)) for identity in once]
        local = [*searches(self._typed, self.console_app.navigation), *self._recent.candidates, *self._beginning]
        found = [
            *(find(each, self._typed) for each in local),
            *(
                find(each, self._typed, is_answer=answer.typed == self._typed)
                for answer in answers
                for each in answer.candidates
                if answer.typed == self._typed or each.query is None
            ),
        ]
        return ranked([each for each in found if each is not None], models_first=self._models_first)

    def _show(self) -> None:
        before = self._current
        self._found = self._matching()
        # While nothing is typed, Enter changes nothing: it was not said what.
        cursor = 0 if self._typed else next((n for n, each in enumerate(self._found) if not each.candidate.writes), 0)
        if self._is_chosen and before is not None:
            same = (n for n, each in enumerate(self._found) if each.candidate.identity == before.candidate.identity)
            cursor = next(same, self._list.cursor)
        problems = [each.problem for each in self._answers.values() if each.problem and each.typed == self._typed]
        self._list.show(
            [_entry(each) for each in self._found],
            cursor,
            empty="Searching…" if self._is_asking else "Nothing matches.",
        )
        waiting = ["Waiting for the server…"] if self._waiting is not None else []
        dropped = [f"Typed after Enter, and dropped: {self._dropped} keys."] if self._dropped else []
        self.query_one("#note", Static).update(Content("  ".join([*waiting, *dropped, *problems])))

    @property
    def _current(self) -> Found | None:
        return self._found[self._list.cursor] if self._found else None

    # Choosing

    def action_move(self, by: int) -> None:
        self._is_chosen = True
        self._list.move(by)

    def action_page(self, by: int) -> None:
        self._is_chosen = True
        self._list.page(by)

    def action_complete(self) -> None:
        """Put the name under the cursor into the input, after the word that says what to open of it."""
        if self._current is not None and self._waiting is None:
            candidate = self._current.candidate
            verb = f"{self._typed.partition(' ')[0]} " if candidate.kind in OPENING.values() else ""
            self._line.value = f"{verb}{candidate.name}"
            self._line.cursor_position = len(self._line.value)

    def action_close(self) -> None:
        self.dismiss(None)

    @property
    def holds_keys(self) -> bool:
        """Whether keys are meant for what will be opened: see terminal.key_queue."""
        return self._waiting is not None

    @on(Input.Submitted, "#query")
    async def _submitted(self) -> None:
        self._waiting = self.set_timer(DEADLINE_SECONDS, self._act)
        self._asks_at_once.set()
        self.set_focus(None)  # what is pasted from now on is not typed here
        await self._act_if_known()

    @on(CandidateList.Chosen)
    async def _clicked(self) -> None:
        await self._act()

    async def _act_if_known(self) -> None:
        """Act, unless an answer that is still to come could be better."""
        if self._waiting is None:
            return  # it has been done
        if self._is_chosen or not self._is_asking or self._is_best:
            await self._act()
        else:
            self._show()

    @property
    def _is_best(self) -> bool:
        """Whether the first match comes before all that missing answers could bring."""
        if not self._found or self._models_first or self._found[0].match.rank is not Rank.EXACT:
            return False
        place = EXACT_ORDER.index(self._found[0].candidate.kind)
        kinds = [kind for each in self._sources if not self._is_answered(each) for kind in each.kinds]
        return all(place < EXACT_ORDER.index(kind) for kind in kinds)

    async def _act(self) -> None:
        """Close the finder, and open or do what is under the cursor."""
        if self._waiting is not None:
            self._waiting.stop()
            self._waiting = None
        if not self.is_current:
            return  # it was left in the meantime
        if self._current is None:
            self._dropped = self.console_app.drop_keys()
            self.set_focus(self._line)
            self._show()
            return
        candidate = self._current.candidate
        self._recent.add(candidate)
        # Without a pause between the two, so that the next key meets what is opened and not what was below the finder.
        self.dismiss(None)
        acting = candidate.act()
        if acting is not None:
            await acting


def _entry(found: Found) -> Entry:
    candidate = found.candidate
    name = visible(candidate.name)
    is_same = name == candidate.name  # otherwise its letters are elsewhere
    return Entry(
        kind=candidate.kind,
        name=name,
        detail=candidate.detail,
        keys=candidate.keys,
        in_name=found.match.positions if is_same else frozenset(),
        in_detail=found.in_detail,
    )
