"""URLs of servers, checked before anything is sent there."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


class NotAURLError(ValueError):
    """Not a URL that can be connected to. Its text is httpx's own, and may quote the URL."""


def parse(url: str) -> "httpx.URL":
    """Raises NotAURLError if there is no host, none that a resolver accepts, or an invalid port."""
    import httpx

    try:
        parsed = httpx.URL(url)
        parsed.raw_host.decode("ascii").encode("idna")  # as the system's resolver is called
    except (httpx.InvalidURL, UnicodeError) as error:
        raise NotAURLError(str(error)) from None
    if not parsed.host or not 0 < (1 if parsed.port is None else parsed.port) < 65536:
        raise NotAURLError("it needs a host, and a port from 1 to 65535 if any")
    return parsed
