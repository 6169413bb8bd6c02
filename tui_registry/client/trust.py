"""Whom to believe that they are the server. Certificates are always checked: there is no way to have that not done."""

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
    """The file of an authority cannot be used. Its text says why."""


def trusted(url: str, ca: str | None = None, *, besides: bool = False) -> ssl.SSLContext:
    """What a server at a URL is checked by: the authority in the PEM file ``ca``, or if there is none the system's own,
    or both with ``besides``. Raises TrustError."""
    if not url.startswith("https://"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # believes nobody, and is made at once
    if ca is None:
        return ssl.create_default_context()
    try:
        context = ssl.create_default_context(cafile=None if besides else ca)
        if besides:
            context.load_verify_locations(ca)
    except ssl.SSLError:
        raise TrustError(f"{ca} does not hold the certificate of an authority, as a PEM file.") from None
    except OSError as error:
        raise TrustError(f"{ca} cannot be read: {error.strerror}.") from None
    return context


def can_be_overheard(url: str) -> bool:
    """Whether what is sent there goes over a network as it is, a token too."""
    where = urlsplit(url)
    return where.scheme == "http" and not is_certainly_loopback(where.hostname)


def explained(error: BaseException) -> str | None:
    """What went wrong with TLS, and what to do; None if it was something else."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _of_certificate(cause)
        if isinstance(cause, ssl.SSLError):
            if cause.reason in _NO_TLS:
                return "it does not speak TLS there: does its URL begin with http://, or have another port?"
            return f"TLS failed ({cause.reason or cause})"
    return None


def _of_certificate(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code == _EXPIRED:
        return "its certificate has expired: whoever runs the server must renew it"
    if error.verify_code == _NOT_YET_VALID:
        return "its certificate is not valid yet: is the clock of this machine right?"
    if error.verify_code in _OTHER_HOST:
        return "its certificate is another host's: use the name that the certificate is for, or have one made for this"
    if error.verify_code in _UNKNOWN_AUTHORITY:
        return (
            "its certificate is not signed by an authority that is trusted here: if that is your own, name its "
            "certificate with --ca FILE, at tui-registry login or profiles set, or in TUI_REGISTRY_CA"
        )
    return f"its certificate is not valid: {error.verify_message}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
