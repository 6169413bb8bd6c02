"""The commands. Those of the server are handed on to ``python -m server``."""

import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click

_HANDED_ON: dict[str, Any] = {
    "context_settings": {"ignore_unknown_options": True, "help_option_names": []},
    "add_help_option": False,
}


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tui-registry", prog_name="tui-registry")
@click.option("--profile", metavar="NAME", help="The profile to open, instead of the default one.")
@click.option("--ask-token", is_flag=True, help="Ask for the token, and keep it for this session only.")
@click.pass_context
def main(context: click.Context, *, profile: str | None, ask_token: bool) -> None:
    """A model registry, governed from the keyboard.

    Without a command, opens the console: on the profile given, on TUI_REGISTRY_URL and TUI_REGISTRY_TOKEN, on the
    default profile, or else on a registry of your own, which it starts and ends by itself.
    """
    if context.invoked_subcommand is None:
        _open(profile, ask_token=ask_token)


@main.command()
def demo() -> None:
    """Open the console on a throwaway registry full of made-up models, requests and people."""
    from tui_registry.demo.fill import FillError
    from tui_registry.session.demo import DemoRegistry
    from tui_registry.session.embedded import EmbeddedError

    with tempfile.TemporaryDirectory(prefix="tui-registry-demo-") as folder:
        registry = DemoRegistry(Path(folder))
        try:
            connection = registry.open(progress=_progress)
            _run(connection)
        except (EmbeddedError, FillError) as error:
            _fail(f"The demo could not be started.\n{error}")
        finally:
            registry.close()


@main.command()
@click.argument("url")
@click.option("--profile", metavar="NAME", help="What to call it; its host, if left out.")
@click.option("--token-stdin", is_flag=True, help="Read the token from standard input.")
def login(*, url: str, profile: str | None, token_stdin: bool) -> None:
    """Keep the token of the registry at URL in the keyring, under a profile."""
    from tui_registry.session import login as session_login

    token = sys.stdin.readline().strip() if token_stdin else click.prompt("Token", hide_input=True).strip()
    try:
        name = session_login.login(url, profile, token)
    except session_login.LoginError as error:
        _fail(str(error))
    click.echo(f"Logged in. Open it with: tui-registry --profile {name}", err=True)


@main.command()
@click.argument("profile")
def logout(*, profile: str) -> None:
    """Forget the token of PROFILE, and the profile."""
    from tui_registry.session import login as session_login

    try:
        session_login.logout(profile)
    except session_login.LoginError as error:
        _fail(str(error))
    click.echo(f"Forgot {profile}.", err=True)


@main.command()
def profiles() -> None:
    """List the profiles."""
    from tui_registry.session import profiles as session_profiles

    try:
        known = session_profiles.read()
    except session_profiles.ProfileError as error:
        _fail(str(error))
    for name, profile in sorted(known.profiles.items()):
        click.echo(f"{'*' if name == known.default else ' '} {name}  {profile.url}")


def _hand_on(name: str, help_text: str) -> None:
    @main.command(name, help=help_text, **_HANDED_ON)
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def command(*, arguments: tuple[str, ...]) -> None:
        # The process becomes the server: signals reach it directly, and nothing of the console stays in memory.
        os.execv(sys.executable, [sys.executable, "-m", "server", name, *arguments])  # noqa: S606  # no shell is meant


_hand_on("serve", "Serve a registry in the foreground.")
_hand_on("users", "Create users, in the database directly.")
_hand_on("tokens", "Create access tokens, in the database directly.")


def _open(profile: str | None, *, ask_token: bool) -> None:
    from tui_registry.session.connection import ConnectionProblem, connect

    if not ask_token:
        _run(partial(connect, profile=profile))
        return
    try:
        connection = connect(profile=profile, ask_token=True)  # asks on the terminal, before the console takes it
    except ConnectionProblem as error:
        _fail(str(error))
    _run(connection)


def _run(connect: Any) -> None:
    """Open the console on a connection, or on what makes one."""
    from tui_registry import terminal

    if not sys.stdout.isatty():
        _fail("The console needs a terminal. For scripts, call the API: see /openapi.json of the server.")
    mouse = terminal.prepare()
    from tui_registry.app import ConsoleApp

    while True:
        app = ConsoleApp(connect)
        try:
            profile = app.run(mouse=mouse)
        finally:
            if app.connection is not None and app.connection.embedded is not None:
                app.connection.embedded.close()
        if app.return_code:
            sys.exit(app.return_code)
        if profile is None:
            return
        connect = partial(_connect, profile)


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


def _fail(message: str) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.exit(1)
