"""The tracking server: its address, and the credentials for it, from MLflow's own variables."""

import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tui_registry_server.rules.errors import InvalidParameterValue

_VARIABLES = "MLFLOW_TRACKING_"


@dataclass(frozen=True, slots=True)
class TrackingServer:
    """``path`` is what precedes ``/api/2.0``, without a slash at its end. ``port`` is None for the scheme's own.
    ``context`` is for https. ``authorization`` is the value of the header; it is in no message."""

    host: str
    port: int | None
    path: str
    context: ssl.SSLContext | None = field(default=None, repr=False)
    authorization: str | None = field(default=None, repr=False)


def tracking_server(uri: str, environment: Mapping[str, str]) -> TrackingServer:
    """The server at an address, with the credentials in MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or else
    in MLFLOW_TRACKING_TOKEN; its certificate is verified with MLFLOW_TRACKING_SERVER_CERT_PATH or the system's
    authorities. Raises InvalidParameterValue."""
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidParameterValue(f"The tracking server's address is not a URL: {error}.") from None
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise InvalidParameterValue("Give the URL of an MLflow tracking server, such as https://mlflow.example.com.")
    if "@" in parts.netloc:
        raise InvalidParameterValue(
            "Every user of this machine can read a command line: give credentials in MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, not in the URL."
        )
    if not uri.isascii() or any(character <= " " for character in uri):
        raise InvalidParameterValue("The tracking server's URL has a blank, or a character that is not ASCII.")
    context = _context(environment.get(f"{_VARIABLES}SERVER_CERT_PATH")) if parts.scheme == "https" else None
    return TrackingServer(host, port, parts.path.rstrip("/"), context, _authorization(environment))


def _context(file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=file or None)
    except OSError as error:
        raise InvalidParameterValue(
            f"{_VARIABLES}SERVER_CERT_PATH: the certificates in {file} cannot be used: {error.strerror or error}."
        ) from None


def _authorization(environment: Mapping[str, str]) -> str | None:
    user, password, token = (
        environment.get(_VARIABLES + name, "").rstrip("\r\n") for name in ("USERNAME", "PASSWORD", "TOKEN")
    )
    if user and password:
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    if token and not (token.isascii() and token.isprintable()):
        raise InvalidParameterValue(f"{_VARIABLES}TOKEN has characters that no token has: set it again.")
    return f"Bearer {token}" if token else None
