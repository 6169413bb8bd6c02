"""Limits on connections: how many are open, and how many of them come from one client address."""

import logging
from collections import Counter
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from tui_registry_server.rules.errors import RegistryError, RequestLimitExceeded, TemporarilyUnavailable
from tui_registry_server.rules.limits import Limits

log = logging.getLogger(__name__)

Network = IPv4Network | IPv6Network


def client_key(address: str | None) -> str:
    """The key under which a client is counted. Whoever has one IPv6 address has its whole /64."""
    try:
        known = ip_address(address or "")
    except ValueError:  # of a Unix socket, or invented by a proxy
        return (address or "")[:100]
    if isinstance(known, IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return str(IPv6Network((known, 64), strict=False))
    return str(known)


class ConnectionLimiter:
    """Counts the open connections. ``proxies`` are trusted proxies, which have no limit per address."""

    def __init__(self, limits: Limits, proxies: Sequence[Network] = ()) -> None:
        self.limits = limits
        self._proxies = proxies
        self._by_client: Counter[str] = Counter()
        self._is_full = False

    def acquire(self, address: str) -> str:
        """Count a connection. Returns the client key under which it is counted."""
        key = client_key(address)
        self._by_client[key] += 1
        return key

    def release(self, key: str) -> None:
        self._by_client[key] -= 1
        if not self._by_client[key]:
            del self._by_client[key]

    def refusal(self, key: str, connections: int) -> RegistryError | None:
        """Why a new connection is refused, or None. ``connections``: how many are open with it."""
        was_full, self._is_full = self._is_full, connections > self.limits.connections
        if self._is_full:
            if not was_full:
                log.warning("%d connections are open: further ones are refused", self.limits.connections)
            return TemporarilyUnavailable(
                "The server has reached its limit of connections. Try again.", limit="connections"
            )
        if self._by_client[key] > self.limits.connections_per_address and not self._is_proxy(key):
            return RequestLimitExceeded(
                "Your address has reached its limit of connections. Close some, or wait.",
                limit="connections_per_address",
            )
        return None

    def _is_proxy(self, key: str) -> bool:
        try:
            network = IPv6Network(key) if ":" in key else IPv4Network(key)
        except ValueError:
            return False
        return any(network.overlaps(proxy) for proxy in self._proxies if proxy.version == network.version)
