"""Checks of others that the server talks to: the tracking server, and webhooks' receivers."""

import asyncio
import socket
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from ipaddress import ip_address

import httpx

from tui_registry_server.doctor.database import differs
from tui_registry_server.doctor.subject import Server, now
from tui_registry_server.identity.documents import DocumentError, fetch
from tui_registry_server.rules.errors import InvalidParameterValue, InvalidState
from tui_registry_server.rules.mail import MAILTO
from tui_registry_server.rules.secret_box import secret_box
from tui_registry_server.rules.webhook_targets import check_address, check_url
from tui_registry_server.store import webhook_deliveries, webhooks
from tui_registry_server.store.webhooks import WebhookRow
from tui_registry_server.tracking.client import http_client
from tui_registry_server.tracking.server import TrackingServer
from tui_registry_server.wire.diagnosis import CheckFailed, Finding, Status
from tui_registry_server.wire.webhook_delivery import DeliveryStatus

SECONDS = 5.0  # for each step of a call
HTTP_DATE_ACCURACY = 1500  # milliseconds
NEWEST = 2**63 - 1


def reaches_tracking_server(server: Server) -> Iterator[Finding]:
    if (tracking := server.options.tracking) is None:
        return
    try:
        response = asyncio.run(_ask(tracking))
    except httpx.HTTPError as error:
        raise CheckFailed(
            f"{tracking.host} does not answer: {str(error) or type(error).__name__}.",
            "Check --tracking-uri, the firewall and, for https, MLFLOW_TRACKING_SERVER_CERT_PATH.",
        ) from None
    status = response.status_code
    if status in {401, 403}:
        yield Finding(
            Status.FAIL,
            f"{tracking.host} refuses the server's credentials ({status}).",
            "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.",
        )
    elif status != httpx.codes.OK:
        yield Finding(
            Status.FAIL, f"{tracking.host} answers {status}.", "Check --tracking-uri: it must be an MLflow server's."
        )
    else:
        yield Finding(Status.OK, f"{tracking.host} answers.")
    if date := response.headers.get("date"):
        try:
            there = parsedate_to_datetime(date).timestamp() * 1000
        except ValueError:
            return
        yield differs("The tracking server's clock", there - now(), accuracy=HTTP_DATE_ACCURACY)


async def _ask(tracking: TrackingServer) -> httpx.Response:
    headers = {} if tracking.authorization is None else {"Authorization": tracking.authorization}
    async with http_client(tracking, httpx.Timeout(SECONDS), 1) as client:
        return await client.get("api/2.0/mlflow/experiments/search", params={"max_results": 1}, headers=headers)


def reaches_openid_provider(server: Server) -> Iterator[Finding]:
    if (provider := server.options.openid) is None:
        return
    try:
        document = asyncio.run(fetch(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"))
    except DocumentError as error:
        raise CheckFailed(
            f"{provider.issuer} cannot be used: {error}.",
            "Check --oidc-issuer, the firewall, and that this machine trusts its certificate.",
        ) from None
    if document.get("issuer") != provider.issuer:
        yield Finding(
            Status.FAIL,
            f"{provider.issuer} names {document.get('issuer')!a} as issuer: none of its tokens would be accepted.",
            "Give --oidc-issuer as the provider writes it.",
        )
    else:
        yield Finding(Status.OK, f"{provider.issuer} answers.")


def reaches_mail_server(server: Server) -> Iterator[Finding]:
    """Whether it accepts connections. Nothing is sent."""
    if (mail := server.options.mail_server) is None:
        return
    try:
        socket.create_connection((mail.host, mail.port), timeout=SECONDS).close()
    except OSError as error:
        raise CheckFailed(
            f"{mail.host}:{mail.port} cannot be reached: {error.strerror or error}.",
            "Check --smtp-url and the firewall.",
        ) from None
    yield Finding(Status.OK, f"{mail.host}:{mail.port} accepts connections.")


def sends_webhooks(server: Server) -> Iterator[Finding]:
    box = secret_box(server.options.webhook_key_file)  # raises what is wrong with the key
    with server.reading() as connection:
        rows = webhooks.active(connection)
        failing = {
            row.id: webhook_deliveries.page(connection, row.id, status=None, before=NEWEST, limit=1)[0] for row in rows
        }
    well = 0
    for row in rows:
        name = f"Webhook {row.id} of {row.model_name or 'the whole registry'}"
        problem = _refused(server, row)
        if row.secrets and not problem:
            try:
                box.open(row.secrets)
            except InvalidState as error:
                problem = Finding(Status.FAIL, f"{name}: {error.message}", "Start the server with that key.")
        last = next(iter(failing[row.id]), None)
        if problem:
            yield problem
        elif last is not None and (
            last.status == DeliveryStatus.DEAD or (last.status == DeliveryStatus.PENDING and last.attempts)
        ):
            why = last.error or f"it answered {last.response_status}"
            yield Finding(
                Status.WARN,
                f"{name}: the last delivery failed {last.attempts} times: {why}",
                f"See: tui-registry webhooks deliveries {row.id}",
            )
        else:
            well += 1
    if well:
        yield Finding(Status.OK, f"{well} active ones have receivers that are allowed, and no failed last delivery.")


def _refused(server: Server, row: WebhookRow) -> Finding | None:
    """Whether the receiver's name resolves, to addresses that are allowed, or there is a mail server. Nothing is
    sent."""
    name = f"Webhook {row.id} of {row.model_name or 'the whole registry'}"
    if row.url.startswith(MAILTO):
        if server.options.mail_server is not None:
            return None
        return Finding(Status.FAIL, f"{name} sends e-mail, and there is no mail server.", "Give one by --smtp-url.")
    allowed = server.webhook_networks
    host = ""
    try:
        target = check_url(row.url, allowed)
        host = target.origin
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        for *_, address in found:
            check_address(ip_address(str(address[0])), allowed, plain=target.scheme == "http")
    except InvalidParameterValue as error:
        text, remedy = error.message, "Change its URL, or allow the network: serve --webhook-allow NETWORK"
    except OSError as error:
        text, remedy = f"{host} does not resolve: {error.strerror}.", "Check the name, and this machine's resolver."
    else:
        return None
    return Finding(Status.FAIL, f"{name}: {text}", remedy)
