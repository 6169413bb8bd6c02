"""Logging in to a registry and out again, and changing a profile."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tui_registry.client.access_token import WHITESPACE, TokenError, clean
from tui_registry.client.endpoint import Endpoint, EndpointError
from tui_registry.client.trust import TrustError, is_plaintext, ssl_context
from tui_registry.session import credentials, openid, profiles
from tui_registry.session.openid import DeviceCode, OpenIdError, Provider
from tui_registry.session.openid_session import OpenIdSession
from tui_registry.session.profiles import Profile, ProfileError
from tui_registry_server.wire.error import REFUSED, Error
from tui_registry_server.wire.oauth import OpenIdSignInOffer


class LoginError(Exception):
    """Its text says what to do."""


@dataclass(frozen=True, slots=True)
class Login:
    """The name of the profile that was saved, and why its token could not be stored; empty if it was."""

    profile: str
    not_stored: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """A profile that is to be saved, what it replaces, and how people sign in there, if not by an access token."""

    name: str
    profile: Profile
    before: Profile | None
    offer: OpenIdSignInOffer | None


def plan(
    url: str,
    name: str | None,
    *,
    read_only: bool | None = None,
    colour: str | None = None,
    tracking_uri: str | None = None,
    workspace: str | None = None,
    ca: str | None = None,
    insecure_http: bool | None = None,
    by_token: bool = False,
) -> Planned:
    """Ask the registry at a URL how to sign in, unless it is to be ``by_token``. Nothing is saved.

    None keeps the setting of an existing profile, and an empty value clears it; but ``insecure_http`` is kept only for
    the same URL.
    """
    try:
        address = profiles.checked({"url": url.strip(WHITESPACE)}).url
    except ProfileError:
        raise LoginError(f"'{url}' is not the URL of a registry: it must start with http:// or https://.") from None
    try:
        known = profiles.read()
        name = name or urlsplit(address).netloc
        before = known.profiles.get(name)
        if before is not None and before.url != address and insecure_http is None:
            insecure_http = False
        profile = _with(
            before,
            {"url": address},
            read_only=read_only,
            colour=colour,
            tracking_uri=tracking_uri,
            workspace=workspace,
            ca=ca,
            insecure_http=insecure_http,
        )
    except ProfileError as error:
        raise LoginError(str(error)) from None
    if is_plaintext(profile.url) and not profile.insecure_http:
        raise LoginError(
            f"{profile.url} is plain http: anyone on the network could read your token. Nothing was sent. "
            "Use its https:// URL, if it has one; if you trust the network, add --insecure-http."
        )
    try:
        return Planned(name, profile, before, None if by_token else openid.offer_of(profile.url, profile.ca))
    except OpenIdError as error:
        raise LoginError(str(error)) from None


def with_token(planned: Planned, token: str) -> Login:
    """Check a token with the registry, store it in the keyring, and save the profile. Without a keyring that works the
    token is stored nowhere, and the profile says that it must be asked for. The first profile becomes the default."""
    try:
        token = clean(token, "The input")
    except TokenError as error:
        raise LoginError(str(error)) from None
    if not token:
        raise LoginError("No token was given.")
    _check(planned.profile, token)
    return _save(planned, lambda account: credentials.store(account, token), sign_in=False)


def with_provider(planned: Planned, show: Callable[[DeviceCode], None]) -> Login:
    """Sign in with the OpenID provider, and save the profile as ``with_token`` does. ``show`` is given what the person
    is to be shown."""
    if planned.offer is None:
        raise LoginError(f"{planned.profile.url} has no OpenID provider: log in with an access token.")
    try:
        provider = Provider.of(planned.offer, planned.profile.ca)
        session = OpenIdSession.begun(provider, provider.sign_in(show))
    except OpenIdError as error:
        raise LoginError(str(error)) from None
    _check(planned.profile, session.token)
    return _save(planned, session.store, sign_in=True)


def _save(planned: Planned, store: Callable[[str], object], *, sign_in: bool) -> Login:
    name, before = planned.name, planned.before
    problem = ""
    try:
        store(profiles.account(name, planned.profile))
    except credentials.NoKeyringError as error:
        problem = str(error).rstrip(".")
    profile = planned.profile.model_copy(update={"ask_token": bool(problem), "sign_in": sign_in})
    try:
        profiles.change(lambda known: known.with_profile(name, profile))
        if before is not None and before.url != profile.url and not problem:
            with suppress(credentials.NoKeyringError):
                credentials.remove(profiles.account(name, before))  # it would never be used again
    except ProfileError as error:
        raise LoginError(str(error)) from None
    return Login(name, problem)


def change(name: str, **settings: Any) -> Profile:
    """Change the settings of a profile, except its URL. None keeps a setting, and an empty value clears it.

    Raises ProfileError."""
    known = profiles.read()
    profile = _with(known.get(name), {}, **settings)
    try:
        ssl_context(profile.url, profile.ca)
    except TrustError as error:
        raise ProfileError(str(error)) from None
    profiles.change(lambda known: known.model_copy(update={"profiles": known.profiles | {name: profile}}))
    return profile


def make_default(name: str) -> None:
    """Make this the default profile. Raises ProfileError."""
    profiles.read().get(name)
    profiles.change(lambda known: known.model_copy(update={"default": name}))


def logout(name: str) -> None:
    """Delete a profile and its token. A sign-in with an OpenID provider is ended there, too, if it can be reached."""
    try:
        profile = profiles.read().get(name)
        account = profiles.account(name, profile)
        try:
            if profile.sign_in and (session := OpenIdSession.read(credentials.load(account) or "", account)):
                session.end()
            credentials.remove(account)
        except credentials.NoKeyringError:
            if not profile.ask_token:  # else it was stored nowhere, unless by a login before the last
                raise
        profiles.change(lambda known: known.without_profile(name))
    except ProfileError as error:
        raise LoginError(str(error)) from None
    except credentials.NoKeyringError as error:
        raise LoginError(f"The token could not be removed from the keyring: {error}.") from None


def _with(before: Profile | None, content: dict[str, Any], **changes: Any) -> Profile:
    given = {field: value for field, value in changes.items() if value is not None}
    cleared = {field: None if value == "" else value for field, value in given.items()}
    return profiles.checked((before.model_dump() if before else {}) | content | cleared)


def _check(profile: Profile, token: str) -> None:
    """Raises LoginError unless the registry is reachable and accepts the token."""
    import httpx

    from tui_registry.client.transport import API, authorization, why

    try:
        endpoint = Endpoint.of(profile.url, profile.ca)
        with endpoint.client(timeout=15.0, headers={"Authorization": authorization(token)}) as client:
            answer = client.get(f"{API}/preview/scim/v2/Me")
    except EndpointError as error:
        raise LoginError(str(error)) from None
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise LoginError(f"{endpoint} cannot be reached: {why(error)}") from None
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise LoginError(f"{profile.url} does not accept this token{_reason(answer.content)}. Ask for a new one.")
    if not answer.is_success:
        raise LoginError(f"{profile.url} answered {answer.status_code}: is it a registry?")


def _reason(content: bytes) -> str:
    """Why it refuses a token of an OpenID provider: only its operator, or the provider's, can change that."""
    from pydantic import ValidationError

    try:
        said = Error.model_validate_json(content).message
    except ValidationError:
        return ""
    return f": {said.partition(REFUSED)[2].strip().rstrip('.')}" if said.startswith(REFUSED) else ""
