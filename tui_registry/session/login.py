"""Logging in to a registry and out of it again, and what a profile says besides."""

from typing import Any
from urllib.parse import urlsplit

from tui_registry.client.access_token import BLANKS, TokenError, clean
from tui_registry.client.endpoint import Endpoint, EndpointError
from tui_registry.client.trust import TrustError, can_be_overheard, trusted
from tui_registry.session import credentials, profiles
from tui_registry.session.profiles import Profile, ProfileError


class LoginError(Exception):
    """Its text says what to do."""


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
) -> str:
    """Check a token with the registry, keep it in the keyring, and remember the profile; the profile's name.

    What is None stays as the profile of that name has it, and what is empty is taken away; but that the token may be
    sent in the open holds for the URL it was said of. The first profile becomes the default.
    """
    try:
        token = clean(token, "What was given")
    except TokenError as error:
        raise LoginError(str(error)) from None
    if not token:
        raise LoginError("No token was given.")
    try:
        address = profiles.checked({"url": url.strip(BLANKS)}).url
    except ProfileError:
        raise LoginError(f"'{url}' is not a registry's URL: it must begin with http:// or https://.") from None
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
        if can_be_overheard(profile.url) and not profile.insecure_http:
            raise LoginError(
                f"{profile.url} is plain http: whoever can read the network could read your token. Nothing was sent. "
                "Use its https:// URL, if it has one; if the network is your own, add --insecure-http."
            )
        _check(profile, token)
        credentials.store(profiles.account(name, profile), token)
        profiles.write(known.having(name, profile))
        if before is not None and before.url != profile.url:
            credentials.remove(profiles.account(name, before))  # nobody would find it there any more
    except ProfileError as error:
        raise LoginError(str(error)) from None
    except credentials.NoKeyringError as error:
        remedies = "\n".join(f"  - {remedy}" for remedy in credentials.REMEDIES)
        raise LoginError(f"The token cannot be kept: {error}. What you can do instead:\n{remedies}") from None
    return name


def change(name: str, **particulars: Any) -> Profile:
    """Change what a profile says besides its URL, as ``login`` takes it. What is None stays, and what is empty is taken
    away.

    Raises ProfileError."""
    known = profiles.read()
    profile = _with(known.get(name), {}, **particulars)
    try:
        trusted(profile.url, profile.ca)
    except TrustError as error:
        raise ProfileError(str(error)) from None
    profiles.write(known.model_copy(update={"profiles": known.profiles | {name: profile}}))
    return profile


def make_default(name: str) -> None:
    """Open this profile when none is named. Raises ProfileError."""
    known = profiles.read()
    known.get(name)
    profiles.write(known.model_copy(update={"default": name}))


def logout(name: str) -> None:
    """Forget a profile and its token."""
    try:
        known = profiles.read()
        profile = known.get(name)
        credentials.remove(profiles.account(name, profile))
        rest = {each: kept for each, kept in known.profiles.items() if each != name}
        default = known.default if known.default != name else next(iter(sorted(rest)), None)
        profiles.write(known.model_copy(update={"profiles": rest, "default": default}))
    except ProfileError as error:
        raise LoginError(str(error)) from None
    except credentials.NoKeyringError as error:
        raise LoginError(f"The token could not be removed from the keyring: {error}.") from None


def _with(before: Profile | None, content: dict[str, Any], **changes: Any) -> Profile:
    given = {field: value for field, value in changes.items() if value is not None}
    cleared = {field: None if value == "" else value for field, value in given.items()}
    return profiles.checked((before.model_dump() if before else {}) | content | cleared)


def _check(profile: Profile, token: str) -> None:
    """Raises LoginError unless a registry is there and accepts the token."""
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
