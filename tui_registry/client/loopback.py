"""Which hosts are this machine itself."""

import socket
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address


def is_loopback(host: str | None) -> bool:
    """Whether a URL's host means this machine by its name or by an address: ``localhost`` and what ends in
    ``.localhost`` (RFC 6761), 127.0.0.0/8, ::1, the same of IPv4 within IPv6, and 0.0.0.0 and ::, where a connection
    goes to this machine, too."""
    address = address_of(_name(host))
    return (
        _name(host).endswith(".localhost")
        or is_certainly_loopback(host)
        or (address is not None and address.is_unspecified)
    )


def is_certainly_loopback(host: str | None) -> bool:
    """The same wherever it is asked: some resolvers ask the network for the names below ``localhost``, and not every
    system takes an address that is none."""
    address = address_of(_name(host))
    return _name(host) == "localhost" or (address is not None and address.is_loopback)


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host is, if it is one, also as the system's resolver takes it: 127.1, 0x7f000001. One of IPv4
    within IPv6 is that of IPv4."""
    with suppress(ValueError):
        address = ip_address(host)
        return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
    if host[:1].isdecimal() and all(part[-1:].isalnum() for part in host.split(".")):  # no name of a host begins so
        with suppress(OSError):
            return IPv4Address(socket.inet_aton(host))
    return None


def _name(host: str | None) -> str:
    return (host or "").lower().removesuffix(".")
