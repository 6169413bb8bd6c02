"""Where webhooks may send to: public addresses by HTTPS, and the networks that the operator has allowed, also by HTTP.

A webhook's URL is chosen by a user, the request is sent by the server, which may reach machines that the user cannot:
so every address that a host's name resolves to is checked before it is connected to (server-side request forgery).
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from tui_registry_server.rules.errors import InvalidParameterValue

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_GLOBAL_UNICAST = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
_SIX_TO_FOUR = ip_network("2002::/16")
_REFUSED = tuple(
    ip_network(each)
    for each in (
        "168.63.129.16/32",  # Azure's services for its virtual machines: a public address, but not the internet's
        "192.0.0.0/24",  # protocols, and metadata of Oracle's virtual machines: only newer Pythons know all of it
        "192.88.99.0/24",  # the anycast relays of 6to4
        "2001::/23",  # protocols: Teredo, ORCHID
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9a-fA-F]*)\.?")
"""Of hosts that resolvers and browsers read as IPv4 addresses: 2130706433, 0177.0.0.1, 0x7f.1 and 127.1, too."""
_LABELS = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")
_PATH = re.compile(r"[!-~]*")

MAX_HOST_LENGTH = 253


class Target(NamedTuple):
    """A checked URL. ``host`` is without brackets, ``target`` the path with the query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> str:
        """For logs and messages: paths of incoming webhooks are secrets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def check_url(url: str, allowed: Sequence[Network]) -> Target:
    """Raises InvalidParameterValue for a URL that could not be sent to, whatever its host resolves to."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidParameterValue("The webhook's URL is malformed. Write it as https://host/path.") from None
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http") or not host:
        raise InvalidParameterValue("A webhook's URL begins with https:// and has a host, as https://host/path.")
    if parts.scheme == "http" and not allowed:
        raise InvalidParameterValue(
            "A webhook's URL begins with https://. The operator can allow http:// to a network of their own, by serve "
            "--webhook-allow NETWORK."
        )
    if "@" in parts.netloc or not _PATH.fullmatch(url.partition("#")[0]) or "\\" in url:
        raise InvalidParameterValue(
            "A webhook's URL has neither a user nor a password, nor spaces, backslashes or non-ASCII characters: use "
            "'authorization' for credentials, and percent-encode the others."
        )
    address = _literal(host)
    if address is not None:
        check_address(address, allowed, plain=parts.scheme == "http")
    return Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), _target(parts))


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _literal(host: str) -> Address | None:
    """The address that is written in a URL; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    if _ENDS_IN_A_NUMBER.fullmatch(host) or not _LABELS.fullmatch(host) or len(host) > MAX_HOST_LENGTH:
        raise InvalidParameterValue(
            "The host of a webhook's URL is a name, or an address as 192.0.2.1 or [2001:db8::1]: four decimal numbers "
            "without leading zeros."
        )
    return None


def check_address(address: Address, allowed: Sequence[Network], *, plain: bool) -> None:
    """Raises InvalidParameterValue if nothing may be sent there. ``plain``: without TLS."""
    embedded = _embedded(address)
    if any(each.version == network.version and each in network for each in (address, embedded) for network in allowed):
        return
    if plain or not _is_public(embedded):
        why = " without TLS" if plain else ", which is not a public address"
        raise InvalidParameterValue(
            f"Nothing is sent to {address}{why}. The operator can allow its network by serve --webhook-allow NETWORK."
        )


def _embedded(address: Address) -> Address:
    """The IPv4 address that packets to an IPv6 address end at, if there is one."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _SIX_TO_FOUR and address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and (address.scope_id is not None or address not in _GLOBAL_UNICAST):
        return False
    return (
        address.is_global
        and not address.is_multicast
        and not any(network.version == address.version and address in network for network in _REFUSED)
    )
