"""Principals: users, groups and service principals, which levels can be granted to."""

from dataclasses import dataclass

from tui_registry_server.wire.permission import AccessControl, AccessControlRequest
from tui_registry_server.wire.principal import ADMINS, PREFIXES, PrincipalKind, PrincipalReference

FIELDS = {
    PrincipalKind.USER: "user_name",
    PrincipalKind.GROUP: "group_name",
    PrincipalKind.SERVICE_PRINCIPAL: "service_principal_name",
}
"""The API's fields for the name of a principal in an access control list."""

_PREFIXES = {kind: prefix for prefix, kind in PREFIXES.items()}


def noun(kind: PrincipalKind) -> str:
    """The kind in words."""
    return kind.value.replace("_", " ")


@dataclass(frozen=True, slots=True, order=True)
class Principal:
    """``name`` is a user's name, a group's, or a service principal's application id."""

    kind: PrincipalKind
    name: str

    @classmethod
    def of(cls, reference: PrincipalReference) -> "Principal":
        return cls(reference.kind, reference.name)

    @classmethod
    def of_entry(cls, entry: AccessControl) -> "Principal":
        """The principal of an entry; a service principal without a name, if the entry has none of the known fields."""
        for kind, name in FIELDS.items():
            if getattr(entry, name) is not None:
                return cls(kind, getattr(entry, name))
        return cls(PrincipalKind.SERVICE_PRINCIPAL, "")

    @property
    def prefix(self) -> str:
        """The kind in an address, before the colon."""
        return _PREFIXES[self.kind]

    @property
    def address(self) -> str:
        """The name with its kind, for input where several kinds are possible."""
        return f"{self.prefix}:{self.name}"

    def entry(self, level: str) -> AccessControlRequest:
        """A grant to it, as an entry of a request."""
        return AccessControlRequest.model_validate({FIELDS[self.kind]: self.name, "permission_level": level})

    def __str__(self) -> str:
        return self.name if self.kind is PrincipalKind.USER else f"{noun(self.kind)} {self.name}"


ADMINISTRATORS = Principal(PrincipalKind.GROUP, ADMINS)
"""The built-in group whose members can manage everything."""
