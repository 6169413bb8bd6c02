"""SCIM's schemas (RFC 7643, 7), generated from the wire's models."""

from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tui_registry_server.rules.scim_ignored import with_ignored
from tui_registry_server.rules.scim_resources import GROUP, SERVICE_PRINCIPAL, USER, Resource
from tui_registry_server.wire.scim import Group, ServicePrincipal, User
from tui_registry_server.wire.scim_discovery import (
    CONFIG_SCHEMA,
    RESOURCE_TYPE_SCHEMA,
    SCHEMA_SCHEMA,
    ResourceType,
    Schema,
    SchemaAttribute,
    ServiceProviderConfig,
)
from tui_registry_server.wire.scim_traits import READ_ONLY, Trait

COMMON = frozenset({"schemas", "id", "externalId", "meta"})
"""Attributes of every resource, which schemas omit (RFC 7643, 3.1)."""

MODELS: tuple[tuple[Resource, type[BaseModel]], ...] = (
    (USER, User),
    (GROUP, Group),
    (SERVICE_PRINCIPAL, ServicePrincipal),
)
DEPTH = 3
"""The maximum nesting of attributes: SchemaAttribute is recursive."""

_TYPES = {str: "string", bool: "boolean", int: "integer"}
_DATETIMES = frozenset({"created", "lastModified"})


def all_schemas() -> list[Schema]:
    """The schemas of the resources, and of the discovery endpoints."""
    SchemaAttribute.model_rebuild()  # it is recursive
    return [
        *(with_ignored(_schema(resource.schema, resource.type, model, COMMON)) for resource, model in MODELS),
        _schema(CONFIG_SCHEMA, "ServiceProviderConfig", ServiceProviderConfig, COMMON),
        _schema(RESOURCE_TYPE_SCHEMA, "ResourceType", ResourceType, COMMON - {"id"}),
        _schema(SCHEMA_SCHEMA, "Schema", Schema, COMMON - {"id"}),
    ]


def _schema(urn: str, name: str, model: type[BaseModel], omitted: frozenset[str]) -> Schema:
    attributes = [each for each in _attributes(model, Trait()) if each.name not in omitted]
    return Schema(id=urn, name=name, description=(model.__doc__ or "").split(".")[0], attributes=attributes)


def _attributes(model: type[BaseModel], parent: Trait, depth: int = DEPTH) -> list[SchemaAttribute]:
    """``parent``: the traits of the attribute that these are parts of."""
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    attributes = (_attribute(name, fields[name], parent, depth) for name in parent.parts or fields)
    return [each for each in attributes if depth > 1 or each.type != "complex"]


def _attribute(name: str, field: FieldInfo, parent: Trait, depth: int) -> SchemaAttribute:
    own = next((each for each in field.metadata if isinstance(each, Trait)), None)
    inherited = READ_ONLY if name in parent.read_only else parent.of_parts or parent.mutability
    trait = own or Trait(inherited)
    kind, many = _kind(field.annotation)
    has_parts = issubclass(kind, BaseModel)
    reference = bool(trait.references) or name == "$ref"
    return SchemaAttribute(
        name=name,
        type="complex" if has_parts else "reference" if reference else _type(name, kind),
        multi_valued=many,
        description=field.description,
        required=trait.required,
        case_exact=trait.case_exact or reference if kind is str else None,
        mutability=trait.mutability,
        returned=trait.returned,
        uniqueness=trait.uniqueness,
        reference_types=list(trait.references) or ([each.type for each, _ in MODELS] if reference else []),
        sub_attributes=_attributes(kind, trait, depth - 1) if has_parts and depth > 1 else [],
    )


def _type(name: str, kind: type) -> str:
    return "dateTime" if name in _DATETIMES else _TYPES[kind]


def _kind(annotation: Any) -> tuple[type, bool]:
    """The type of a field's value or values, and whether it is a list."""
    if get_origin(annotation) is Annotated:
        return _kind(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return _kind(next(each for each in get_args(annotation) if each is not NoneType))
    if get_origin(annotation) is list:
        return _kind(get_args(annotation)[0])[0], True
    return annotation, False
