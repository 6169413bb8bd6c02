"""People of an OpenID provider: the claims of a checked token, and how the registry takes them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tui_registry_server.rules.errors import InvalidParameterValue, Unauthenticated
from tui_registry_server.rules.principals import check_name
from tui_registry_server.wire.error import REFUSED
from tui_registry_server.wire.names import name_key
from tui_registry_server.wire.principal import ADMINS, USERS

MAX_GROUPS = 1000  # of a token: providers cut the list at 200, or say where to ask for it

_URL = re.compile(r"https?://[!-~]{1,2000}", re.ASCII)


class UserClaim(StrEnum):
    """The claim that is a user's name."""

    EMAIL = "email"
    PREFERRED_USERNAME = "preferred_username"
    SUB = "sub"


class Provisioning(StrEnum):
    """Who makes users and groups: their first sign-in, or only SCIM."""

    SIGN_IN = "sign-in"
    SCIM = "scim"


@dataclass(frozen=True, slots=True)
class ClaimPolicy:
    """What is taken from claims. ``admin_group``: the provider's group whose members are in ``admins``; a group of the
    provider that happens to have the name of a built-in group gives nothing."""

    issuer: str
    user_claim: UserClaim = UserClaim.EMAIL
    groups_claim: str = "groups"
    provisioning: Provisioning = Provisioning.SIGN_IN
    admin_group: str | None = None


class Person(NamedTuple):
    """Whom a checked token is of. Times are milliseconds since the epoch; ``groups`` are names of the registry's."""

    name: str
    display_name: str | None
    email: str | None
    groups: frozenset[str]
    issued: int
    expiry: int


def person(claims: Mapping[str, Any], policy: ClaimPolicy) -> Person:
    """Raises Unauthenticated, with a reason, if the claims name nobody."""
    name = claims.get(policy.user_claim.value)
    if not isinstance(name, str) or not name:
        raise Unauthenticated(f"{REFUSED} it has no claim '{policy.user_claim}', which is the user's name here.")
    if policy.user_claim is UserClaim.EMAIL and claims.get("email_verified") is False:
        raise Unauthenticated(f"{REFUSED} the provider has not verified the e-mail address, which is the name here.")
    if not _is_name(name):
        raise Unauthenticated(f"{REFUSED} its claim '{policy.user_claim}' cannot be a user's name here.")
    email, display_name = claims.get("email"), claims.get("name")
    return Person(
        name,
        display_name if isinstance(display_name, str) and display_name.isprintable() else None,
        email if isinstance(email, str) and email.isprintable() and len(email) <= 320 else None,
        _groups(claims, policy),
        round(claims["iat"] * 1000),
        round(claims["exp"] * 1000),
    )


def _groups(claims: Mapping[str, Any], policy: ClaimPolicy) -> frozenset[str]:
    """A token without the claim is of somebody in no groups: providers leave it out then. What cannot be a group's name
    here is left out, too."""
    elsewhere = claims.get("_claim_names")
    if isinstance(elsewhere, Mapping) and policy.groups_claim in elsewhere:
        raise Unauthenticated(
            f"{REFUSED} its user is in more groups than fit into it. Configure the provider to send only the groups "
            "that are assigned to this application."
        )
    given = claims.get(policy.groups_claim, [])
    given = [given] if isinstance(given, str) else given
    if not isinstance(given, list) or len(given) > MAX_GROUPS:
        raise Unauthenticated(f"{REFUSED} its claim '{policy.groups_claim}' is not a list of at most {MAX_GROUPS}.")
    names = {each for each in given if isinstance(each, str)}
    mapped = {ADMINS} if policy.admin_group in names else set()
    others = names - {policy.admin_group}
    return frozenset(mapped | {each for each in others if name_key(each) not in (ADMINS, USERS) and _is_name(each)})


def _is_name(text: str) -> bool:
    try:
        check_name(text)
    except InvalidParameterValue:
        return False
    return True


def check_issuer(url: str) -> str:
    """The URL, if tokens and keys from there can be trusted: with TLS, or on this machine. Raises
    InvalidParameterValue."""
    if not is_trusted(url) or urlsplit(url).query or urlsplit(url).fragment:
        raise InvalidParameterValue(
            f"'{url[:200]}' is not the issuer of an OpenID provider. Give the URL that its tokens name as 'iss', such "
            "as https://login.example.com/realms/main; it must be https, unless it is on this machine."
        )
    return url


def is_trusted(url: str) -> bool:
    """Whether what is fetched from a URL comes from there: with TLS, or on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if not _URL.fullmatch(url) or not host or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
