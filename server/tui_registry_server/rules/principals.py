"""Principals: users, service principals and groups. They share one space of ids."""

import secrets
from dataclasses import dataclass
from enum import StrEnum

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.permissions import Level


class PrincipalKind(StrEnum):
    USER = "user"
    GROUP = "group"
    SERVICE_PRINCIPAL = "service_principal"


ADMINS = "admins"
"""The group whose members manage everything. It cannot be deleted, nor its permissions revoked."""

USERS = "users"
"""The group of all users and service principals, who are not listed as members."""

ROOT = "root"
"""The id of the registry-wide object: its grants apply to every model."""

TOKENS = "tokens"
"""The id of the token settings: a grant there lets a principal use tokens."""

MAX_NAME = 256  # characters


def new_id() -> str:
    """A random id of 16 digits, the first of which is not 0. Databricks' clients parse the ids of tokens' owners as
    integers, which JavaScript represents exactly up to this size."""
    return str(secrets.randbelow(8 * 10**15) + 10**15)


def check_name(name: str) -> str:
    """Returns the name, if it is valid for a principal."""
    if not name.strip() or name != name.strip():
        raise InvalidParameterValue("A user's or group's name cannot be empty, nor begin or end with a space.")
    if len(name) > MAX_NAME:
        raise InvalidParameterValue(f"A user's or group's name has at most {MAX_NAME} characters.")
    if not name.isprintable() or ":" in name:
        raise InvalidParameterValue(f"The name {name!r} has a colon or a non-printable character; leave it out.")
    return name


@dataclass(frozen=True, slots=True)
class Principal:
    """The authenticated caller of a request.

    identities: ids of the caller and of every group they are in, directly or through groups.
    root_level: their level on the registry-wide object; MANAGE for admins.
    token_expiry: milliseconds since the epoch; None for never.
    revision: the identity counter (store.counters) when this was read: current as long as the counter is the same.
    """

    id: str
    name: str
    kind: PrincipalKind
    token_id: str
    identities: tuple[str, ...]
    root_level: Level
    admin: bool
    token_expiry: int | None = None
    revision: int = 0
