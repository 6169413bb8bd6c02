"""Attributes of SCIM's core users and groups (RFC 7643, 4.1 and 4.2) that are ignored.

Their schemas describe them as read-only, which are ignored in what is sent (RFC 7644, 3.3), and never returned. Clients
that build users from the schemas, as canaille's, cannot build one whose attributes are not described.
"""

from collections.abc import Iterable, Mapping

from tui_registry_server.wire.scim import GROUP_SCHEMA, USER_SCHEMA
from tui_registry_server.wire.scim_discovery import Schema, SchemaAttribute
from tui_registry_server.wire.scim_traits import NEVER, READ_ONLY

_IGNORED = "Ignored: it is not kept."

_VALUE = ("value", "display", "type", "primary")
_ADDRESS = ("formatted", "streetAddress", "locality", "region", "postalCode", "country", "type")

_PARTS: Mapping[tuple[str, str], tuple[str, ...]] = {
    (USER_SCHEMA, "name"): ("formatted", "middleName", "honorificPrefix", "honorificSuffix"),
    (GROUP_SCHEMA, "members"): ("type",),
}
"""Parts of attributes that are kept."""

_SINGLE: Mapping[str, tuple[str, ...]] = {
    USER_SCHEMA: ("nickName", "profileUrl", "title", "userType", "preferredLanguage", "locale", "timezone", "password")
}
_LISTED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    USER_SCHEMA: {
        "phoneNumbers": _VALUE,
        "ims": _VALUE,
        "photos": _VALUE,
        "addresses": _ADDRESS,
        "x509Certificates": _VALUE,
    }
}
"""With the parts of each value."""

_TYPES = {
    "profileUrl": "reference",
    "primary": "boolean",
    "photos.value": "reference",
    "x509Certificates.value": "binary",
}
"""Those that are not strings, by name or by path."""


def with_ignored(schema: Schema) -> Schema:
    """The schema of a resource, with what is ignored."""
    kept = [
        each.model_copy(update={"sub_attributes": [*each.sub_attributes, *_plain(_PARTS[schema.id, each.name])]})
        if (schema.id, each.name) in _PARTS
        else each
        for each in schema.attributes
    ]
    listed = (_attribute(name, "complex", _plain(parts, of=name)) for name, parts in _LISTED.get(schema.id, {}).items())
    return schema.model_copy(update={"attributes": [*kept, *_plain(_SINGLE.get(schema.id, ())), *listed]})


def _plain(names: Iterable[str], of: str = "") -> list[SchemaAttribute]:
    return [_attribute(name, _TYPES.get(f"{of}.{name}") or _TYPES.get(name) or "string") for name in names]


def _attribute(name: str, kind: str, parts: list[SchemaAttribute] | None = None) -> SchemaAttribute:
    return SchemaAttribute(
        name=name,
        type=kind,
        multi_valued=parts is not None,
        description=_IGNORED,
        required=False,
        case_exact={"string": False, "reference": True, "binary": True}.get(kind),
        mutability=READ_ONLY,
        returned=NEVER,
        uniqueness="none",
        reference_types=["external"] if kind == "reference" else [],
        sub_attributes=parts or [],
    )
