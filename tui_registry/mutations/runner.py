"""The mutations that the console runs: each to its end, whatever screens come and go, reported, and undone."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from tui_registry.client.errors import CallError, ReadOnly, Unauthenticated, Unreachable
from tui_registry.client.registry import RegistryClient
from tui_registry.keys.keymap import Keymap
from tui_registry.keys.names import display_name
from tui_registry.mutations.mutation import Mutation, run
from tui_registry.mutations.result import Result, Verdict
from tui_registry.session.messages import ConnectionChanged
from tui_registry.terminal.sanitize import one_line, visible

MAX_CHANGES = 50  # that can be undone, one after the other
OUTCOME_SECONDS = {Verdict.DONE: 6.0, Verdict.REFUSED: 12.0, Verdict.UNKNOWN: 30.0}
"""How long what came of a mutation is displayed, unless something newer has to be said."""


CANNOT_UNDO = "There is no way to undo it."
NOT_KNOWN = "It is not known whether it was done: check before you repeat or undo it."


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of the last mutation, or of several, in one sentence for people."""

    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A change that was made here, or may have been.

    title: what it is about. message: what came of it. inverse: what undoes it; None if nothing does.
    note: what that does not restore, or why nothing does; may be empty.
    """

    title: str
    message: str
    inverse: Mutation | None
    note: str

    @property
    def undoing(self) -> list[Mutation]:
        """The mutations that undo it, one after the other."""
        found: list[Mutation] = []
        step = self.inverse
        while step is not None:
            found.append(step)
            step = step.rest
        return found


class Host(Protocol):
    """What the mutations need of the application that holds them."""

    def post_to_place(self, message: ConnectionChanged) -> None:
        """Post a message to the place that is on the screen."""

    def refresh_soon(self) -> None:
        """Read what is on the screen again."""

    def report_bug(self, error: BaseException) -> None:
        """Show an error of the console itself."""

    @property
    def client(self) -> RegistryClient:
        """The client whose journal the mutations are written to."""

    @property
    def keymap(self) -> Keymap: ...

    def show_outcome(self, outcome: Outcome) -> None:
        """Show what came of a mutation, as long as it is ``Mutations.outcome``."""

    def set_timer(self, delay: float, callback: Callable[[], None]) -> object:
        """As Textual does."""

    def run_worker(self, work: Awaitable[object], name: str | None = "", *, exit_on_error: bool = True) -> object:
        """As Textual does."""


class Mutations:
    def __init__(self, host: Host) -> None:
        self.outcome: Outcome | None = None  # of the last mutation; for some seconds
        self._progress: dict[object, str] = {}
        self._host = host
        self._running: set[asyncio.Task[None]] = set()
        self._subjects: Counter[str] = Counter()
        self.is_preparing = False
        """Whether a mutation is being asked about: a dialog is open, or will be when the server has answered."""
        self._changes: list[Change] = []  # that were made here and not undone, the newest last

    @property
    def is_running(self) -> bool:
        return bool(self._running)

    def is_changing(self, subject: str) -> bool:
        """Whether a mutation of this subject is running."""
        return self._subjects[subject] > 0

    async def wait(self, *, timeout: float) -> None:  # noqa: ASYNC109  # what is not answered by then is left alone
        """Wait for the answers to what is running, so many seconds at the most."""
        await asyncio.wait(self._running, timeout=timeout)

    def prepare(self, dialogs: Callable[[], Awaitable[None]]) -> None:
        """Ask the user what a mutation needs, one dialog after the other. What the server refuses or does not answer
        ends it, and is reported.

        One at a time: a key that begins another while the server is asked for this one does nothing."""
        if self.is_preparing:
            return
        self.is_preparing = True
        self._host.run_worker(self._prepare(dialogs), exit_on_error=False, name="dialogs")

    async def _prepare(self, dialogs: Callable[[], Awaitable[None]]) -> None:
        try:
            await dialogs()
        except CallError as error:
            self.report("Nothing was changed", Verdict.REFUSED, str(error))
        finally:
            self.is_preparing = False

    def start(
        self,
        *mutations: Mutation,
        then: Callable[[], None] | None = None,
        otherwise: Callable[[], None] | None = None,
    ) -> None:
        """Run mutations, one after the other, until one does not happen; report each result. ``then`` is called if all
        happened, ``otherwise`` if not."""

        def finished(results: Sequence[Result]) -> None:
            call = then if all(result.verdict is Verdict.DONE for result in results) else otherwise
            if call is not None:
                call()

        self._start(mutations, finished, is_independent=False)

    def start_each(
        self, mutations: Sequence[Mutation], finished: Callable[[Sequence[Result]], None], participle: str
    ) -> None:
        """Run mutations, one after the other, whatever comes of those before; ``finished`` gets all results. Of several
        the sum is reported: the journal lists them. ``participle``: what was done, such as "approved"."""

        def all_finished(results: Sequence[Result]) -> None:
            if len(results) > 1:
                self._report_all(results, participle)
            finished(results)

        self._start(mutations, all_finished, is_independent=True)

    @property
    def last_change(self) -> Change | None:
        """The newest change made here that was not undone."""
        return self._changes[-1] if self._changes else None

    def undo(self, change: Change) -> None:
        """Undo what was the ``last_change``, once; if nothing was sent, it can be undone again."""
        if change not in self._changes or change.inverse is None:
            return
        self._changes.remove(change)

        def finished(results: Sequence[Result]) -> None:
            if isinstance(results[0].error, Unreachable | ReadOnly | Unauthenticated):
                self._changes.append(change)

        self._start(change.undoing, finished, is_independent=False, is_undo=True)

    def report(self, title: str, verdict: Verdict, message: str) -> None:
        """Say what came of a mutation."""
        self._show_outcome(Outcome(verdict, _told(title, message)))

    def _show_outcome(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self._host.show_outcome(outcome)
        self._host.set_timer(OUTCOME_SECONDS[outcome.verdict], partial(self._forget_outcome, outcome))

    def _forget_outcome(self, outcome: Outcome) -> None:
        if self.outcome is outcome:
            self.outcome = None
            self._host.post_to_place(ConnectionChanged())

    def _report_all(self, results: Sequence[Result], participle: str) -> None:
        """Say how many of several were done, and which key lists them."""
        counts = Counter(result.verdict for result in results)
        unknown = f", {counts[Verdict.UNKNOWN]} unknown" if counts[Verdict.UNKNOWN] else ""
        text = f"{counts[Verdict.DONE]} {participle}, {counts[Verdict.REFUSED]} failed{unknown}"
        if keys := self._host.keymap.keys["journal"]:
            text += f" · {display_name(keys[0])} details"
        worst = next(verdict for verdict in (Verdict.UNKNOWN, Verdict.REFUSED, Verdict.DONE) if counts[verdict])
        self._show_outcome(Outcome(worst, text))

    def show_progress(self, progress: str, of: object = None) -> None:
        """Say what is being waited for, ``of`` several that may run; empty when that is over."""
        self._progress.pop(of, None)
        if progress:
            self._progress[of] = progress
        self._host.post_to_place(ConnectionChanged())

    @property
    def progress(self) -> str:
        """What is being waited for, in words, the newest of all; empty if nothing is."""
        return next(reversed(self._progress.values()), "")

    def _show_step(self, run_id: object, count: str, progress: str) -> None:
        self.show_progress(progress + count, run_id)

    def _start(
        self,
        mutations: Sequence[Mutation],
        finished: Callable[[Sequence[Result]], None],
        *,
        is_independent: bool,
        is_undo: bool = False,
    ) -> None:
        work = self._run(mutations, finished, is_independent=is_independent, is_undo=is_undo)
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._host.report_bug(error)

    async def _run(
        self,
        mutations: Sequence[Mutation],
        finished: Callable[[Sequence[Result]], None],
        *,
        is_independent: bool,
        is_undo: bool,
    ) -> None:
        results: list[Result] = []
        texts: list[str] = []
        subjects = Counter(mutation.subject for mutation in mutations if mutation.subject)
        self._subjects += subjects
        run_id = object()
        try:
            for number, mutation in enumerate(mutations, 1):
                count = f" {number} of {len(mutations)}" if is_independent and len(mutations) > 1 else ""
                result = await self._result(mutation, partial(self._show_step, run_id, count))
                results.append(result)
                texts.append(_told(mutation.title, result.message))
                if not is_independent or len(mutations) == 1:
                    self._show_outcome(Outcome(result.verdict, " · ".join(texts)))
                if not is_undo:
                    self._remember(mutation, result)
                if result.verdict is not Verdict.DONE and not is_independent:
                    break
        finally:
            self._subjects -= subjects
            self.show_progress("", run_id)
            self._host.refresh_soon()
        finished(results)

    def _remember(self, mutation: Mutation, result: Result) -> None:
        if result.verdict is Verdict.REFUSED:
            return
        change = Change(
            mutation.title,
            result.message,
            mutation.inverse,
            mutation.undo_note or ("" if mutation.inverse else CANNOT_UNDO),
        )
        if result.verdict is Verdict.UNKNOWN:
            change = replace(change, inverse=None, note=NOT_KNOWN)
        self._changes = [*self._changes, change][-MAX_CHANGES:]

    async def _result(self, mutation: Mutation, show_progress: Callable[[str], None]) -> Result:
        """Run one. A bug in it must not keep the others from being run."""
        journal = self._host.client.journal
        with journal.change(mutation.action or f"{mutation.title}: {mutation.progress}") as record:
            try:
                result = await run(mutation, show_progress)
            except Exception as error:  # whatever it is: it is reported
                self._host.report_bug(error)
                result = Result(Verdict.UNKNOWN, "It is not known whether this was done: check before you repeat it.")
            record(result.verdict.value, result.message)
        return result


def _told(title: str, message: str) -> str:
    return f"{visible(title)}: {one_line(message)}"
