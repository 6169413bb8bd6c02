"""Signing in with the company's OpenID provider, by its device flow (RFC 8628): the person signs in with a browser on
any machine, so that it works over SSH. Only the provider sees their password.

The provider's endpoints are those that it names itself (OpenID Connect Discovery 1.0), and nothing is sent without TLS
but on this machine.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tui_registry.client.endpoint import Endpoint, EndpointError
from tui_registry.client.trust import is_plaintext
from tui_registry_server.wire.oauth import OpenIdSignInOffer, SignInOffer

Model = TypeVar("Model", bound=BaseModel)

TIMEOUT = 15.0  # seconds for one request
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
INTERVAL, SLOWER = 5, 5  # seconds between polls if the provider names none, and what it adds by slow_down
MAX_WAIT = 1800  # seconds for a person to sign in, whatever the provider allows


class OpenIdError(Exception):
    """Signing in, or renewing a sign-in, has failed. Its text says why; parts from the provider are not sanitized."""


class SignInEndedError(OpenIdError):
    """The provider does not renew it: the person has to sign in again."""


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class _Endpoints(_Answer):
    issuer: str
    token_endpoint: str
    device_authorization_endpoint: str | None = None
    revocation_endpoint: str | None = None


class DeviceCode(_Answer):
    """What the person is shown. ``verification_uri_complete`` has the code in it."""

    user_code: str
    verification_uri: str
    verification_uri_complete: str | None = None
    device_code: str = Field(repr=False)
    expires_in: int
    interval: int | None = None


class Tokens(_Answer):
    """``expires_in``: seconds."""

    access_token: str = Field(default="", repr=False)
    id_token: str = Field(default="", repr=False)
    refresh_token: str = Field(default="", repr=False)
    expires_in: int = 300


class _Refusal(_Answer):
    error: str
    error_description: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """How a registry's people sign in. ``ca``: a file with an authority that is trusted besides the system's."""

    issuer: str
    client_id: str
    scope: str
    token: str
    ca: str | None = None

    @classmethod
    def of(cls, offer: OpenIdSignInOffer, ca: str | None) -> "Provider":
        return cls(offer.issuer, offer.client_id, offer.scope, offer.token, ca)

    def accepted(self, tokens: Tokens) -> str:
        """The one of the tokens that the registry accepts. Raises OpenIdError."""
        token = tokens.id_token if self.token == "id_token" else tokens.access_token  # noqa: S105  # its kind
        if not token:
            raise OpenIdError(f"{self.issuer} returned no {self.token.replace('_', ' ')}, which the registry needs.")
        return token

    def sign_in(self, show: Callable[[DeviceCode], None]) -> Tokens:
        """Ask for a code, show it, and wait until the person has signed in. Blocks. Raises OpenIdError."""
        endpoints = self._endpoints()
        if endpoints.device_authorization_endpoint is None:
            raise OpenIdError(
                f"{self.issuer} does not let devices sign in (RFC 8628). Its administrator can allow that for the "
                f"client {self.client_id}; or use an access token, with --token-stdin."
            )
        code = self._post(
            endpoints.device_authorization_endpoint, DeviceCode, client_id=self.client_id, scope=self.scope
        )
        if urlsplit(code.verification_uri).scheme not in {"http", "https"}:
            raise OpenIdError(f"{self.issuer} did not return a web page to sign in on.")
        show(code)
        return self._wait(endpoints, code)

    def renew(self, refresh_token: str) -> Tokens:
        """New tokens for a refresh token, which is no longer valid afterwards if there is a new one. Blocks. Raises
        SignInEndedError if it is not accepted, OpenIdError if the provider cannot be asked."""
        try:
            return self._post(
                self._endpoints().token_endpoint,
                Tokens,
                grant_type="refresh_token",
                refresh_token=refresh_token,
                client_id=self.client_id,
            )
        except _RefusedError as refused:
            raise SignInEndedError(f"{self.issuer} does not renew the sign-in ({refused}).") from None

    def revoke(self, refresh_token: str) -> None:
        """Tell the provider that a sign-in has ended (RFC 7009), if it wants to know. Raises OpenIdError."""
        if (endpoint := self._endpoints().revocation_endpoint) is not None:
            self._send(endpoint, token=refresh_token, token_type_hint="refresh_token", client_id=self.client_id)  # noqa: S106  # its kind

    def _wait(self, endpoints: _Endpoints, code: DeviceCode) -> Tokens:
        interval = max(1, min(code.interval or INTERVAL, 60))
        deadline = time.monotonic() + min(code.expires_in, MAX_WAIT)
        while time.monotonic() < deadline:
            time.sleep(interval)
            try:
                return self._post(
                    endpoints.token_endpoint,
                    Tokens,
                    grant_type=DEVICE_GRANT,
                    device_code=code.device_code,
                    client_id=self.client_id,
                )
            except _UnansweredError:
                interval = min(interval * 2, 60)  # RFC 8628, 3.5
            except _RefusedError as refused:
                if refused.error == "slow_down":
                    interval += SLOWER
                elif refused.error == "access_denied":
                    raise OpenIdError("The sign-in was denied on that page.") from None
                elif refused.error != "authorization_pending":
                    break
        raise OpenIdError("The code expired before anyone signed in with it. Start again for a new one.")

    def _endpoints(self) -> _Endpoints:
        url = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        found = self._read(_Endpoints, self._send(url))
        if found.issuer != self.issuer:
            raise OpenIdError(f"{self.issuer} says that its issuer is {found.issuer}: the registry's setting is wrong.")
        return found

    def _post(self, url: str, answer: type[Model], **form: str) -> Model:
        return self._read(answer, self._send(url, **form))

    def _send(self, url: str, **form: str) -> bytes:
        """A POST of a form, or without one a GET. Raises _RefusedError if the provider refuses it."""
        import httpx

        from tui_registry.client.transport import why

        if is_plaintext(url):
            raise OpenIdError(f"{url} is plain http: nothing was sent. The provider must be used by https.")
        try:
            with Endpoint.of(url, self.ca, with_system=True).client(timeout=TIMEOUT) as client:
                response = client.post(url, data=form) if form else client.get(url)
        except EndpointError as error:
            raise OpenIdError(str(error)) from None
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise _UnansweredError(f"{self.issuer} cannot be reached: {why(error)}") from None
        if response.is_success:
            return response.content
        try:
            refusal = _Refusal.model_validate_json(response.content)
        except ValidationError:
            raise _UnansweredError(f"{self.issuer} answered {response.status_code}.") from None
        raise _RefusedError(refusal)

    def _read(self, answer: type[Model], content: bytes) -> Model:
        try:
            return answer.model_validate_json(content or b"{}")
        except ValidationError:
            raise OpenIdError(f"{self.issuer} sent a response that is not an OpenID provider's.") from None


class _UnansweredError(OpenIdError):
    pass


class _RefusedError(OpenIdError):
    def __init__(self, refusal: _Refusal) -> None:
        super().__init__(refusal.error_description or refusal.error)
        self.error = refusal.error


def offer_of(url: str, ca: str | None) -> OpenIdSignInOffer | None:
    """How people sign in to the registry at a URL; None if by access tokens only, or if it is an older one. Raises
    OpenIdError if it cannot be asked."""
    import httpx

    from tui_registry.client.transport import why

    try:
        endpoint = Endpoint.of(url, ca)
        with endpoint.client(timeout=TIMEOUT) as client:
            response = client.get("/sign-in")
    except EndpointError as error:
        raise OpenIdError(str(error)) from None
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise OpenIdError(f"{endpoint} cannot be reached: {why(error)}") from None
    try:
        return SignInOffer.model_validate_json(response.content).openid if response.is_success else None
    except ValidationError:
        return None
