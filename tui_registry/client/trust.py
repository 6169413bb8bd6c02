"""Verifying the server's certificate. It is always verified: this cannot be switched off."""

import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from tui_registry.client.loopback import is_certainly_loopback

_EXPIRED = 10  # OpenSSL's X509_V_ERR_...
_NOT_YET_VALID = 9
_OTHER_HOST = (62, 64)
_UNKNOWN_AUTHORITY = (18, 19, 20, 21)
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL")


class TrustError(Exception):
    """A CA file cannot be used. Its text says why."""


def ssl_context(url: str, ca: str | None = None, *, with_system: bool = False) -> ssl.SSLContext:
    """The SSL context for a URL: it trusts the CA in the PEM file ``ca``, by default the system's CAs, or both with
    ``with_system``. Raises TrustError."""
    if not url.startswith("https://"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts no CA, and is created at once
    if ca is None:
        return ssl.create_default_context()
    try:
        context = ssl.create_default_context(cafile=None if with_system else ca)
        if with_system:
            context.load_verify_locations(ca)
    except ssl.SSLError:
        raise TrustError(f"{ca} does not hold a CA certificate in PEM format.") from None
    except OSError as error:
        raise TrustError(f"{ca} cannot be read: {error.strerror}.") from None
    return context


def is_plaintext(url: str) -> bool:
    """Whether what is sent there, tokens included, crosses a network unencrypted."""
    where = urlsplit(url)
    return where.scheme == "http" and not is_certainly_loopback(where.hostname)


def describe_tls_error(error: BaseException) -> str | None:
    """What failed in TLS, and what to do; None if the error is another one."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _of_certificate(cause)
        if isinstance(cause, ssl.SSLError):
            if cause.reason in _NO_TLS:
                return "it does not use TLS there: does its URL start with http://, or have another port?"
            return f"TLS failed ({cause.reason or cause})"
    return None


def _of_certificate(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code == _EXPIRED:
        return "its certificate has expired: the server's operator must renew it"
    if error.verify_code == _NOT_YET_VALID:
        return "its certificate is not valid yet: is this machine's clock right?"
    if error.verify_code in _OTHER_HOST:
        return "its certificate is for another host: use the name in the certificate, or issue one for this name"
    if error.verify_code in _UNKNOWN_AUTHORITY:
        return (
            "its certificate is not signed by a trusted authority: if the CA is your own, give its "
            "certificate with --ca FILE to tui-registry login or profiles set, or in TUI_REGISTRY_CA"
        )
    return f"its certificate is not valid: {error.verify_message}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
