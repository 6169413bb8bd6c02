"""The mutations that the console runs: each to its end, whatever screens come and go, reported, and undone."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from rich.cells import cell_len

from tui_registry.client.errors import CallError, LostAnswer, ReadOnly, Unauthenticated, Unreachable
from tui_registry.client.registry import RegistryClient
from tui_registry.keys.keymap import Keymap
from tui_registry.keys.names import display_name
from tui_registry.mutations.mutation import Mutation, run
from tui_registry.mutations.result import Result, Verdict
from tui_registry.session.messages import ConnectionChanged
from tui_registry.terminal.sanitize import clip, one_line, visible

MAX_CHANGES = 50  # that are remembered, to be undone one after the other
OUTCOME_SECONDS = {Verdict.DONE: 6.0, Verdict.REFUSED: 12.0, Verdict.UNKNOWN: 30.0}
"""How long the outcome of a mutation is displayed, unless there is a newer message."""


CANNOT_UNDO = "There is no way to undo it."
SERVER_IS_GONE = (Unreachable, LostAnswer, Unauthenticated)
"""After these, what is left of several mutations is not tried: each would wait for the server, and fail."""
NOT_TRIED = "Not tried: the server could not be reached, or refused the token."
MAX_TITLE_CELLS = 100  # of a mutation, in the status line, which must have room for the outcome
MAX_NAMED = 3  # that were not tried


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of the last mutation, or of several, in one sentence for people."""

    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A change that was made here, or may have been.

    title: what it is about. message: the outcome, if ``note`` does not say so. undoing: what undoes it: the steps
    of each of its parts, of which one that fails ends those of its part; empty if nothing does. note: what that does
    not restore, or why nothing does; may be empty.
    """

    title: str
    message: str
    undoing: tuple[tuple[Mutation, ...], ...]
    note: str

    @classmethod
    def of(cls, mutation: Mutation, result: Result) -> "Change":
        if result.verdict is Verdict.UNKNOWN:
            return cls(mutation.title, "", (), result.message)
        steps: list[Mutation] = []
        step = mutation.inverse
        while step is not None:
            steps.append(step)
            step = step.rest
        note = mutation.undo_note or ("" if steps else CANNOT_UNDO)
        return cls(mutation.title, result.message, (tuple(steps),) if steps else (), note)

    @classmethod
    def of_all(cls, changes: "Sequence[Change]", message: str) -> "Change":
        """Several that were made together, and are undone together, the last one first."""
        undoing = tuple(part for change in reversed(changes) for part in change.undoing)
        lasting = [change for change in changes if not change.undoing]
        notes = dict.fromkeys(change.note for change in (lasting or changes) if change.note)
        which = [f"Not {', '.join(visible(change.title) for change in lasting)}:"] if lasting and undoing else []
        return cls(f"{len(changes)} changes", message, undoing, " ".join([*which, *notes]))


Parts = Sequence[Sequence[Mutation]]
"""Of several mutations that are reported together, the parts: each ends with the first that does not happen."""

Results = Sequence[Sequence[Result]]
"""Of each part, the results of those of its mutations that were run."""


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
        """Show the outcome of a mutation, as long as it is ``Mutations.outcome``."""

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

        def finished(results: Results) -> None:
            call = then if all(result.verdict is Verdict.DONE for result in results[0]) else otherwise
            if call is not None:
                call()

        self._start([mutations], finished)

    def start_each(
        self, mutations: Sequence[Mutation], finished: Callable[[Sequence[Result]], None], participle: str
    ) -> None:
        """Run mutations, one after the other, whatever comes of those before; ``finished`` gets all results. Of several
        the sum is reported: the journal lists them. ``participle``: what was done, such as "approved"."""

        def all_finished(results: Results) -> None:
            finished([each[0] for each in results])

        self._start([[mutation] for mutation in mutations], all_finished, participle=participle)

    @property
    def last_change(self) -> Change | None:
        """The newest change made here that was not undone."""
        return self._changes[-1] if self._changes else None

    def undo(self, change: Change) -> None:
        """Undo what was the ``last_change``, once; what was not sent can be undone again."""
        if change not in self._changes or not change.undoing:
            return
        self._changes.remove(change)

        def finished(results: Results) -> None:
            left = tuple(
                steps[len(made) - 1 :]
                for steps, made in zip(change.undoing, results, strict=True)
                if made[-1].verdict is Verdict.REFUSED and isinstance(made[-1].error, (ReadOnly, *SERVER_IS_GONE))
            )
            if left:
                self._changes.append(replace(change, undoing=left))

        self._start(change.undoing, finished, participle="undone", is_undo=True)

    def pass_over(self, change: Change) -> None:
        """Forget a change that cannot be undone, once the user was informed."""
        self._changes.remove(change)

    def report(self, title: str, verdict: Verdict, message: str) -> None:
        """Report the outcome of a mutation."""
        self._show_outcome(Outcome(verdict, _status_text(title, message)))

    def _show_outcome(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self._host.show_outcome(outcome)
        self._host.set_timer(OUTCOME_SECONDS[outcome.verdict], partial(self._forget_outcome, outcome))

    def _forget_outcome(self, outcome: Outcome) -> None:
        if self.outcome is outcome:
            self.outcome = None
            self._host.post_to_place(ConnectionChanged())

    def _report_all(self, parts: Parts, results: Results, untried: Parts, participle: str) -> str:
        """Say how many of several were done, which were not tried, and which key lists them. Returns how many, in
        words."""
        counts: Counter[Verdict] = Counter()
        for part, made in zip(parts, results, strict=False):
            counts[made[-1].verdict] += made[-1].count or part[0].count
        unknown = f", {counts[Verdict.UNKNOWN]} unknown" if counts[Verdict.UNKNOWN] else ""
        text = counted = f"{counts[Verdict.DONE]} {participle}, {counts[Verdict.REFUSED]} failed{unknown}"
        if untried:
            counted += f", {sum(part[0].count for part in untried)} not tried"
            named = ", ".join(visible(part[0].title) for part in untried[:MAX_NAMED])
            more = f" and {len(untried) - MAX_NAMED} more" if len(untried) > MAX_NAMED else ""
            text = f"{counted}: {named}{more}"
        if keys := self._host.keymap.keys["journal"]:
            text += f" · {display_name(keys[0])} details"
        worst = next(verdict for verdict in (Verdict.UNKNOWN, Verdict.REFUSED, Verdict.DONE) if counts[verdict])
        self._show_outcome(Outcome(worst, text))
        return counted

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
        parts: Parts,
        finished: Callable[[Results], None],
        *,
        participle: str = "",
        is_undo: bool = False,
    ) -> None:
        """Run the mutations of each part, until one does not happen; ``finished`` gets the results of each part.
        ``participle``: what is done, if there can be several parts."""
        work = self._run(parts, finished, participle=participle, is_undo=is_undo)
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._host.report_bug(error)

    async def _run(
        self,
        parts: Parts,
        finished: Callable[[Results], None],
        *,
        participle: str,
        is_undo: bool,
    ) -> None:
        results: list[list[Result]] = []
        changes: list[Change] = []
        subjects = Counter(mutation.subject for part in parts for mutation in part if mutation.subject)
        self._subjects += subjects
        run_id = object()
        number, total = 0, sum(part[0].count for part in parts)
        untried: Parts = ()
        try:
            for place, part in enumerate(parts, 1):
                number += part[0].count
                count = f" {number} of {total}" if len(parts) > 1 else ""
                texts: list[str] = []
                results.append([])
                for mutation in part:
                    result = await self._result(mutation, partial(self._show_step, run_id, count))
                    results[-1].append(result)
                    texts.append(_status_text(mutation.title, result.message))
                    if len(parts) == 1:
                        self._show_outcome(Outcome(result.verdict, " · ".join(texts)))
                    if result.verdict is not Verdict.REFUSED:
                        changes.append(Change.of(mutation, result))
                    if result.verdict is not Verdict.DONE:
                        break
                if isinstance(results[-1][-1].error, SERVER_IS_GONE):
                    untried = parts[place:]
                    break
        finally:
            self._subjects -= subjects
            self.show_progress("", run_id)
            self._host.refresh_soon()
        counted = self._report_all(parts, results, untried, participle) if len(parts) > 1 else ""
        results += [[self._not_tried(part[0], results[-1][-1])] for part in untried]
        if len(parts) > 1 and len(changes) > 1:
            changes = [Change.of_all(changes, counted)]
        if not is_undo:
            self._changes = [*self._changes, *changes][-MAX_CHANGES:]
        finished(results)

    def _not_tried(self, mutation: Mutation, last: Result) -> Result:
        """The result of one after which the server was gone, in the journal, too."""
        with self._host.client.journal.change(_action(mutation)) as record:
            record(Verdict.REFUSED.value, NOT_TRIED)
        return Result(Verdict.REFUSED, NOT_TRIED, last.error)

    async def _result(self, mutation: Mutation, show_progress: Callable[[str], None]) -> Result:
        """Run one. A bug in it must not keep the others from being run."""
        journal = self._host.client.journal
        with journal.change(_action(mutation)) as record:
            try:
                result = await run(mutation, show_progress)
            except Exception as error:  # whatever it is: it is reported
                self._host.report_bug(error)
                result = Result(
                    Verdict.UNKNOWN, "It is not known whether it was done: check before you repeat or undo it."
                )
            record(result.verdict.value, result.message)
        return result


def _action(mutation: Mutation) -> str:
    return mutation.action or f"{mutation.title}: {mutation.progress}"


def _status_text(title: str, message: str) -> str:
    title = visible(title)
    return f"{clip(title, min(cell_len(title), MAX_TITLE_CELLS))}: {one_line(message)}"
