"""Logging in to a registry and out of it again."""

from urllib.parse import urlsplit

from pydantic import ValidationError

from tui_registry.session import credentials, profiles
from tui_registry.session.profiles import Profile


class LoginError(Exception):
    """Its text says what to do."""


def login(url: str, name: str | None, token: str) -> str:
    """Check a token with the registry, keep it in the keyring, and remember the profile; the profile's name.

    The first profile becomes the default.
    """
    import httpx

    from tui_registry.client.transport import authorization

    if not token:
        raise LoginError("No token was given.")
    try:
        profile = Profile(url=url)
    except ValidationError:
        raise LoginError(f"'{url}' is not a URL: it must begin with http:// or https://.") from None
    try:
        answer = httpx.get(
            f"{profile.url}/api/2.0/preview/scim/v2/Me", headers={"Authorization": authorization(token)}, timeout=15.0
        )
    except httpx.TransportError as error:
        raise LoginError(f"{profile.url} cannot be reached: {error}") from None
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise LoginError(f"{profile.url} does not accept this token. Ask for a new one.")
    if not answer.is_success:
        raise LoginError(f"{profile.url} answered {answer.status_code}: is it a registry?")
    name = name or urlsplit(profile.url).netloc
    try:
        known = profiles.read()
        credentials.store(profiles.account(name, profile), token)
        profiles.write(
            known.model_copy(
                update={"profiles": known.profiles | {name: profile}, "default": known.default or name},
            )
        )
    except profiles.ProfileError as error:
        raise LoginError(str(error)) from None
    except credentials.NoKeyringError as error:
        remedies = "\n".join(f"  - {remedy}" for remedy in credentials.REMEDIES)
        raise LoginError(f"The token cannot be kept: {error}. What you can do instead:\n{remedies}") from None
    return name


def logout(name: str) -> None:
    """Forget a profile and its token."""
    try:
        known = profiles.read()
        profile = known.get(name)
        credentials.remove(profiles.account(name, profile))
        rest = {each: kept for each, kept in known.profiles.items() if each != name}
        default = known.default if known.default != name else next(iter(sorted(rest)), None)
        profiles.write(known.model_copy(update={"profiles": rest, "default": default}))
    except profiles.ProfileError as error:
        raise LoginError(str(error)) from None
    except credentials.NoKeyringError as error:
        raise LoginError(f"The token could not be removed from the keyring: {error}.") from None
