"""Where a server is and how to reach it: the one place that creates HTTP clients.

Each client talks to one server. No redirect is followed, so that a token goes nowhere else, and no environment variable
is used but those read here.
"""

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from tui_registry.client.proxies import Proxy, ProxyError, proxy_of
from tui_registry.client.trust import TrustError, ssl_context
from tui_registry.client.url import NotAURLError, parse

if TYPE_CHECKING:
    import httpx


class EndpointError(Exception):
    """The configuration of a server is invalid: nothing was sent. Its text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``url`` is what is shown and copied.

    trust: verifies the server's certificate.
    proxy: the proxy to use, if any.
    socket: the path of the Unix socket to connect to, instead of the URL's host and port.
    """

    url: str
    trust: ssl.SSLContext = field(repr=False)
    proxy: Proxy | None = None
    socket: str | None = None

    @classmethod
    def of(cls, url: str, ca: str | None = None, *, with_system: bool = False) -> Self:
        """The endpoint of a URL; ``ca`` and ``with_system`` are as for ``ssl_context``. Raises EndpointError."""
        try:
            parse(url)
            return cls(url, ssl_context(url, ca, with_system=with_system), proxy_of(url))
        except NotAURLError as error:
            raise EndpointError(f"{url[:200]} is not the URL of a server: {error}") from None
        except TrustError as error:
            raise EndpointError(f"The CA certificate for {url} cannot be used. {error}") from None
        except ProxyError as error:
            raise EndpointError(f"{url} cannot be reached. {error}") from None

    def __str__(self) -> str:
        return f"{self.url}, through the proxy {self.proxy}," if self.proxy else self.url

    def client(self, *, timeout: float, headers: dict[str, str] | None = None) -> "httpx.Client":
        """A blocking client. The caller closes it."""
        import httpx

        transport = httpx.HTTPTransport(**self._transport_options())
        return httpx.Client(base_url=self.url, headers=headers, timeout=timeout, transport=transport, trust_env=False)

    def async_client(
        self,
        *,
        timeout: "httpx.Timeout",
        limits: "httpx.Limits",
        headers: dict[str, str],
        transport: "httpx.AsyncBaseTransport | None" = None,
    ) -> "httpx.AsyncClient":
        """A client for an event loop. The caller closes it. ``transport`` replaces the network."""
        import httpx

        return httpx.AsyncClient(
            base_url=self.url,
            headers=headers,
            timeout=timeout,
            transport=transport or httpx.AsyncHTTPTransport(**self._transport_options(), limits=limits),
            trust_env=False,
        )

    def _transport_options(self) -> dict[str, Any]:
        import httpx

        proxy = None
        if self.proxy is not None:
            is_tls = self.proxy.url.startswith("https://")
            proxy = httpx.Proxy(self.proxy.url, ssl_context=ssl.create_default_context() if is_tls else None)
        return {"verify": self.trust, "trust_env": False, "proxy": proxy, "uds": self.socket}
