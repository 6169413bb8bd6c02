"""An OpenID provider whose tokens are accepted, as the operator names it."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.identity import ClaimPolicy

_URL = re.compile(r"https?://[!-~]{1,2000}", re.ASCII)


@dataclass(frozen=True, slots=True)
class OpenIdProvider:
    """``client_id``: of tui-registry, public and without a secret. ``audience``: what tokens must be for."""

    client_id: str
    audience: str
    policy: ClaimPolicy

    @property
    def issuer(self) -> str:
        return self.policy.issuer


def check_issuer(url: str) -> str:
    """The URL, if tokens and keys from there can be trusted: with TLS, or on this machine. Raises
    InvalidParameterValue."""
    if not is_trusted(url) or urlsplit(url).query or urlsplit(url).fragment:
        raise InvalidParameterValue(
            f"'{url[:200]}' is not the issuer of an OpenID provider. Give the URL that its tokens name as 'iss', such "
            "as https://login.example.com/realms/main; it must be https, unless it is on this machine."
        )
    return url


def is_trusted(url: str) -> bool:
    """Whether what is fetched from a URL comes from there: with TLS, or on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if not _URL.fullmatch(url) or not host or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
