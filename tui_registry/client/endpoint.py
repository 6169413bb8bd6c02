"""Where a server is and how it is reached: the one place that makes clients of HTTP.

Each client speaks with one server. No redirect is followed, so that a token goes nowhere else, and of the environment
nothing counts but what is looked up here.
"""

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from tui_registry.client.proxies import Proxy, ProxyError, proxy_of
from tui_registry.client.trust import TrustError, trusted
from tui_registry.client.url import NotAURLError, parse

if TYPE_CHECKING:
    import httpx


class EndpointError(Exception):
    """A server cannot be tried as things are set up: nothing was sent. Its text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``url`` is what is shown and copied.

    trust: what the server's certificate is checked by.
    proxy: through which it is reached.
    socket: the path of the Unix socket by which it is reached, whoever listens at the URL.
    """

    url: str
    trust: ssl.SSLContext = field(repr=False)
    proxy: Proxy | None = None
    socket: str | None = None

    @classmethod
    def of(cls, url: str, ca: str | None = None, *, besides: bool = False) -> Self:
        """That of a server at a URL; ``ca`` and ``besides`` are as for ``trusted``. Raises EndpointError."""
        try:
            parse(url)
            return cls(url, trusted(url, ca, besides=besides), proxy_of(url))
        except NotAURLError as error:
            raise EndpointError(f"{url[:200]} is no URL of a server: {error}") from None
        except TrustError as error:
            raise EndpointError(f"The authority of {url} cannot be used. {error}") from None
        except ProxyError as error:
            raise EndpointError(f"{url} cannot be reached. {error}") from None

    def __str__(self) -> str:
        return f"{self.url}, through the proxy {self.proxy}," if self.proxy else self.url

    def client(self, *, timeout: float, headers: dict[str, str] | None = None) -> "httpx.Client":
        """For calls that wait for their answers. The caller closes it."""
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
        """For calls on an event loop. The caller closes it. ``transport`` takes the place of the network."""
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
