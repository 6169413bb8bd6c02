"""Connections to receivers: to addresses that were checked, and to those only.

A name is resolved once for each connection, every address is checked, and the connection is made to a checked address,
not to the name, which might resolve to another one the second time. TLS still verifies the name.
"""

import asyncio
import logging
import socket
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from functools import partial
from ipaddress import ip_address
from typing import Any

from httpcore import AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream, ConnectError

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.webhook_targets import Network, check_address
from tui_registry_server.wire.webhook_delivery import FailureReason

log = logging.getLogger(__name__)

MAX_ADDRESSES = 4  # of a name that are tried


class RefusedAddressError(ConnectError):
    """A name has no address to which anything may be sent, or none at all."""


class UnresolvedNameError(ConnectError):
    """Nobody can say now which address a name has."""


class CheckedNetwork(AsyncNetworkBackend):
    """``allowed``: as for check_address. ``plain``: whether the connections are without TLS. ``resolver``: resolves
    names, some of which take long."""

    def __init__(self, allowed: Sequence[Network], resolver: Executor, *, plain: bool) -> None:
        self._allowed = allowed
        self._resolver = resolver
        self._plain = plain
        self._connections = AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # as in the base class
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        failed: ConnectError | None = None
        allowed = [address for address in await self._resolved(host, port) if self._may_be_sent_to(address)]
        for address in allowed[:MAX_ADDRESSES]:
            try:
                return await self._connections.connect_tcp(address, port, timeout, local_address, socket_options)
            except ConnectError as error:
                failed = error
        if failed is not None:
            raise failed
        # The same for names that do not exist, and without the address: who may set up a webhook need not learn which
        # names there are in the operator's network, and what they resolve to.
        raise RefusedAddressError(
            FailureReason.ADDRESS_REFUSED.error(
                f"{host} has no {'address that may be sent to without TLS' if self._plain else 'public address'}. "
                "Check the name; the operator can allow its network: serve --webhook-allow NETWORK."
            )
        )

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109  # as in the base class
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        raise RefusedAddressError(FailureReason.ADDRESS_REFUSED.error("nothing is sent to Unix sockets"))

    def _may_be_sent_to(self, address: str) -> bool:
        try:
            check_address(ip_address(address), self._allowed, plain=self._plain)
        except InvalidParameterValue:
            return False
        return True

    async def _resolved(self, host: str, port: int) -> list[str]:
        look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._resolver, look_up)
        except (socket.gaierror, UnicodeError) as error:
            log.info(
                "webhooks: %r has no address: %s", host, error
            )  # for the operator: the webhook's owner does not see it
            return []
        except OSError as error:  # of this machine
            raise UnresolvedNameError(FailureReason.NAME_LOOKUP.error(f"{host} ({error.strerror})")) from None
        return list(dict.fromkeys(str(address[0]) for *_, address in found))
