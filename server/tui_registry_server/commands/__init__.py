"""The server's commands, to which ``tui-registry`` delegates: ``python -P -m tui_registry_server``."""

import getpass
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, Unpack

import click

from tui_registry_server.commands.audit import audit
from tui_registry_server.commands.backup import backup, restore, schedule_options
from tui_registry_server.commands.database import database_option, exit_on_error, progress_bar
from tui_registry_server.commands.doctor import doctor
from tui_registry_server.commands.mail import MailOptions, mail_options, mail_server_of
from tui_registry_server.commands.openid import openid_options, openid_provider
from tui_registry_server.commands.operating import OperatingOptions, operating_options
from tui_registry_server.commands.settings_sources import ConfiguredCommand
from tui_registry_server.operations import tokens, users
from tui_registry_server.operations.call import Call
from tui_registry_server.output import note, print_lines, print_table
from tui_registry_server.program import Program
from tui_registry_server.rules.backup_schedule import BackupSchedule
from tui_registry_server.rules.errors import InvalidParameterValue, ResourceDoesNotExist
from tui_registry_server.rules.limits import Limits, with_overrides
from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import Principal
from tui_registry_server.store import activities, principals, schema
from tui_registry_server.store import tokens as token_rows
from tui_registry_server.store.engine import CONNECTIONS, LONGEST_READ, LONGEST_WRITE, database_url, make_engine
from tui_registry_server.wire.principal import PrincipalKind
from tui_registry_server.wire.scim import CreateUser

if TYPE_CHECKING:
    from tui_registry_server.service import Options
    from tui_registry_server.tracking.server import TrackingServer

T = TypeVar("T")

DAY = 24 * 60 * 60  # seconds


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """A model registry for MLflow's and Databricks' clients."""


for command in (audit, backup, restore):
    main.add_command(command)


class _MoreOptions(MailOptions, OperatingOptions):
    """The options of ``serve`` that are described elsewhere."""


@main.command(cls=ConfiguredCommand)
@database_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=5055, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option(
    "--protect-active-versions",
    is_flag=True,
    help="Refuse, as Databricks does, to delete or rename a model or version while it is in Staging or Production.",
)
@click.option(
    "--connections",
    default=CONNECTIONS,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Connections to PostgreSQL that read at the same time. Two more write and listen.",
)
@click.option(
    "--longest-read",
    metavar="SECONDS",
    default=LONGEST_READ,
    show_default=True,
    type=click.FloatRange(0.01, 3600),
    help="The deadline of a read: after these seconds a search or a list is cancelled, and refused.",
)
@click.option(
    "--longest-write",
    metavar="SECONDS",
    default=LONGEST_WRITE,
    show_default=True,
    type=click.FloatRange(1, 3600),
    help="How long a change waits for its turn on PostgreSQL, and then for its commit, before it is refused.",
)
@click.option(
    "--tls-cert",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Serve TLS with this certificate: PEM, the server's own first. SIGHUP reloads it and its key.",
)
@click.option("--tls-key", type=click.Path(path_type=Path), metavar="FILE", help="The certificate's key: PEM.")
@click.option(
    "--insecure-http",
    is_flag=True,
    help="Listen for other machines without TLS: behind a proxy that terminates it, or in a network of your own.",
)
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    metavar="ADDRESS",
    help="An address or network whose X-Forwarded-For is trusted. More than once for several.",
)
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=NUMBER",
    help="Change a limit; server/README.md lists them. More than once for several.",
)
@click.option(
    "--tracking-uri",
    metavar="URL",
    help="Ask this MLflow tracking server for the runs of registered models. It gets the credentials in "
    "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.",
)
@click.option(
    "--webhook-allow",
    "webhook_networks",
    multiple=True,
    metavar="NETWORK",
    help="A network that webhooks may send to, also without TLS, besides public addresses. More than once for several.",
)
@click.option(
    "--webhook-key-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The key that encrypts webhooks' secrets, in a file that only you can read; or TUI_REGISTRY_WEBHOOK_KEY.",
)
@operating_options
@mail_options
@openid_options
@schedule_options
@click.option("--throwaway", is_flag=True, hidden=True, help="Do not wait for the disk; accept X-Demo-Time.")
@click.option("--state-file", type=click.Path(path_type=Path), hidden=True, help="Write the URL here once ready.")
@click.option("--end-with", type=click.Path(path_type=Path), hidden=True, help="End when nobody locks this file.")
@click.option("--socket-fd", type=click.IntRange(3), hidden=True, help="Serve on this listening Unix socket, too.")
def serve(
    *,
    database: str,
    host: str,
    port: int,
    protect_active_versions: bool,
    connections: int,
    longest_read: float,
    longest_write: float,
    tls_cert: Path | None,
    tls_key: Path | None,
    insecure_http: bool,
    trusted_proxies: tuple[str, ...],
    limits: tuple[str, ...],
    tracking_uri: str | None,
    webhook_networks: tuple[str, ...],
    webhook_key_file: Path | None,
    oidc_issuer: str | None,
    oidc_client_id: str | None,
    oidc_audience: str | None,
    oidc_groups_claim: str,
    oidc_user_claim: str,
    oidc_provisioning: str,
    oidc_scope: str,
    oidc_admin_group: str | None,
    backups: BackupSchedule | None,
    throwaway: bool,
    state_file: Path | None,
    end_with: Path | None,
    socket_fd: int | None,
    use: "Callable[[Options], None] | None" = None,
    **more: Unpack[_MoreOptions],
) -> None:
    """Serve a registry in the foreground, until Ctrl-C or SIGTERM."""
    from tui_registry_server import service
    from tui_registry_server.tls import Certificate

    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key go together: give both, or neither.")
    (use or service.run)(
        service.Options(
            database=database,
            host=host,
            port=port,
            protect_active_versions=protect_active_versions,
            connections=connections,
            longest_read=longest_read,
            longest_write=longest_write,
            certificate=None if tls_cert is None or tls_key is None else Certificate(tls_cert, tls_key),
            insecure_http=insecure_http,
            trusted_proxies=[_network(each, "--trusted-proxy") for each in trusted_proxies],
            limits=_limits(limits),
            tracking=None if tracking_uri is None else _tracking_server(tracking_uri),
            webhook_networks=[_network(each, "--webhook-allow") for each in webhook_networks],
            webhook_key_file=webhook_key_file,
            metrics_port=more["metrics_port"],
            metrics_host=more["metrics_host"],
            log_level=more["log_level"],
            log_format=more["log_format"],
            access_log=more["access_log"],
            drain=more["drain"],
            mail_server=mail_server_of(more),
            openid=openid_provider(
                issuer=oidc_issuer,
                client_id=oidc_client_id,
                audience=oidc_audience,
                groups_claim=oidc_groups_claim,
                user_claim=oidc_user_claim,
                provisioning=oidc_provisioning,
                scope=oidc_scope,
                admin_group=oidc_admin_group,
            ),
            backups=backups,
            throwaway=throwaway,
            state_file=state_file,
            end_with=end_with,
            socket_fd=socket_fd,
        )
    )


main.add_command(doctor(serve))


def _network(text: str, option: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError:
        raise click.BadParameter(
            f"'{text}' is not an address such as 10.0.0.7, nor a network such as 10.0.0.0/24.",
            param_hint=option,
        ) from None


def _limits(given: tuple[str, ...]) -> Limits:
    try:
        return with_overrides(given)
    except InvalidParameterValue as error:
        raise click.BadParameter(error.message, param_hint="--limit") from None


def _tracking_server(uri: str) -> "TrackingServer":
    from tui_registry_server.tracking.server import tracking_server

    try:
        return tracking_server(uri, os.environ)
    except InvalidParameterValue as error:
        raise click.BadParameter(error.message, param_hint="--tracking-uri") from None


@main.group("users")
def users_group() -> None:
    """Users, directly in the database, whether the server runs or not."""


@users_group.command("create")
@click.argument("name")
@click.option("--admin", is_flag=True, help="Make them a member of the group 'admins', who may do everything.")
@database_option
def create_user(*, name: str, admin: bool, database: str) -> None:
    """Create the user NAME."""
    _change(database, lambda call: users.add(call, CreateUser(user_name=name), admin=admin))
    note(f"Created {'administrator' if admin else 'user'} {name}.")


@main.group("tokens")
def tokens_group() -> None:
    """Access tokens, directly in the database, whether the server runs or not."""


@tokens_group.command("create")
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
            tokens.revoke_value(call, revoked)
        lifetime = None if days is None else days * DAY
        for name in names if found else ():
            if (owner_id := _id_of(call, name)) is None:
                users.add(call, CreateUser(user_name=name), admin=True)
            elif comment is not None:  # a console creates one each week: expired ones must not pile up
                token_rows.remove_expired(call.connection, owner_id, comment, call.clock)
        return [tokens.issue(call, _owner_id(call, name), comment=comment, lifetime=lifetime)[0] for name in names]

    print_lines(_change(database, issue))


@tokens_group.command("list")
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


@tokens_group.command("revoke")
@click.argument("token_ids", metavar="ID...", nargs=-1, required=True)
@database_option
def revoke_token(*, token_ids: tuple[str, ...], database: str) -> None:
    """Revoke the tokens with these IDs, at once and at every server. 'tokens list' shows the ids."""

    def revoke(call: Call) -> None:
        for token_id in token_ids:
            tokens.revoke(call, token_id)

    _change(database, revoke)
    note(f"Revoked {len(token_ids)}.")


def _format_time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M")


@main.command()
@click.argument("source")
@click.argument("target")
def migrate(*, source: str, target: str) -> None:
    """Copy the registry in the database SOURCE into the empty database TARGET, and compare the two.

    Each is an SQLite file or a URL such as postgresql://host/registry. Stop the servers on SOURCE first: what they
    write to it during the copy is not copied. SOURCE is not changed.
    """
    from tui_registry_server.store import database_copy

    with exit_on_error("The registry could not be copied"):
        urls = database_url(source), database_url(target)
        with progress_bar("Copying and comparing") as progress:
            tables = database_copy.migrate(*urls, now=_now(), progress=progress)
    print_lines(f"{name:<20} {rows:>12,} rows  {digest[:16]}" for name, rows, digest in tables)
    note("Both are the same: every row was read back and compared.")


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
