"""Logging in to a registry and out again, and changing a profile."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tui_registry.client.access_token import WHITESPACE, TokenError, clean
from tui_registry.client.endpoint import Endpoint, EndpointError
from tui_registry.client.trust import TrustError, is_plaintext, ssl_context
from tui_registry.session import credentials, profiles
from tui_registry.session.profiles import Profile, ProfileError


class LoginError(Exception):
    """Its text says what to do."""


@dataclass(frozen=True, slots=True)
class Login:
    """The name of the profile that was saved, and why its token could not be stored; empty if it was."""

    profile: str
    not_stored: str = ""


def login(
    url: str,
    name: str | None,
    token: str,
    *,
    read_only: bool | None = None,
    colour: str | None = None,
    tracking_uri: str | None = None,
    ca: str | None = None,
    insecure_http: bool | None = None,
) -> Login:
    """Check a token with the registry, store it in the keyring, and save the profile. Without a keyring that works the
    token is stored nowhere, and the profile says that it must be asked for.

    None keeps the setting of an existing profile, and an empty value clears it; but ``insecure_http`` is kept only for
    the same URL. The first profile becomes the default.
    """
    try:
        token = clean(token, "The input")
    except TokenError as error:
        raise LoginError(str(error)) from None
    if not token:
        raise LoginError("No token was given.")
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
            ca=ca,
            insecure_http=insecure_http,
        )
        if is_plaintext(profile.url) and not profile.insecure_http:
            raise LoginError(
                f"{profile.url} is plain http: anyone on the network could read your token. Nothing was sent. "
                "Use its https:// URL, if it has one; if you trust the network, add --insecure-http."
            )
        _check(profile, token)
        problem = _store(profiles.account(name, profile), token)
        profile = profile.model_copy(update={"ask_token": bool(problem)})
        profiles.change(lambda known: known.with_profile(name, profile))
        if before is not None and before.url != profile.url and not problem:
            with suppress(credentials.NoKeyringError):
                credentials.remove(profiles.account(name, before))  # it would never be used again
    except ProfileError as error:
        raise LoginError(str(error)) from None
    return Login(name, problem)


def _store(account: str, token: str) -> str:
    """Store a token; why that failed, empty if it did not."""
    try:
        credentials.store(account, token)
    except credentials.NoKeyringError as error:
        return str(error).rstrip(".")
    return ""


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
    """Delete a profile and its token."""
    try:
        profile = profiles.read().get(name)
        try:
            credentials.remove(profiles.account(name, profile))
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
        raise LoginError(f"{profile.url} does not accept this token. Ask for a new one.")
    if not answer.is_success:
        raise LoginError(f"{profile.url} answered {answer.status_code}: is it a registry?")
