"""How a command gets to its registry: by the same rules as the console, over the same client."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from tui_registry.commands.exits import EPILOG, Exit, Failure, exit_of

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient

T = TypeVar("T")

PAGE = 1000  # rows asked for at once, the most that the server gives


def registry_command(command: click.Command) -> click.Command:
    """A command that talks to a registry: it takes ``profile`` and ``as_json`` besides its own parameters, and its
    help ends with the exit codes."""
    command.params += [
        click.Option(["--profile"], metavar="NAME", help="The profile to use instead of the default."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print the answer as JSON."),
    ]
    command.epilog = EPILOG
    return command


def ask(profile: str | None, work: "Callable[[RegistryClient], Awaitable[T]]", *, writes: bool = False) -> T:
    """What comes of some calls. Raises Failure; a profile that is read-only does not even ask where one ``writes``."""
    import asyncio

    from tui_registry.client.errors import CallError
    from tui_registry.client.registry import RegistryClient
    from tui_registry.session.connection import ConnectionProblem, connect

    given = click.get_current_context().find_root().params
    try:
        connection = connect(profile=profile or given["profile"], ask_token=given["ask_token"])
    except ConnectionProblem as problem:
        raise Failure(Exit.NOT_ALLOWED if problem.lacking else Exit.REFUSED, str(problem)) from None

    async def spoken() -> T:
        async with RegistryClient(
            connection.url, connection.token, read_only=connection.read_only, endpoint=connection.endpoint
        ) as client:
            return await work(client)

    try:
        if writes and connection.read_only:
            raise Failure(Exit.NOT_ALLOWED, f"{connection.label} is read-only: nothing was sent.")
        return asyncio.run(spoken())
    except CallError as error:
        raise Failure(exit_of(error), str(error)) from None
    except KeyboardInterrupt:
        _interrupted(writes=writes)
    finally:
        if connection.embedded is not None:
            connection.embedded.close()


async def all_of(
    read: Callable[[int, str], Awaitable[tuple[list[T], str | None]]], limit: int | None
) -> tuple[list[T], str]:
    """The rows of every page, or so many of them, and the token of what is left, empty if nothing is.

    ``read`` takes the most rows that a page may have and its token.
    """
    rows: list[T] = []
    token = ""
    while limit is None or len(rows) < limit:
        page, following = await read(PAGE if limit is None else min(PAGE, limit - len(rows)), token)
        rows += page
        token = following or ""
        if not token:
            break
    return rows, token


def with_token(document: dict[str, Any], token: str) -> dict[str, Any]:
    """A page as the wire has it: with the token of the next one, if there is one."""
    return document | ({"next_page_token": token} if token else {})


def _interrupted(*, writes: bool) -> NoReturn:
    if writes:
        raise Failure(Exit.UNKNOWN, "Interrupted. It may have been done all the same: look before you repeat it.")
    raise Failure(Exit.INTERRUPTED, "Interrupted.")
