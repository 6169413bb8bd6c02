"""``users`` and ``tokens``: directly in the database, whether the server runs or not."""

import getpass
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import click

from tui_registry_server.commands.database import database_option, exit_on_error
from tui_registry_server.operations import tokens as token_operations
from tui_registry_server.operations import users as user_operations
from tui_registry_server.operations.call import Call
from tui_registry_server.output import note, print_lines, print_table
from tui_registry_server.rules.errors import ResourceDoesNotExist
from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import Principal
from tui_registry_server.store import activities, principals, schema
from tui_registry_server.store import tokens as token_rows
from tui_registry_server.store.engine import database_url, make_engine
from tui_registry_server.wire.principal import PrincipalKind
from tui_registry_server.wire.scim import CreateUser

T = TypeVar("T")

DAY = 24 * 60 * 60  # seconds


@click.group()
def users() -> None:
    """Users, directly in the database, whether the server runs or not."""


@users.command("create")
@click.argument("name")
@click.option("--admin", is_flag=True, help="Make them a member of the group 'admins', who may do everything.")
@database_option
def create_user(*, name: str, admin: bool, database: str) -> None:
    """Create the user NAME."""
    _change(database, lambda call: user_operations.add(call, CreateUser(user_name=name), admin=admin))
    note(f"Created {'administrator' if admin else 'user'} {name}.")


@click.group()
def tokens() -> None:
    """Access tokens, directly in the database, whether the server runs or not."""


@tokens.command("create")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--days", type=click.IntRange(1, 36_500), help="Days until it expires; never, if left out.")
@click.option("--comment", help="What it is for.")
@click.option("--found", is_flag=True, hidden=True, help="Make each NAME an administrator first, if there is none.")
@click.option("--revoke-stdin", is_flag=True, hidden=True, help="Revoke the token on standard input, if it is one.")
@database_option
def create_token(
    *,
    names: tuple[str, ...],
    days: int | None,
    comment: str | None,
    found: bool,
    revoke_stdin: bool,
    database: str,
) -> None:
    """Create a token for each user or service principal NAME, and print it. It is shown only this once."""

    revoked = sys.stdin.read().strip() if revoke_stdin else ""

    def issue(call: Call) -> list[str]:
        if revoked:
            token_operations.revoke_value(call, revoked)
        lifetime = None if days is None else days * DAY
        for name in names if found else ():
            if (owner_id := _id_of(call, name)) is None:
                user_operations.add(call, CreateUser(user_name=name), admin=True)
            elif comment is not None:  # a console creates one each week: expired ones must not pile up
                token_rows.remove_expired(call.connection, owner_id, comment, call.clock)
        return [
            token_operations.issue(call, _owner_id(call, name), comment=comment, lifetime=lifetime)[0] for name in names
        ]

    print_lines(_change(database, issue))


@tokens.command("list")
@database_option
def list_tokens(*, database: str) -> None:
    """List all tokens, newest first: ids, owners, and when they were created, expire and were last used (UTC)."""

    def read(call: Call) -> list[tuple[str, ...]]:
        infos = [json.loads(info) for info in token_rows.listed(call.connection)]
        owners = principals.named(call.connection, {str(info["owner_id"]) for info in infos})
        return [
            (
                info["token_id"],
                owners[str(info["owner_id"])][1],
                _format_time(info["creation_time"]),
                "never" if info["expiry_time"] < 0 else _format_time(info["expiry_time"]),
                _format_time(info["last_used_time"]) if info.get("last_used_time") else "never",
                info.get("comment") or "",
            )
            for info in infos
        ]

    print_table(("ID", "OWNER", "CREATED", "EXPIRES", "LAST USED", "COMMENT"), _change(database, read))


@tokens.command("revoke")
@click.argument("token_ids", metavar="ID...", nargs=-1, required=True)
@database_option
def revoke_token(*, token_ids: tuple[str, ...], database: str) -> None:
    """Revoke the tokens with these IDs, at once and at every server. 'tokens list' shows the ids."""

    def revoke(call: Call) -> None:
        for token_id in token_ids:
            token_operations.revoke(call, token_id)

    _change(database, revoke)
    note(f"Revoked {len(token_ids)}.")


def _format_time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def _id_of(call: Call, name: str) -> str | None:
    """The id of the user or else the service principal of this name."""
    kinds = (PrincipalKind.USER, PrincipalKind.SERVICE_PRINCIPAL)
    return next(filter(None, (principals.id_of(call.connection, kind, name) for kind in kinds)), None)


def _owner_id(call: Call, name: str) -> str:
    if principal_id := _id_of(call, name):
        return principal_id
    raise ResourceDoesNotExist(f"There is no user '{name}'. Create one with: tui-registry users create {name}")


def _operator() -> str:
    """The name of the operating system's user; not every user id has one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def _now() -> int:
    return time.time_ns() // 1_000_000


def _change(location: str, work: Callable[[Call], T]) -> T:
    """Run a change in one transaction, as the operator on the command line."""
    operator = Principal(
        id="",
        name=f"{_operator()} (command line)",
        kind=PrincipalKind.USER,
        token_id="",
        identities=(),
        root_level=Level.MANAGE,
        admin=True,
    )
    with exit_on_error():
        url = database_url(location)
        schema.upgrade(url, now=_now())
        engine = make_engine(url, write=True)
        try:
            with engine.begin() as connection:
                clock = _now()
                head = activities.head(connection)
                return work(Call(connection, operator, max(clock, head.last_timestamp), clock, head=head))
        finally:
            engine.dispose()
