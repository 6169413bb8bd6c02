"""Connecting a command to its registry: by the same rules as the console, with the same client."""

from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from tui_registry.commands import completers, device_code
from tui_registry.commands.exit_codes import EPILOG, Exit, Failure, exit_of

if TYPE_CHECKING:
    import asyncio

    from tui_registry.client.registry import RegistryClient

T = TypeVar("T")

PAGE_SIZE = 1000  # rows, the server's maximum


def registry_command(command: click.Command) -> click.Command:
    """A command that talks to a registry: adds the parameters ``profile`` and ``as_json``, and the exit codes to its
    help."""
    command.params += [
        click.Option(
            ["--profile"],
            metavar="NAME",
            shell_complete=completers.profiles,
            help="Use this profile instead of the default one.",
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="Print JSON."),
    ]
    command.epilog = EPILOG
    return command


class Session:
    """An open connection: runs coroutines that use its client, one after the other."""

    def __init__(self, client: "RegistryClient", runner: "asyncio.Runner") -> None:
        self.client = client
        self._runner = runner

    def run(self, work: Coroutine[Any, Any, T], *, writes: bool = False) -> T:
        """Run some calls and return their result. Raises Failure, also if they are interrupted: whether something may
        have happened then depends on whether they ``write``."""
        from tui_registry.client.errors import CallError

        try:
            return self._runner.run(work)
        except CallError as error:
            raise Failure(exit_of(error), str(error)) from None
        except KeyboardInterrupt:
            _interrupted(writes=writes)


@contextmanager
def opened(profile: str | None, *, writes: bool = False) -> Iterator[Session]:
    """A session with the registry of the profile. Raises Failure, also if it ``writes`` and the connection is
    read-only."""
    import asyncio

    from tui_registry.startup import imports

    imports.skip_unneeded()
    from tui_registry.client.registry import RegistryClient
    from tui_registry.session.connection import ConnectionProblem, connect

    options = click.get_current_context().find_root().params
    try:
        connection = connect(
            profile=profile or options["profile"],
            workspace=options["workspace"],
            ask_token=options["ask_token"],
            in_terminal=True,
            show_code=device_code.show,
        )
    except ConnectionProblem as problem:
        raise Failure(Exit.NOT_ALLOWED if problem.lacking else Exit.REFUSED, str(problem)) from None
    try:
        if writes and connection.read_only:
            raise Failure(Exit.NOT_ALLOWED, f"{connection.label} is read-only: nothing was sent.")
        with asyncio.Runner() as runner:
            client = RegistryClient(
                connection.url,
                connection.token,
                read_only=connection.read_only or not writes,
                workspace=connection.workspace,
                endpoint=connection.endpoint,
            )
            try:
                yield Session(client, runner)
            finally:
                runner.run(client.close())
    finally:
        if connection.embedded is not None:
            connection.embedded.close()


def ask(profile: str | None, work: "Callable[[RegistryClient], Coroutine[Any, Any, T]]", *, writes: bool = False) -> T:
    """Run some calls in a session of their own and return their result. Raises Failure."""
    with opened(profile, writes=writes) as session:
        return session.run(work(session.client), writes=writes)


async def read_all(
    read: Callable[[int, str], Awaitable[tuple[list[T], str | None]]], limit: int | None
) -> tuple[list[T], str]:
    """The rows of all pages up to a limit, and the token of the next page, empty at the end.

    ``read`` takes the maximum number of rows of a page and its token.
    """
    rows: list[T] = []
    token = ""
    while limit is None or len(rows) < limit:
        page, following = await read(PAGE_SIZE if limit is None else min(PAGE_SIZE, limit - len(rows)), token)
        rows += page
        token = following or ""
        if not token:
            break
    return rows, token


def with_token(document: dict[str, Any], token: str) -> dict[str, Any]:
    """A page in the wire's shape: with the token of the next page, if there is one."""
    return document | ({"next_page_token": token} if token else {})


def _interrupted(*, writes: bool) -> NoReturn:
    if writes:
        raise Failure(Exit.UNKNOWN, "Interrupted. The change may have been made: check before retrying.")
    raise Failure(Exit.INTERRUPTED, "Interrupted.")
