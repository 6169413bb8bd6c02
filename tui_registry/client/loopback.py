"""Loopback hosts: those that are this machine itself."""

import socket
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address


def is_loopback(host: str | None) -> bool:
    """Whether a URL's host means this machine by its name or by an address: ``localhost`` and what ends in
    ``.localhost`` (RFC 6761), 127.0.0.0/8, ::1, their IPv4-mapped forms, and 0.0.0.0 and ::, where a connection goes
    to this machine, too."""
    address = address_of(_name(host))
    return (
        _name(host).endswith(".localhost")
        or is_certainly_loopback(host)
        or (address is not None and address.is_unspecified)
    )


def is_certainly_loopback(host: str | None) -> bool:
    """Whether a host is this machine on every system: some resolvers query the network for names below ``localhost``,
    and not every system accepts an unspecified address."""
    address = address_of(_name(host))
    return _name(host) == "localhost" or (address is not None and address.is_loopback)


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """The IP address that a host is, if any, also in the forms that the system's resolver accepts: 127.1, 0x7f000001.
    An IPv4-mapped IPv6 address becomes the IPv4 address."""
    with suppress(ValueError):
        address = ip_address(host)
        return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
    if host[:1].isdecimal() and all(part[-1:].isalnum() for part in host.split(".")):  # no host name starts like this
        with suppress(OSError):
            return IPv4Address(socket.inet_aton(host))
    return None


def _name(host: str | None) -> str:
    return (host or "").lower().removesuffix(".")
