"""``tui-registry login``, ``logout`` and ``profiles``: named connections to registries."""

import shlex
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from tui_registry.commands import completers, device_code
from tui_registry.commands.exit_codes import Exit, Failure
from tui_registry.commands.output import note, print_json, print_lines, table

MAX_TOKEN_LENGTH = 65_536  # characters: the server's limit for a request's head
NOT_ASCII = "The input cannot be a token: it is not ASCII. Copy it again."


def _settings_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options for the settings of a profile, except its URL."""
    for option in (
        click.option(
            "--tracking-uri",
            metavar="URL",
            help="The MLflow tracking server whose runs are registered there; '' for none.",
        ),
        click.option(
            "--workspace", metavar="NAME", help="The workspace whose models are shown; '' for the default one."
        ),
        click.option(
            "--colour",
            metavar="COLOUR",
            help="Background of its name in the console, such as red or #aa0000; '' for none.",
        ),
        click.option(
            "--insecure-http/--only-https",
            default=None,
            help="Allow sending the token unencrypted to an http:// URL.",
        ),
        click.option(
            "--ca", metavar="FILE", help="PEM file of the CA that must sign its certificate; '' for the system's CAs."
        ),
        click.option(
            "--read-only/--read-write", default=None, help="Whether the console and commands may make changes there."
        ),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("url")
@click.option(
    "--profile",
    metavar="NAME",
    shell_complete=completers.profiles,
    help="Name of the profile; default: the host in URL.",
)
@click.option("--token", "by_token", is_flag=True, help="Ask for an access token, also where there is single sign-on.")
@click.option("--token-stdin", is_flag=True, help="Read the access token from standard input.")
@_settings_options
def login(*, url: str, profile: str | None, by_token: bool, token_stdin: bool, **settings: Any) -> None:
    """Sign in to the registry at URL, and save a profile for it, with its token in the keyring.

    If the registry has single sign-on, you sign in with a browser on any machine, by the code that is shown; that is
    renewed by itself until logout. Otherwise an access token is asked for.

    Where no keyring works, as is usual over SSH, the profile is saved without its token: the console and commands then
    ask for it, or take it from TUI_REGISTRY_TOKEN.

    For an existing profile, options that are not given keep their values."""
    from tui_registry.session import login as session_login

    read = _read_token() if token_stdin else None
    try:
        planned = session_login.plan(url, profile, by_token=by_token or token_stdin, **settings)
        if planned.offer is not None:
            done = session_login.with_provider(planned, device_code.show)
        else:
            done = session_login.with_token(planned, _prompt_token() if read is None else read)
    except KeyboardInterrupt:
        raise Failure(Exit.INTERRUPTED, "Interrupted: nothing was saved.") from None
    except session_login.LoginError as error:
        raise Failure(Exit.REFUSED, str(error)) from None
    if settings["insecure_http"]:
        note("Warning: without TLS, anyone on the network can read the token.")
    if done.not_stored:
        note(
            f"The token is valid, but was not stored: {done.not_stored}.\n"
            f"Profile {done.profile} is saved without it: the console and commands will ask "
            f"{'you to sign in again' if planned.offer else 'for it'}, or take one from TUI_REGISTRY_TOKEN."
        )
    else:
        note("Logged in.")
    note(f"Open it with: tui-registry --profile {shlex.quote(done.profile)}")


def _read_token() -> str:
    """The first line of standard input, limited to the length of a token."""
    try:
        line = sys.stdin.readline(MAX_TOKEN_LENGTH)
    except UnicodeDecodeError:
        raise Failure(Exit.REFUSED, NOT_ASCII) from None
    if len(line) == MAX_TOKEN_LENGTH:
        raise Failure(Exit.REFUSED, f"The input cannot be a token: it is longer than {MAX_TOKEN_LENGTH:,} characters.")
    return line


def _prompt_token() -> str:
    """The token as typed, without echo."""
    import getpass

    try:
        with warnings.catch_warnings(action="error", category=getpass.GetPassWarning):
            return str(click.prompt("Token", hide_input=True))
    except getpass.GetPassWarning:
        raise Failure(Exit.REFUSED, "There is no terminal to ask for the token. Use --token-stdin.") from None
    except UnicodeDecodeError:
        raise Failure(Exit.REFUSED, NOT_ASCII) from None


@click.command()
@click.argument("profile", shell_complete=completers.profiles)
def logout(*, profile: str) -> None:
    """Delete a profile and its token."""
    from tui_registry.session import login as session_login

    try:
        session_login.logout(profile)
    except session_login.LoginError as error:
        raise Failure(Exit.REFUSED, str(error)) from None
    note(f"Deleted profile {profile}.")


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_context
def profiles(context: click.Context, *, as_json: bool) -> None:
    """List profiles (default: *), or change them."""
    if context.invoked_subcommand is not None:
        return
    from tui_registry.session import profiles as session_profiles

    with _profile_errors():
        known = session_profiles.read()
    if as_json:
        print_json(known.model_dump())
    elif known.profiles:
        rows = [
            ["*" if name == known.default else "", name, profile.url, ", ".join(profile.marks)]
            for name, profile in sorted(known.profiles.items())
        ]
        print_lines(table(("", "PROFILE", "URL", "SETTINGS"), rows, fixed=("", "PROFILE")))
    else:
        note("There are no profiles. Create one with: tui-registry login URL")


@profiles.command("default")
@click.argument("name", shell_complete=completers.profiles)
def set_default(*, name: str) -> None:
    """Make NAME the default profile."""
    from tui_registry.session import login as session_login

    with _profile_errors():
        session_login.make_default(name)


@profiles.command("set")
@click.argument("name", shell_complete=completers.profiles)
@_settings_options
def set_profile(*, name: str, **settings: Any) -> None:
    """Change the settings of the profile NAME, except its URL."""
    from tui_registry.session import login as session_login

    with _profile_errors():
        changed = session_login.change(name, **settings)
    print_lines([", ".join([name, changed.url, *changed.marks])])


@contextmanager
def _profile_errors() -> Iterator[None]:
    """Report errors of the profiles file as failures of the command."""
    from tui_registry.session.profiles import ProfileError

    try:
        yield
    except ProfileError as error:
        raise Failure(Exit.REFUSED, str(error)) from None
