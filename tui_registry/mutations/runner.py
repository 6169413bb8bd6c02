"""The mutations that the console runs: each to its end, whatever screens come and go, reported, and undone."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol

from textual.notifications import SeverityLevel

from tui_registry.client.errors import CallError
from tui_registry.mutations.mutation import Mutation, run
from tui_registry.mutations.result import Result, Verdict
from tui_registry.session.messages import ConnectionChanged
from tui_registry.terminal.sanitize import one_line, visible

MAX_UNDO = 50  # mutations that can be undone, one after the other
SEVERITY: dict[Verdict, SeverityLevel] = {
    Verdict.DONE: "information",
    Verdict.REFUSED: "warning",
    Verdict.UNKNOWN: "error",
}
NOTIFICATION_SECONDS = {Verdict.DONE: 6.0, Verdict.REFUSED: 12.0, Verdict.UNKNOWN: 30.0}


class Host(Protocol):
    """What the mutations need of the application that holds them."""

    def post_to_place(self, message: ConnectionChanged) -> None:
        """Post a message to the place that is on the screen."""

    def refresh_soon(self) -> None:
        """Read what is on the screen again."""

    def report_bug(self, error: BaseException) -> None:
        """Show an error of the console itself."""

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """As Textual does."""

    def run_worker(self, work: Awaitable[object], name: str | None = "", *, exit_on_error: bool = True) -> object:
        """As Textual does."""


class Mutations:
    """``progress``: what is being waited for, in words; empty if nothing is."""

    def __init__(self, host: Host) -> None:
        self.progress = ""
        self._host = host
        self._running: set[asyncio.Task[None]] = set()
        self._subjects: set[str] = set()
        self._is_preparing = False
        self._undo: list[Mutation] = []  # the inverses of what was done here, the newest last

    @property
    def is_running(self) -> bool:
        return bool(self._running)

    def is_changing(self, subject: str) -> bool:
        """Whether a mutation of this subject is running."""
        return subject in self._subjects

    async def wait(self, *, timeout: float) -> None:  # noqa: ASYNC109  # what is not answered by then is left alone
        """Wait for the answers to what is running, so many seconds at the most."""
        await asyncio.wait(self._running, timeout=timeout)

    def prepare(self, dialogs: Callable[[], Awaitable[None]]) -> None:
        """Ask the user what a mutation needs, one dialog after the other. What the server refuses or does not answer
        ends it, and is reported.

        One at a time: a key that begins another while the server is asked for this one does nothing."""
        if self._is_preparing:
            return
        self._is_preparing = True
        self._host.run_worker(self._prepare(dialogs), exit_on_error=False, name="dialogs")

    async def _prepare(self, dialogs: Callable[[], Awaitable[None]]) -> None:
        try:
            await dialogs()
        except CallError as error:
            self.report("Nothing was changed", Verdict.REFUSED, str(error))
        finally:
            self._is_preparing = False

    def start(self, *mutations: Mutation, then: Callable[[], None] | None = None) -> None:
        """Run mutations, one after the other, until one does not happen; report each result. ``then`` is called if all
        happened."""

        def finished(results: Sequence[Result]) -> None:
            if then is not None and all(result.verdict is Verdict.DONE for result in results):
                then()

        self._start(mutations, finished, is_independent=False)

    def start_each(self, mutations: Sequence[Mutation], finished: Callable[[Sequence[Result]], None]) -> None:
        """Run mutations, one after the other, whatever comes of those before; ``finished`` gets all results."""
        self._start(mutations, finished, is_independent=True)

    @property
    def undoable(self) -> Mutation | None:
        """What would undo the newest change made here that can be undone."""
        return self._undo[-1] if self._undo else None

    def undo(self, inverse: Mutation) -> None:
        """Run what was ``undoable``, once."""
        if inverse in self._undo:
            self._undo.remove(inverse)
            self._start([inverse], lambda _: None, is_independent=False, is_undo=True)

    def report(self, title: str, verdict: Verdict, message: str) -> None:
        """Say what came of a mutation."""
        self._host.notify(
            one_line(message),
            title=visible(title),
            severity=SEVERITY[verdict],
            timeout=NOTIFICATION_SECONDS[verdict],
            markup=False,
        )

    def show_progress(self, progress: str) -> None:
        """Say what is being waited for; empty when nothing is."""
        self.progress = progress
        self._host.post_to_place(ConnectionChanged())

    def _show_step(self, count: str, progress: str) -> None:
        self.show_progress(progress + count)

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
        subjects = {mutation.subject for mutation in mutations if mutation.subject}
        self._subjects |= subjects
        try:
            for number, mutation in enumerate(mutations, 1):
                count = f" {number} of {len(mutations)}" if is_independent and len(mutations) > 1 else ""
                result = await run(mutation, partial(self._show_step, count))
                self.report(mutation.title, result.verdict, result.message)
                results.append(result)
                if result.verdict is not Verdict.DONE:
                    if is_independent:
                        continue
                    break
                if mutation.inverse is not None and not is_undo:
                    self._undo = [*self._undo, mutation.inverse][-MAX_UNDO:]
        finally:
            self._subjects -= subjects
            self.show_progress("")
            self._host.refresh_soon()
        finished(results)
