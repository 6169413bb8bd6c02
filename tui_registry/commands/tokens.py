"""``tui-registry tokens``: your own, by a server's API, or anybody's, directly in a database."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

import click

from tui_registry.commands import completers
from tui_registry.commands.changes import How, PlannedChange, change, destroying_command, writing_command
from tui_registry.commands.database import database_option, forward_to_database
from tui_registry.commands.directory import service_principal_of
from tui_registry.commands.exit_codes import Exit, Failure
from tui_registry.commands.output import note, print_json, print_lines, table, wire
from tui_registry.commands.registry import ask, registry_command

if TYPE_CHECKING:
    from tui_registry.access.directory import DirectoryEntry
    from tui_registry.client.registry import RegistryClient
    from tui_registry_server.wire.token import PublicTokenInfo

DAY = 24 * 60 * 60  # seconds
NEVER = -1
FORBIDDEN = 403


@click.group()
def tokens() -> None:
    """List, create and revoke access tokens.

    Over the API of the registry that is opened: your own, and for administrators those of all, and of service
    principals. With --database directly in a database instead, with no server and no token: for any user, so that the
    first administrator gets one.
    """


@registry_command
@tokens.command("list")
@click.option("--all", "everybody", is_flag=True, help="Everybody's, including expired ones: for administrators.")
@database_option
def list_tokens(*, everybody: bool, database: str | None, profile: str | None, as_json: bool) -> None:
    """List your tokens, newest first; with --database, those of all, in UTC."""
    forward_to_database(database, "tokens", "list", own={"everybody"})

    async def read(client: "RegistryClient") -> "tuple[Sequence[PublicTokenInfo], Mapping[str, DirectoryEntry]]":
        from tui_registry.access import directory

        if not everybody:
            return await client.tokens.own(), {}
        found = await client.tokens.all()
        return found, await directory.names_of(client, {str(token.owner_id) for token in found})

    found, owners = ask(profile, read)
    if as_json:
        print_json({"token_infos": [wire(token) for token in found]})
    elif found:
        headings = ("ID", *(["OWNER"] if everybody else []), "CREATED", "EXPIRES", "LAST USED", "COMMENT")
        rows = [_row(token, owners if everybody else None) for token in found]
        print_lines(table(headings, rows, fixed=("ID", "CREATED", "EXPIRES", "LAST USED")))
    else:
        note("There are no tokens.")


@writing_command
@tokens.command("create")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--days", type=click.IntRange(1, 36_500), metavar="N", help="Days until it expires.")
@click.option("--comment", metavar="TEXT", default="", help="What it is for.")
@click.option(
    "--service-principal",
    metavar="ID",
    shell_complete=completers.service_principals,
    help="For this service principal: for administrators.",
)
@database_option
def create_token(
    *,
    names: tuple[str, ...],
    days: int | None,
    comment: str,
    service_principal: str | None,
    database: str | None,
    **how: Unpack[How],
) -> None:
    """Create a token and print it: it is shown only this once.

    It is for yourself, and without --days it expires with the token that you are using. With --database it is for each
    user or service principal NAME, and without --days it never expires."""
    given = [*([f"--days={days}"] if days else []), *([f"--comment={comment}"] if comment else [])]
    forward_to_database(database, "tokens", "create", *given, "--", *names, own={"names", "days", "comment"})
    if names:
        raise click.UsageError(
            "A server's API creates tokens for yourself and, with --service-principal, for programs. For a NAME, work "
            "in the database, on the server's machine: add --database PATH_OR_URL."
        )
    values: list[str] = []

    async def plan(client: "RegistryClient") -> PlannedChange:
        import asyncio

        from tui_registry.client.errors import CallError
        from tui_registry.mutations import token as changes

        program = ""
        if service_principal is not None:
            program = (await service_principal_of(client, service_principal)).principal.name
        owner = program or await client.caller.name()
        before = {each.token_id for each in await changes.of_maker(client, program)}
        lifetime = days * DAY if days else None

        async def read() -> dict[str, Any]:
            """With the value, which is shown only now, whatever becomes of the rest."""
            document: dict[str, Any] = {"token_value": _only(values)}
            try:
                made = [each for each in await changes.of_maker(client, program) if each.token_id not in before]
            except CallError as error:
                note(f"The token was created, but could not be read back: {error}")
                return document
            except asyncio.CancelledError:
                note("Interrupted: the token was created, but was not read back.")
                return document
            own = [wire(each) for each in made if (each.comment or "") == comment]
            return document | {"token_info": next(iter(own), {})}

        mutation = changes.create(client, owner, program, comment, lifetime, before, values.append)
        return PlannedChange(mutations=[mutation], read=read, output=lambda: _only(values))

    change(plan, **how)


def _only(values: list[str]) -> str:
    """The value of the token that was created. Raises Failure if it is not known."""
    if not values:
        raise Failure(
            Exit.UNKNOWN, "A token was created, but its value was lost with the answer: revoke it (see tokens list)."
        )
    return values[0]


@destroying_command
@tokens.command("revoke")
@click.argument("token_ids", metavar="ID...", nargs=-1, required=True, shell_complete=completers.tokens)
@database_option
def revoke_token(*, token_ids: tuple[str, ...], database: str | None, **how: Unpack[How]) -> None:
    """Revoke the tokens with these IDs, which list shows, at once and at every server.

    With --database it does not ask for confirmation."""
    forward_to_database(database, "tokens", "revoke", "--", *token_ids, own={"token_ids", "yes"})

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import token as changes

        named = tuple(dict.fromkeys(token_ids))
        own = {each.token_id: "yourself" for each in await client.tokens.own()}
        others = {} if own.keys() >= set(named) else await _others(client, named)
        known = others | own
        if missing := [each for each in named if each not in known]:
            raise Failure(Exit.NOT_FOUND, f"There is no token {', '.join(missing)}.")
        count = f"{len(named)} token{'' if len(named) == 1 else 's'}"
        return PlannedChange(
            mutations=[changes.revoke(client, each, known[each], is_admin=each not in own) for each in named],
            warning=f"Clients that use {count} will lose access. This cannot be undone.",
        )

    change(plan, **how)


async def _others(client: "RegistryClient", token_ids: Sequence[str]) -> dict[str, str]:
    """The owners of those of these tokens that an administrator finds, by the tokens' ids; nobody else finds any."""
    from tui_registry.access import directory
    from tui_registry.client.errors import Refused

    try:
        found = {each.token_id: str(each.owner_id) for each in await client.tokens.all() if each.token_id in token_ids}
    except Refused as error:
        if error.status == FORBIDDEN:
            return {}
        raise
    owners = await directory.names_of(client, set(found.values()))
    return {token: owners[owner].principal.name if owner in owners else owner for token, owner in found.items()}


def _row(token: "PublicTokenInfo", owners: "Mapping[str, DirectoryEntry] | None") -> list[str]:
    from tui_registry.widgets.ages import moment
    from tui_registry_server.wire.token import TokenInfo

    expired = 0 < token.expiry_time < time.time() * 1000
    expiry = "never" if token.expiry_time == NEVER else "expired" if expired else moment(token.expiry_time)
    owner = []
    if owners is not None and isinstance(token, TokenInfo):
        known = owners.get(str(token.owner_id))
        owner = [known.principal.name if known else str(token.owner_id)]
    used = "never" if token.last_used_time is None else moment(token.last_used_time)
    return [token.token_id, *owner, moment(token.creation_time), expiry, used, token.comment or ""]
