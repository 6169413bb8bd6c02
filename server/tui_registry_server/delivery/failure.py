"""Why a receiver or a mail server did not answer, in words that begin with the reason."""

import smtplib
import socket
import ssl
from collections.abc import Iterator

import httpcore

from tui_registry_server.delivery.network import RefusedAddressError, UnresolvedNameError
from tui_registry_server.wire.webhook_delivery import FailureReason

MAX_LENGTH = 500  # characters
CAUSES: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], FailureReason], ...] = (
    (ssl.SSLCertVerificationError, FailureReason.CERTIFICATE_REFUSED),
    (ssl.SSLError, FailureReason.TLS_FAILED),
    ((TimeoutError, httpcore.TimeoutException), FailureReason.TIMEOUT),
    (ConnectionRefusedError, FailureReason.CONNECTION_REFUSED),
    (socket.gaierror, FailureReason.NAME_LOOKUP),  # of a mail server: network resolves the names of others
    (smtplib.SMTPNotSupportedError, FailureReason.MAIL_REFUSED),
    (httpcore.ConnectError, FailureReason.NOT_REACHABLE),
    ((ConnectionError, httpcore.NetworkError, smtplib.SMTPServerDisconnected), FailureReason.CONNECTION_LOST),
    (httpcore.RemoteProtocolError, FailureReason.NOT_HTTP),
    (OSError, FailureReason.NOT_REACHABLE),
)
"""The first one that is among an error's causes is the reason."""


def explained(error: Exception) -> str:
    """An error of a connection, as deliveries keep it."""
    text = " ".join(str(error).split())[:MAX_LENGTH] or type(error).__name__
    if isinstance(error, (RefusedAddressError, UnresolvedNameError)):
        return text
    causes = list(_causes(error))
    for kind, reason in CAUSES:
        if any(isinstance(each, kind) for each in causes):
            return reason.error(text)
    return FailureReason.NOT_SENT.error(text)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """It, and what it comes from, however deep."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
