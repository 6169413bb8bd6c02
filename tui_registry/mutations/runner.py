"""Changes as the console makes them: each run to its end, told of, and taken back where that is true."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from textual.app import App
from textual.content import Content
from textual.notifications import SeverityLevel

from tui_registry.client.errors import CallError
from tui_registry.mutations.mutation import Verdict, Write, perform
from tui_registry.screens.base.place import Place
from tui_registry.session.messages import ConnectionChanged, RegistryChanged
from tui_registry.terminal.sanitize import one_line, visible

if TYPE_CHECKING:
    from tui_registry.screens.dialogs.confirm import Consent

UNDOABLE = 50  # changes that can be taken back, one after the other
SEVERITY: dict[Verdict, SeverityLevel] = {
    Verdict.DONE: "information",
    Verdict.REFUSED: "warning",
    Verdict.UNKNOWN: "error",
}
PATIENCE = {Verdict.DONE: 6.0, Verdict.REFUSED: 12.0, Verdict.UNKNOWN: 30.0}
"""Seconds that a result stays on the screen."""


class WritingApp(App[str]):
    """An application that changes a registry. ``progress``: what is being waited for, in words."""

    def __init__(self) -> None:
        super().__init__()
        self.progress = ""
        self.deciding: set[str] = set()  # ids of the requests whose decision is being written
        self._writes: set[asyncio.Task[None]] = set()
        self._conversing = False
        self._undo: list[Write] = []  # what takes back the changes made here, the newest last

    @property
    def is_writing(self) -> bool:
        return bool(self._writes)

    @property
    def can_undo(self) -> bool:
        return bool(self._undo)

    async def written(self, *, timeout: float) -> None:  # noqa: ASYNC109  # what is not answered by then is left alone
        """Wait for the answers to what is being written, so many seconds at the most."""
        await asyncio.wait(self._writes, timeout=timeout)

    def keep_working(self, work: Awaitable[None]) -> None:
        """Run a write to its end, whatever screens come and go."""
        task = asyncio.ensure_future(work)
        self._writes.add(task)
        task.add_done_callback(self._written)

    def _written(self, task: asyncio.Task[None]) -> None:
        self._writes.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.tell_mistake(error)

    def converse(self, talk: Callable[[], Awaitable[None]]) -> None:
        """Ask the user, one question after the other. What the server refuses or does not answer ends it, and is told.

        One conversation at a time: a key that begins another while the server is asked for this one does nothing."""
        if self._conversing:
            return
        self._conversing = True
        self.run_worker(self._converse(talk), exit_on_error=False, name="conversation")

    async def _converse(self, talk: Callable[[], Awaitable[None]]) -> None:
        try:
            await talk()
        except CallError as error:
            self.tell_result("Nothing was changed", Verdict.REFUSED, str(error))
        finally:
            self._conversing = False

    def write(self, *writes: Write, then: Callable[[], None] | None = None, undoing: bool = False) -> None:
        """Make changes, one after the other, until one does not happen; tell what came of each. ``then`` is called if
        all happened."""
        self.keep_working(self._make(writes, then, undoing=undoing))

    async def _make(self, writes: Sequence[Write], then: Callable[[], None] | None, *, undoing: bool) -> None:
        happened = True
        try:
            for write in writes:
                result = await perform(write, self.tell_progress)
                self.tell_result(write.title, result.verdict, result.told)
                happened = result.verdict is Verdict.DONE
                if not happened:
                    break
                if write.inverse is not None and not undoing:
                    self._undo = [*self._undo, write.inverse][-UNDOABLE:]
        finally:
            self.tell_progress("")
        self.tell(RegistryChanged())
        if happened and then is not None:
            then()

    def tell_result(self, title: str, verdict: Verdict, told: str) -> None:
        """Say what came of a change."""
        self.notify(
            one_line(told),
            title=visible(title),
            severity=SEVERITY[verdict],
            timeout=PATIENCE[verdict],
            markup=False,
        )

    def action_undo(self) -> None:
        """Take back the newest change that has a true inverse, if things are still as that change left them."""
        if not self._undo or not isinstance(self.screen, Place):
            return
        from tui_registry.screens.dialogs.confirm import Confirm, Question

        write = self._undo[-1]

        def answered(consent: "Consent | None") -> None:
            if consent is not None and write in self._undo:
                self._undo.remove(write)
                self.write(write, undoing=True)

        told = [Content(one_line(f"• {visible(write.title)}: {write.doing}", 300))]
        self.push_screen(Confirm(Question("Undo the last change?", told, "Undo")), answered)

    def tell_progress(self, progress: str) -> None:
        self.progress = progress
        self.tell(ConnectionChanged())

    def tell_mistake(self, error: BaseException | None) -> None:
        self.notify(
            one_line(f"{type(error).__name__}: {error}"),
            title="A mistake in tui-registry itself",
            severity="error",
            markup=False,
            timeout=30,
        )

    def tell(self, message: ConnectionChanged | RegistryChanged) -> None:
        """Tell the place that is seen; the others look for themselves when they are seen again."""
        places = [screen for screen in self.screen_stack if isinstance(screen, Place)]
        if places:
            places[-1].post_message(message)
