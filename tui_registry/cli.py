"""The command line. Server commands are forwarded to the server's own program."""

import gc
import keyword
import os
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tui_registry.commands.exit_codes import EPILOG, Exit, Failure
from tui_registry_server.program import Program

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_registry.session.connection import Connection
    from tui_registry.session.settings import Settings

    Connecting = Connection | Callable[[], Connection]
    """A connection, or a function that makes one."""

_FORWARDED: dict[str, Any] = {
    "context_settings": {"ignore_unknown_options": True, "help_option_names": []},
    "add_help_option": False,
}


_LAZY_COMMANDS = {
    "requests": "requests",
    "models": "models",
    "prompts": "prompts",
    "versions": "versions",
    "comments": "comments",
    "lineage": "lineage",
    "aliases": "aliases",
    "groups": "groups",
    "users": "users",
    "service-principals": "service_principals",
    "workspaces": "workspaces",
    "tokens": "tokens",
    "webhooks": "webhooks",
    "follow": "follows",
    "follows": "follows",
    "unfollow": "follows",
    "activity": "activity",
    "permissions": "permissions",
    "rollback": "rollback",
    "offboard": "offboard",
    "login": "profiles",
    "logout": "profiles",
    "profiles": "profiles",
    "keys": "keys",
    "completion": "completion",
    "import": "importing",
    "export": "exporting",
    "doctor": "doctor",
}
"""Commands by their modules in tui_registry.commands, imported when called."""


class Commands(Program):
    """The commands of this module and the lazily imported ones."""

    def main(self, *arguments: Any, **options: Any) -> NoReturn:
        # completion.VARIABLE, without the import: most commands are not completions.
        if "_TUI_REGISTRY_COMPLETE" in os.environ:
            from tui_registry.commands.completion import register

            register()
        super().main(*arguments, **options)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_LAZY_COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _LAZY_COMMANDS:
            return super().get_command(ctx, cmd_name)
        module = import_module(f"tui_registry.commands.{_LAZY_COMMANDS[cmd_name]}")
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(module, f"{name}_" if keyword.iskeyword(name) else name)
        return command


def _profiles(context: click.Context, parameter: click.Parameter, incomplete: str) -> Any:
    from tui_registry.commands import completers

    return completers.profiles(context, parameter, incomplete)


def _workspaces(context: click.Context, parameter: click.Parameter, incomplete: str) -> Any:
    from tui_registry.commands import completers

    return completers.workspaces(context, parameter, incomplete)


@click.group(
    cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EPILOG
)
@click.version_option(package_name="tui-registry", prog_name="tui-registry")
@click.option(
    "--profile", metavar="NAME", shell_complete=_profiles, help="Open this profile instead of the default one."
)
@click.option(
    "--ask-token", is_flag=True, help="Prompt for the token of that profile or URL, and use it for this session only."
)
@click.option(
    "--workspace",
    metavar="NAME",
    shell_complete=_workspaces,
    help="Open this workspace of it, instead of the profile's.",
)
@click.pass_context
def main(context: click.Context, *, profile: str | None, ask_token: bool, workspace: str | None) -> None:
    """A self-hosted model registry with a keyboard console.

    Without a command, opens the console. It connects to the registry of --profile, of TUI_REGISTRY_URL and
    TUI_REGISTRY_TOKEN, or of the default profile; without any of these, to a local registry that it starts and stops.
    TUI_REGISTRY_TOKEN alone is the token of the default profile, or of one whose token is not in the keyring.
    """
    if context.invoked_subcommand is None:
        _open(profile, workspace, ask_token=ask_token)


@main.command()
def demo() -> None:
    """Open the console on a temporary registry with sample models, requests and users."""
    import tempfile

    from tui_registry.demo.fill import FillError
    from tui_registry.session.connection import ConnectionProblem
    from tui_registry.session.demo import DemoRegistry
    from tui_registry.session.embedded import EmbeddedError

    _require_terminal()
    with tempfile.TemporaryDirectory(prefix="tui-registry-demo-") as folder:
        registry = DemoRegistry(Path(folder))
        try:
            connection = registry.open(progress=_progress)
            _run(connection)
        except (ConnectionProblem, EmbeddedError, FillError) as error:
            raise Failure(Exit.REFUSED, f"The demo could not be started.\n{error}") from None
        finally:
            registry.close()


def _forward(name: str, help_text: str) -> None:
    @main.command(name, help=help_text, **_FORWARDED)
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def command(*, arguments: tuple[str, ...]) -> None:
        from tui_registry.session.server_process import become_server

        become_server(name, *arguments)


_forward("serve", "Serve a registry in the foreground.")
_forward("audit", "Verify and export the audit log.")
_forward("backup", "Back up a registry to a file, also while servers run.")
_forward("restore", "Restore a backup to a database.")
_forward("migrate", "Copy a registry to another database, such as from SQLite to PostgreSQL.")


def _open(profile: str | None, workspace: str | None, *, ask_token: bool) -> None:
    _require_terminal()
    _run(_connect(profile, workspace, ask_token=ask_token))


def _run(connect: "Connecting") -> None:
    """Open the console in a terminal."""
    from tui_registry.startup import imports
    from tui_registry.terminal import environment

    gc.disable()  # importing frees nothing; startup.first_frame enables it again
    imports.skip_unneeded()
    settings, warnings = _settings()
    mouse = environment.prepare(settings=settings)
    no_color = os.environ.get("NO_COLOR")
    from tui_registry.app import ConsoleApp

    while True:
        if no_color:
            os.environ["NO_COLOR"] = no_color  # Textual removes it
        app = ConsoleApp(connect, settings, warnings)
        try:
            following = app.run(mouse=mouse)
        finally:
            opened = app.connection.opened
            stays = app.return_value is not None and not isinstance(app.return_value, str)  # in another workspace
            if opened is not None and opened.embedded is not None and not stays:
                opened.embedded.close()
        if app.ended_by is not None:
            sys.exit(128 + app.ended_by)
        if app.return_code:
            sys.exit(app.return_code)
        if following is None:
            return
        connect = _connect(following, switched=True) if isinstance(following, str) else following
        settings, warnings = _settings()


def _settings() -> "tuple[Settings, list[str]]":
    """The user's settings or, if their file is invalid, the defaults and the reason."""
    from tui_registry.session.settings import Settings, SettingsError, read

    try:
        return read(), []
    except SettingsError as error:
        return Settings(), [str(error)]


def _connect(
    profile: str | None, workspace: str | None = None, *, ask_token: bool = False, switched: bool = False
) -> "Connecting":
    """A connection, if its token has to be asked for, which is done before the console takes over the terminal; else a
    function that makes one."""
    from tui_registry.session.connection import ConnectionProblem, connect, must_ask

    try:
        if ask_token or must_ask(profile, os.environ, switched=switched):
            from tui_registry.commands import device_code

            return connect(profile=profile, workspace=workspace, ask_token=True, show_code=device_code.show)
    except ConnectionProblem as error:
        raise Failure(Exit.REFUSED, str(error)) from None
    return partial(connect, profile=profile, workspace=workspace, switched=switched)


def _require_terminal() -> None:
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise Failure(Exit.REFUSED, "The console needs a terminal. For scripts, use the commands: tui-registry --help")
    if os.environ.get("TERM") == "dumb":
        raise Failure(
            Exit.REFUSED, "The console cannot run in this terminal (TERM=dumb). Use the commands: tui-registry --help"
        )


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        filled = round(30 * done / max(total, 1))
        bar = "━" * filled + " " * (30 - filled)
        click.echo(f"\rFilling the demo registry {bar} {done}/{total}", nl=False, err=True)
        if done >= total:
            click.echo("\r" + " " * 78 + "\r", nl=False, err=True)
