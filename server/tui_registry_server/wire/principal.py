"""Users, groups and service principals, as answers about permissions name them."""

from enum import StrEnum

from tui_registry_server.wire.fields import Entity

ADMINS = "admins"
"""The group whose members manage everything. It cannot be deleted, nor its rights taken away."""

USERS = "users"
"""The group that every user and service principal is in, without being listed as a member."""


class PrincipalKind(StrEnum):
    USER = "user"
    GROUP = "group"
    SERVICE_PRINCIPAL = "service_principal"


PREFIXES = {
    "user": PrincipalKind.USER,
    "group": PrincipalKind.GROUP,
    "service": PrincipalKind.SERVICE_PRINCIPAL,
}
"""What is written before a colon and a name, where several kinds are possible. No name has a colon."""


class PrincipalReference(Entity):
    """``name`` is a user's name, a group's, or a service principal's application id. Tokens of one that is not
    ``active`` are not accepted."""

    id: str
    kind: PrincipalKind
    name: str
    display_name: str | None = None
    active: bool = True
