"""Principals: who calls. Users, service principals and groups share one space of ids."""

from dataclasses import dataclass
from enum import StrEnum

from server.rules.permissions import Level


class PrincipalKind(StrEnum):
    USER = "user"
    GROUP = "group"
    SERVICE_PRINCIPAL = "service_principal"


ADMINS = "admins"
"""The group whose members manage everything. It cannot be deleted, nor its rights taken away."""

USERS = "users"
"""The group that every user and service principal is in, without being listed as a member."""

ROOT = "root"
"""The id of the registry-wide object: its grants hold on every model."""

TOKENS = "tokens"
"""The id of the token settings: a grant there lets a principal use tokens."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of a request, as its token proved.

    identities: ids of the caller and of every group they are in, directly or through groups.
    root_level: their level on the registry-wide object; MANAGE for admins.
    """

    id: str
    name: str
    kind: PrincipalKind
    token_id: str
    identities: tuple[str, ...]
    root_level: Level
    admin: bool
