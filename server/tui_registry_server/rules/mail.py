"""E-mail: the operator's mail server, addresses, and what is sent."""

import re
from collections.abc import Collection
from email.utils import parseaddr
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from tui_registry_server.rules.errors import InvalidParameterValue

MAILTO = "mailto:"
MAX_ADDRESS_LENGTH = 254  # RFC 5321
VARIABLE = "TUI_REGISTRY_SMTP_URL"
PASSWORD_VARIABLE = "TUI_REGISTRY_SMTP_PASSWORD"  # noqa: S105  # a name

_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.?)+")
"""An address without quotes, comments or characters that would end a line or a list of addresses."""


class Security(StrEnum):
    """STARTTLS: TLS after the greeting, or nothing is sent. TLS: from the first byte. NONE: never."""

    STARTTLS = "STARTTLS"
    TLS = "TLS"
    NONE = "NONE"


class MailServer(NamedTuple):
    """The mail server, and the sender. ``domains``: to which anybody may have it sent; to other addresses,
    it is sent to whose they are, and as administrators say."""

    host: str
    port: int
    security: Security
    user: str
    password: str
    sender: str
    domains: frozenset[str]


class OutgoingMail(NamedTuple):
    """An e-mail to one recipient. ``id`` is the same whenever it is sent again."""

    id: str
    recipient: str
    subject: str
    text: str


def mail_server(
    url: str, sender: str, domains: Collection[str] = (), *, password: str = "", insecure: bool = False
) -> MailServer:
    """By ``smtp://user:password@host:port``, or ``smtps://…`` for TLS from the first byte. ``password`` replaces the
    URL's; ``insecure``: without TLS. Raises InvalidParameterValue, which does not quote the URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise InvalidParameterValue("The mail server is written as smtp://user@host:587, or smtps://user@host:465.")
    if insecure and parts.scheme == "smtps":
        raise InvalidParameterValue("smtps:// is TLS from the first byte: leave out --insecure-smtp, or write smtp://.")
    check_address(parseaddr(sender)[1])
    security = Security.TLS if parts.scheme == "smtps" else Security.NONE if insecure else Security.STARTTLS
    secret = password or unquote(parts.password or "")
    if security is Security.NONE and secret:
        raise InvalidParameterValue("Without TLS, anybody in between could read the mail server's password.")
    return MailServer(
        host=parts.hostname,
        port=port or (465 if security is Security.TLS else 587),
        security=security,
        user=unquote(parts.username or ""),
        password=secret,
        sender=sender,
        domains=frozenset(each.casefold().lstrip("@") for each in domains),
    )


def check_address(address: str) -> str:
    """Returns it. Raises InvalidParameterValue."""
    if len(address) > MAX_ADDRESS_LENGTH or not _ADDRESS.fullmatch(address):
        raise InvalidParameterValue("An e-mail address is written as ada@example.com.")
    return address


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].casefold().rstrip(".")
