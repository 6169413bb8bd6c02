"""``tui-registry login``, ``logout`` and ``profiles``: the registries that one opens by name."""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from tui_registry.commands.exits import Exit, Failure
from tui_registry.commands.output import note, print_json, print_lines, table

LONGEST_TOKEN = 65_536  # characters: a server reads no more of a request's head
NOT_ASCII = "The input cannot be a token: it is not ASCII. Copy it again."


def _particulars(command: Callable[..., None]) -> Callable[..., None]:
    """What a profile says besides its URL."""
    for option in (
        click.option(
            "--tracking-uri",
            metavar="URL",
            help="The MLflow tracking server whose runs are registered there; '' for none.",
        ),
        click.option(
            "--colour", metavar="COLOUR", help="Behind its name in the console: red, #aa0000 ...; '' for none."
        ),
        click.option(
            "--insecure-http/--only-https",
            default=None,
            help="Whether the token may be sent to an http:// URL, for all on the way to read.",
        ),
        click.option(
            "--ca", metavar="FILE", help="Whom its certificate must be signed by: a PEM file; '' for the system's."
        ),
        click.option(
            "--read-only/--read-write", default=None, help="Whether the console and commands may write there."
        ),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("url")
@click.option("--profile", metavar="NAME", help="What to call it; its host, if left out.")
@click.option("--token-stdin", is_flag=True, help="Read the token from standard input.")
@_particulars
def login(*, url: str, profile: str | None, token_stdin: bool, **particulars: Any) -> None:
    """Keep the token of the registry at URL in the keyring, under a profile. What is not said here stays as it was, if
    there is such a profile."""
    from tui_registry.session import login as session_login

    token = _given() if token_stdin else _asked()
    try:
        name = session_login.login(url, profile, token, **particulars)
    except session_login.LoginError as error:
        raise Failure(Exit.REFUSED, str(error)) from None
    if particulars["insecure_http"]:
        note("Warning: without TLS, whoever can read the network can read the token.")
    note(f"Logged in. Open it with: tui-registry --profile {name}")


def _given() -> str:
    """The first line of standard input, and no more of it than a token could be."""
    try:
        line = sys.stdin.readline(LONGEST_TOKEN)
    except UnicodeDecodeError:
        raise Failure(Exit.REFUSED, NOT_ASCII) from None
    if len(line) == LONGEST_TOKEN:
        raise Failure(Exit.REFUSED, f"The input cannot be a token: it has more than {LONGEST_TOKEN:,} characters.")
    return line


def _asked() -> str:
    """What is typed, which must not be seen."""
    import getpass

    try:
        with warnings.catch_warnings(action="error", category=getpass.GetPassWarning):
            return str(click.prompt("Token", hide_input=True))
    except getpass.GetPassWarning:
        raise Failure(Exit.REFUSED, "There is no terminal to ask for the token. Give it with --token-stdin.") from None
    except UnicodeDecodeError:
        raise Failure(Exit.REFUSED, NOT_ASCII) from None


@click.command()
@click.argument("profile")
def logout(*, profile: str) -> None:
    """Forget the token of PROFILE, and the profile."""
    from tui_registry.session import login as session_login

    try:
        session_login.logout(profile)
    except session_login.LoginError as error:
        raise Failure(Exit.REFUSED, str(error)) from None
    note(f"Forgot {profile}.")


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_context
def profiles(context: click.Context, *, as_json: bool) -> None:
    """List the profiles; the default one has a star."""
    if context.invoked_subcommand is not None:
        return
    from tui_registry.session import profiles as session_profiles

    with _told():
        known = session_profiles.read()
    if as_json:
        print_json(known.model_dump())
    elif known.profiles:
        rows = [
            ["*" if name == known.default else "", name, profile.url, ", ".join(profile.marks)]
            for name, profile in sorted(known.profiles.items())
        ]
        print_lines(table(("", "PROFILE", "URL", ""), rows, fixed=("", "PROFILE")))
    else:
        note("There are no profiles. Make one with: tui-registry login URL")


@profiles.command("default")
@click.argument("name")
def set_default(*, name: str) -> None:
    """Open the profile NAME when none is named."""
    from tui_registry.session import login as session_login

    with _told():
        session_login.make_default(name)


@profiles.command("set")
@click.argument("name")
@_particulars
def set_profile(*, name: str, **particulars: Any) -> None:
    """Change what the profile NAME says besides its URL."""
    from tui_registry.session import login as session_login

    with _told():
        changed = session_login.change(name, **particulars)
    print_lines([", ".join([name, changed.url, *changed.marks])])


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong with the profiles ends the command."""
    from tui_registry.session.profiles import ProfileError

    try:
        yield
    except ProfileError as error:
        raise Failure(Exit.REFUSED, str(error)) from None
