"""``tui-registry serve`` and its options."""

import gc
import os
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from tui_registry_server.commands.backup import schedule_options
from tui_registry_server.commands.database import database_option
from tui_registry_server.commands.mail import MailOptions, mail_options, mail_server_of
from tui_registry_server.commands.openid import openid_options, openid_provider
from tui_registry_server.commands.operating import OperatingOptions, operating_options
from tui_registry_server.commands.settings_sources import ConfiguredCommand
from tui_registry_server.rules.backup_schedule import BackupSchedule
from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.limits import Limits, with_overrides
from tui_registry_server.store.engine import CONNECTIONS, LONGEST_READ, LONGEST_WRITE

if TYPE_CHECKING:
    from tui_registry_server.service import Options
    from tui_registry_server.tracking.server import TrackingServer


class _MoreOptions(MailOptions, OperatingOptions):
    """The options of ``serve`` that are described elsewhere."""


@click.command(cls=ConfiguredCommand)
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
    gc.disable()  # importing frees nothing, and searching for what could be freed takes a tenth of it
    from tui_registry_server import service
    from tui_registry_server.tls import Certificate

    gc.enable()
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
