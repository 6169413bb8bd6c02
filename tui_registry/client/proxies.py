"""Which proxy to use for a server: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in either letter case.

httpx reads them, too, but ends with a traceback on much of what other programs accept, and sends calls to this machine
through a proxy. So it is given the proxy found here, and never reads the environment itself.
"""

import os
import re
from dataclasses import dataclass, field
from importlib import import_module
from ipaddress import ip_network
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from tui_registry.client.loopback import address_of, is_loopback
from tui_registry.client.url import NotAURLError, parse

SCHEMES = ("http", "https", "socks5", "socks5h")
PORTS = {"http": 80, "https": 443}
_PORT = r"(?P<port>[0-9]{1,5})"
_BRACKETED = re.compile(rf"\[(?P<address>[^\]]*)\](?P<prefix>/[0-9]+)?(?::{_PORT})?")
_WITH_PORT = re.compile(rf"(?P<pattern>[^:]*):{_PORT}")


class ProxyError(Exception):
    """A proxy setting is invalid. Its text names the variable, and reveals nothing of a password."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """``url`` may hold a password. ``source`` is the variable that names the proxy."""

    url: str = field(repr=False)
    source: str

    def __str__(self) -> str:
        """Without user and password."""
        return f"{parse(self.url).netloc.decode()} ({self.source})"


def proxy_of(url: str) -> Proxy | None:
    """The proxy to a server, or None for a direct connection, as always to this machine. Raises ProxyError."""
    where = urlsplit(url)
    host = (where.hostname or "").removesuffix(".")
    if is_loopback(host):
        return None
    named = _from_environment(where.scheme, host)
    if named is None or _is_exempt(where.scheme, host, where.port or PORTS.get(where.scheme)):
        return None
    return _checked(*named)


def _from_environment(scheme: str, host: str) -> tuple[str, str] | None:
    """The variable that names the proxy for a scheme, and its value."""
    for name in (f"{scheme}_proxy", "all_proxy"):
        variable = _variable(name)
        if variable is not None and (value := os.environ[variable].strip()):
            return variable, value
    of_system = getproxies().get(scheme)  # on macOS, the network settings
    return ("the system's settings", of_system) if of_system and not proxy_bypass(host) else None


def _variable(name: str) -> str | None:
    """Lower case takes precedence, even if it is empty."""
    return next((variable for variable in (name, name.upper()) if variable in os.environ), None)


def _checked(source: str, value: str) -> Proxy:
    scheme, separator, rest = value.partition("://")
    if not separator:
        scheme, rest = "http", value
    scheme = {"socks": "socks5"}.get(scheme.lower(), scheme.lower())  # GNOME's name for it
    if scheme not in SCHEMES:
        raise ProxyError(f"{source} names an unsupported kind of proxy. Supported are: {', '.join(SCHEMES)}.")
    try:
        parsed = parse(f"{scheme}://{rest}")
        if "@" in f"{parsed.raw_path!r}{parsed.fragment}":  # the URL was split inside a password
            raise NotAURLError
    except NotAURLError:  # whose text may hold a password
        raise ProxyError(
            f"{source} is not the URL of a proxy. Write it as http://proxy.example.com:3128, and percent-encode "
            "special characters in a password (%23 for #)."
        ) from None
    if scheme.startswith("socks"):
        _require_socks(source)
    return Proxy(f"{scheme}://{rest}", source)


def _require_socks(source: str) -> None:
    try:
        import_module("socksio")
    except ImportError:
        raise ProxyError(
            f"{source} names a SOCKS proxy, which needs the Python package socksio: install it next to tui-registry, "
            "use an http:// proxy, or list the host in NO_PROXY."
        ) from None


def _is_exempt(scheme: str, host: str, port: int | None) -> bool:
    """Whether NO_PROXY lists a host: by ``*``, its name, a domain (with or without a leading dot), an address, or a
    network, each with or without a port. An entry that is none of these exempts nothing."""
    variable = _variable("no_proxy")
    entries = re.split(r"[,\s]+", os.environ[variable] if variable else "")
    return any(_matches(entry, scheme, host, port) for entry in entries if entry)


def _matches(entry: str, scheme: str, host: str, port: int | None) -> bool:
    if "://" in entry:
        entry_scheme, _, entry = entry.partition("://")
        if entry_scheme.lower() not in {scheme, "all"}:
            return False
        entry = entry.rstrip("/")
    if entry == "*":
        return True
    pattern, entry_port = _split(entry)
    if entry_port is not None and entry_port != port:
        return False
    address = address_of(host)
    if address is None:
        domain = pattern.lower().removeprefix("*").removeprefix(".").removesuffix(".")
        return bool(domain) and (host == domain or host.endswith(f".{domain}"))
    try:
        network = ip_network(pattern, strict=False)
    except ValueError:
        return False
    single = address_of(pattern)  # an IPv4 address may be written as an IPv6 one
    return address == single or (address.version == network.version and address in network)


def _split(entry: str) -> tuple[str, int | None]:
    """Split a port off a host, a domain, an address or a network."""
    if match := _BRACKETED.fullmatch(entry):
        port = match["port"]
        return match["address"] + (match["prefix"] or ""), int(port) if port else None
    if match := _WITH_PORT.fullmatch(entry):
        return match["pattern"], int(match["port"])
    return entry, None
