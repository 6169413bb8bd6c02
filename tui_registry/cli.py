"""The commands put together. Those of the server are handed on to a process of its own."""

import gc
import os
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from tui_registry.commands.exits import EPILOG, Exit, Failure
from tui_registry_server.program import Program

_HANDED_ON: dict[str, Any] = {
    "context_settings": {"ignore_unknown_options": True, "help_option_names": []},
    "add_help_option": False,
}


_ELSEWHERE = {
    "requests": "requests",
    "models": "models",
    "activity": "activity",
    "permissions": "permissions",
    "login": "profiles",
    "logout": "profiles",
    "profiles": "profiles",
    "keys": "keys",
}
"""The modules of the commands that are in one of their own, imported when they are asked for."""


class Commands(Program):
    """Those of this module and those elsewhere."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_ELSEWHERE})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(import_module(f"tui_registry.commands.{_ELSEWHERE[cmd_name]}"), cmd_name)
        return command


@click.group(
    cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EPILOG
)
@click.version_option(package_name="tui-registry", prog_name="tui-registry")
@click.option("--profile", metavar="NAME", help="The profile to open instead of the default.")
@click.option("--ask-token", is_flag=True, help="Prompt for a token, for this session only.")
@click.pass_context
def main(context: click.Context, *, profile: str | None, ask_token: bool) -> None:
    """A model registry, governed from the keyboard.

    Without a command, opens the console: on the profile given, on TUI_REGISTRY_URL and TUI_REGISTRY_TOKEN, on the
    default profile, or else on a local registry, which it starts and stops itself.
    """
    if context.invoked_subcommand is None:
        _open(profile, ask_token=ask_token)


@main.command()
def demo() -> None:
    """Open the console on a throwaway registry with sample data."""
    import tempfile

    from tui_registry.demo.fill import FillError
    from tui_registry.session.connection import ConnectionProblem
    from tui_registry.session.demo import DemoRegistry
    from tui_registry.session.embedded import EmbeddedError

    with tempfile.TemporaryDirectory(prefix="tui-registry-demo-") as folder:
        registry = DemoRegistry(Path(folder))
        try:
            connection = registry.open(progress=_progress)
            _run(connection)
        except (ConnectionProblem, EmbeddedError, FillError) as error:
            raise Failure(Exit.REFUSED, f"The demo could not be started.\n{error}") from None
        finally:
            registry.close()


def _hand_on(name: str, help_text: str) -> None:
    @main.command(name, help=help_text, **_HANDED_ON)
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def command(*, arguments: tuple[str, ...]) -> None:
        from tui_registry.session.server_process import server_command, server_environment

        # The process becomes the server: signals reach it directly, and nothing of the console stays in memory.
        os.execve(sys.executable, server_command(name, *arguments), server_environment())  # noqa: S606  # no shell is meant


_hand_on("serve", "Serve a registry in the foreground.")
_hand_on("users", "Create users, in the database directly.")
_hand_on("tokens", "Create, list and revoke access tokens, in the database directly.")
_hand_on("audit", "Verify and export the log of every change.")
_hand_on("backup", "Write a registry into a file, while servers run on it.")
_hand_on("restore", "Put a backup in a database's place.")
_hand_on("migrate", "Copy a registry into another database, as from SQLite to PostgreSQL.")


def _open(profile: str | None, *, ask_token: bool) -> None:
    from tui_registry.session.connection import ConnectionProblem, connect

    if not ask_token:
        _run(partial(connect, profile=profile))
        return
    try:
        connection = connect(profile=profile, ask_token=True)  # asks on the terminal, before the console takes it
    except ConnectionProblem as error:
        raise Failure(Exit.REFUSED, str(error)) from None
    _run(connection)


def _run(connect: Any) -> None:
    """Open the console on a connection, or on what makes one."""
    from tui_registry.terminal import environment

    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise Failure(Exit.REFUSED, "The console needs a terminal. For scripts there are commands: tui-registry --help")
    if os.environ.get("TERM") == "dumb":
        raise Failure(
            Exit.REFUSED, "This terminal (TERM=dumb) draws no screens. There are commands: tui-registry --help"
        )
    gc.disable()  # while so much is imported and so little can be freed; it is enabled again by startup.first_frame
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # to look for some, it reads what every package says
    settings, complaints = _settings()
    mouse = environment.prepare(settings=settings)
    no_color = os.environ.get("NO_COLOR")
    sys.modules["httpx._main"] = None  # type: ignore[assignment]  # httpx's own command, which takes longer to import than all the rest of it; it does without
    from tui_registry.app import ConsoleApp

    while True:
        if no_color:
            os.environ["NO_COLOR"] = no_color  # Textual takes it away
        app = ConsoleApp(connect, settings, complaints)
        try:
            profile = app.run(mouse=mouse)
        finally:
            opened = app.connection.opened
            if opened is not None and opened.embedded is not None:
                opened.embedded.close()
        if app.ended_by is not None:
            sys.exit(128 + app.ended_by)
        if app.return_code:
            sys.exit(app.return_code)
        if profile is None:
            return
        connect = partial(_connect, profile)
        settings, complaints = _settings()


def _settings() -> tuple[Any, list[str]]:
    """The user's settings or, if their file cannot be understood, the default ones and why."""
    from tui_registry.session.settings import Settings, SettingsError, read

    try:
        return read(), []
    except SettingsError as error:
        return Settings(), [str(error)]


def _connect(profile: str) -> Any:
    from tui_registry.session.connection import connect

    return connect(profile=profile)


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        filled = round(30 * done / max(total, 1))
        bar = "━" * filled + " " * (30 - filled)
        click.echo(f"\rFilling the demo registry {bar} {done}/{total}", nl=False, err=True)
        if done >= total:
            click.echo("\r" + " " * 78 + "\r", nl=False, err=True)
