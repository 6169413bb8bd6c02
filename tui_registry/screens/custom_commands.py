"""Running the user's custom commands: in the terminal, which the console leaves in the meantime, or in the
background."""

import asyncio
import shlex
from collections.abc import Awaitable, Mapping, Sequence
from functools import partial
from typing import Protocol

from textual.content import Content

from tui_registry.console import Commands, Console
from tui_registry.keys.names import display_name
from tui_registry.session.custom_command import ArgumentError, CustomCommand
from tui_registry.session.messages import ConnectionChanged
from tui_registry.terminal.background_process import BackgroundProcess
from tui_registry.terminal.child_process import ending
from tui_registry.terminal.sanitize import one_line, program_output

MAX_KEPT = 10  # outputs of background commands
MAX_RUNNING = 5  # background commands at once


class Host(Console, Protocol):
    """The application. The methods without docstrings are Textual's."""

    def run_worker(self, work: Awaitable[object], name: str | None = "", *, exit_on_error: bool = True) -> object: ...

    def post_to_place(self, message: ConnectionChanged) -> None:
        """Post a message to the current place."""

    def refresh_soon(self) -> None:
        """Read what is on the screen again."""


class CustomCommands(Commands):
    """``processes``: those in the background, running or ended, the newest last."""

    def __init__(self, app: Host, commands: Mapping[str, CustomCommand]) -> None:
        self.processes: Sequence[BackgroundProcess] = ()
        self._app = app
        self._commands = commands

    @property
    def running(self) -> str:
        """The titles of the commands in the background; empty if there are none."""
        return ", ".join(each.title for each in self.processes if each.is_running)

    async def close(self) -> None:
        """End those in the background."""
        await asyncio.gather(*(each.end() for each in self.processes))

    def is_live(self, name: str, values: Mapping[str, str]) -> bool:
        return self._commands[name].placeholders <= values.keys()

    def run(self, name: str, values: Mapping[str, str]) -> None:
        command = self._commands[name]
        if command.writes and self._app.connection.is_read_only:
            self._refuse(name, "It changes the registry, and this profile is read-only.")
            return
        if values.keys() <= {"url"} < command.placeholders:
            self._refuse(name, "There is no row under the cursor.")
            return
        try:
            arguments = command.arguments(values)
        except ArgumentError as error:
            self._refuse(name, str(error))
            return
        start = partial(self._start_in_background if command.background else self._run_in_terminal, name, arguments)
        if command.must_confirm:
            self._app.mutations.prepare(partial(self._confirm, name, arguments, start))
        else:
            start()

    async def _confirm(self, name: str, arguments: Sequence[str], start: "partial[None]") -> None:
        from tui_registry.screens.dialogs.confirm import Confirm, Question

        question = Question(f"Run {name}?", [Content(f"• {command_line(arguments)}")], "Run")
        if await self._app.push_screen_wait(Confirm(question)) is not None:
            start()

    def show_output(self) -> None:
        """Show the output of those in the background."""
        from tui_registry.screens.dialogs.command_output import CommandOutput

        if self.processes:
            self._app.push_screen(CommandOutput(self.processes))

    def _run_in_terminal(self, name: str, arguments: Sequence[str]) -> None:
        if self._app.mutations.is_running:
            self._refuse(name, "A change is being sent: wait for its answer.")
            return
        try:
            code = self._app.run_in_terminal(arguments, title=command_line(arguments))
        except (OSError, ValueError) as error:
            self._fail(name, arguments, error)
            return
        if code:
            self._app.notify(ending(code), title=name, severity="warning", markup=False)
        self._app.refresh_soon()

    def _start_in_background(self, name: str, arguments: Sequence[str]) -> None:
        running = [each for each in self.processes if each.is_running]
        if len(running) >= MAX_RUNNING:
            self._refuse(name, f"{MAX_RUNNING} commands are running: wait until one has ended.")
            return
        process = BackgroundProcess(name, arguments)
        ended = [each for each in self.processes if not each.is_running]
        self.processes = (*ended[-(MAX_KEPT - 1 - len(running)) :], *running, process)
        self._app.run_worker(self._run_in_background(process), name=f"command {name}", exit_on_error=False)

    async def _run_in_background(self, process: BackgroundProcess) -> None:
        self._app.post_to_place(ConnectionChanged())
        try:
            await process.run(self._app.child_variables)
        except (OSError, ValueError) as error:
            self.processes = [each for each in self.processes if each is not process]
            self._fail(process.title, process.arguments, error)
            return
        finally:
            self._app.post_to_place(ConnectionChanged())
        code = process.code or 0
        last = next((line for line in reversed(program_output(process.output)) if line.strip()), "")
        keys = self._app.keymap.keys["command_output"]
        hint = f"{display_name(keys[0])} shows the output" if keys else ""
        self._app.notify(
            "\n".join(filter(None, (ending(code), one_line(last, 200), hint))),
            title=process.title,
            severity="warning" if code else "information",
            markup=False,
            timeout=12 if code else 6,
        )

    def _refuse(self, name: str, why: str) -> None:
        self._app.notify(one_line(why, 300), title=f"{name} was not run", severity="warning", markup=False, timeout=12)

    def _fail(self, name: str, arguments: Sequence[str], error: OSError | ValueError) -> None:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        self._refuse(name, f"{arguments[0]} cannot be started: {why}.")


def command_line(arguments: Sequence[str]) -> str:
    """A program and its arguments, for display: quoted as for a shell."""
    return one_line(shlex.join(arguments), 2000)
