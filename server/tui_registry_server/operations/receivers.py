"""Where webhooks and follows may send to: URLs, and e-mail addresses."""

import json

from tui_registry_server.operations.call import Call, Policy
from tui_registry_server.rules.errors import InvalidParameterValue, InvalidState, PermissionDenied
from tui_registry_server.rules.mail import MAILTO, MailServer, check_address, domain_of
from tui_registry_server.rules.webhook_targets import check_url
from tui_registry_server.store import principals
from tui_registry_server.store.webhooks import WebhookRow
from tui_registry_server.wire.principal import PrincipalKind
from tui_registry_server.wire.registry_webhook import WebhookFormat


def check_receiver(call: Call, webhook: WebhookRow) -> None:
    """Raises RegistryError if nothing may be sent there on the caller's behalf."""
    if webhook.format != WebhookFormat.EMAIL:
        check_url(webhook.url, call.policy.webhook_networks)
        return
    address = recipient(webhook)
    server = mail_server(call.policy)
    if call.principal.admin or domain_of(address) in server.domains or address.casefold() in own_addresses(call):
        return
    raise PermissionDenied(
        f"E-mail is sent to your own address, not to {address}. Ask a member of the group 'admins' to set it up, or "
        "the operator to allow its domain by serve --smtp-domain."
    )


def recipient(webhook: WebhookRow) -> str:
    """The address of an e-mail receiver. Raises InvalidParameterValue."""
    if not webhook.url.casefold().startswith(MAILTO):
        raise InvalidParameterValue("The URL of an e-mail receiver is written as mailto:ada@example.com.")
    return check_address(webhook.url[len(MAILTO) :])


def mail_server(policy: Policy) -> MailServer:
    """Raises InvalidState without one."""
    if policy.mail_server is None:
        raise InvalidState("This server sends no e-mail: its operator names a mail server by serve --smtp-url.")
    return policy.mail_server


def own_addresses(call: Call) -> list[str]:
    """The caller's own addresses, in lower case, the primary one first: those that an administrator or the identity
    provider has recorded, and the user name, if it is one."""
    row = principals.find(call.connection, call.principal.kind, call.principal.id)
    entries = json.loads(row.emails) if row is not None and row.emails else []
    recorded = sorted(entries, key=lambda each: not each.get("primary"))
    named = [call.principal.name] if call.principal.kind is PrincipalKind.USER else []
    found: list[str] = []
    for each in [*(entry.get("value") or "" for entry in recorded), *named]:
        try:
            found.append(check_address(each).casefold())
        except InvalidParameterValue:
            continue
    return found
