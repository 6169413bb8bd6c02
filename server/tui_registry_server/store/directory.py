"""Users, groups and service principals as SCIM documents: one, or a filtered and sorted page of them."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    String,
    Text,
    and_,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)

from tui_registry_server.rules.scim_filter import Filter
from tui_registry_server.rules.scim_resources import GROUP, RESOURCES, USER, Attribute, AttributeSelection, Resource
from tui_registry_server.store.dialects import array, document, parsed, rendered, rfc3339, text
from tui_registry_server.store.directory_filters import Columns, condition
from tui_registry_server.store.tables import memberships, principals
from tui_registry_server.wire.principal import USERS, PrincipalKind


def _direct_groups() -> FromClause:
    """Ids of the groups that the principal of the outer row is in, including ``users``, which has no memberships."""
    everyone = principals.alias("everyone")
    return union_all(
        select(memberships.c.group_id.label("id"))
        .where(memberships.c.member_id == principals.c.id)
        .correlate(principals),
        select(everyone.c.id)
        .where(everyone.c.kind == literal(PrincipalKind.GROUP.value), everyone.c.name_key == literal(USERS))
        .where(principals.c.kind != literal(PrincipalKind.GROUP.value))
        .correlate(principals),
    ).subquery("direct_groups")


def _all_groups() -> Select[Any]:
    """The groups of the principal of the outer row, as complex values, by name."""
    direct = _direct_groups()
    ids = select(direct.c.id, literal_column("1").label("direct")).cte("group_ids", recursive=True, nesting=True)
    ids = ids.union(select(memberships.c.group_id, literal_column("0")).join(ids, memberships.c.member_id == ids.c.id))
    group = principals.alias("group_of_principal")
    each = (
        select(group.c.id, group.c.name, group.c.name_key, func.max(ids.c.direct).label("direct"))
        .select_from(ids)
        .join(group, group.c.id == ids.c.id)
        .group_by(group.c.id, group.c.name, group.c.name_key)
        .subquery("each_group")
    )
    kind = case((each.c.direct == literal_column("1"), literal_column("'direct'")), else_=literal_column("'indirect'"))
    reference: ColumnElement[Any] = literal_column("'Groups/'") + each.c.id
    return select(document(**{"display": each.c.name, "value": each.c.id, "type": kind, "$ref": reference})).order_by(
        each.c.name_key
    )


def _members_of_group() -> Select[Any]:
    """The direct members of the group of the outer row, as complex values, by name."""
    member = principals.alias("member")
    reference = case({kind.value: f"{each.plural}/" for kind, each in RESOURCES.items()}, value=member.c.kind)
    return (
        select(
            document(
                **{
                    "display": func.coalesce(member.c.display_name, member.c.name),
                    "value": member.c.id,
                    "$ref": reference + member.c.id,
                }
            )
        )
        .join_from(memberships, member, member.c.id == memberships.c.member_id)
        .where(memberships.c.group_id == principals.c.id)
        .order_by(func.lower(func.coalesce(member.c.display_name, member.c.name)), member.c.id)
        .correlate(principals)
    )


def _named_groups() -> Select[Any]:
    """Rows (value, display) of the direct groups of the principal of the outer row; ``display`` is the name's key."""
    direct, group = _direct_groups(), principals.alias("direct_group")
    return select(group.c.id.label("value"), group.c.name_key.label("display")).join_from(
        direct, group, group.c.id == direct.c.id
    )


def _named_members() -> Select[Any]:
    """Rows (value, display) of the direct members of the group of the outer row."""
    member = principals.alias("direct_member")
    return (
        select(member.c.id.label("value"), func.coalesce(member.c.display_name, member.c.name).label("display"))
        .join_from(memberships, member, member.c.id == memberships.c.member_id)
        .where(memberships.c.group_id == principals.c.id)
        .correlate(principals)
    )


def _constant(value: object) -> ColumnElement[Any]:
    return parsed(literal(json.dumps(value), String()))


def _true_or_false(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return parsed(case((column, literal_column("'true'")), else_=literal_column("'false'")))


def version_of(last_updated_timestamp: int) -> str:
    """The version of a resource, as an ETag."""
    return f'W/"{last_updated_timestamp}"'


def _attributes(resource: Resource, root: str) -> Mapping[str, ColumnElement[Any]]:
    """The members of a resource's document. ``root``: the URL of the SCIM endpoints."""
    row = principals.c
    own = RESOURCES[resource.kind]  # differs from ``resource`` if the caller is a service principal, shown as a user
    name = document(givenName=row.given_name, familyName=row.family_name)
    return {
        "schemas": _constant([resource.schema]),
        "id": row.id,
        resource.name: row.name,
        **({} if resource is GROUP else {"displayName": row.display_name, "active": _true_or_false(row.active)}),
        **(
            {
                "name": parsed(case((or_(row.given_name.is_not(None), row.family_name.is_not(None)), rendered(name)))),
                "emails": parsed(row.emails),
            }
            if resource is USER
            else {}
        ),
        "externalId": row.external_id,
        "entitlements": parsed(row.entitlements),
        "roles": parsed(row.roles),
        "groups": array(_all_groups()),
        **({"members": array(_members_of_group())} if resource is GROUP else {}),
        "meta": document(
            resourceType=literal(own.type, String()),
            created=rfc3339(row.creation_timestamp),
            lastModified=rfc3339(row.last_updated_timestamp),
            location=literal(f"{root}/{own.plural}/", String()) + row.id,
            version=literal('W/"', String()) + text(row.last_updated_timestamp) + literal('"', String()),
        ),
    }


_COLUMNS: Columns = Columns(
    single={
        "id": principals.c.id,
        "displayName": principals.c.display_name,
        "externalId": principals.c.external_id,
        "active": principals.c.active,
        "name.givenName": principals.c.given_name,
        "name.familyName": principals.c.family_name,
        "userName": principals.c.name_key,
        "applicationId": principals.c.name_key,
        "meta.created": principals.c.creation_timestamp,
        "meta.lastModified": principals.c.last_updated_timestamp,
    },
    listed={
        "emails": principals.c.emails,
        "entitlements": principals.c.entitlements,
        "roles": principals.c.roles,
    },
    related={"groups": _named_groups, "members": _named_members},
)
_GROUP_COLUMNS = _COLUMNS._replace(single={**_COLUMNS.single, "displayName": principals.c.name_key})


def _columns(resource: Resource) -> Columns:
    return _GROUP_COLUMNS if resource is GROUP else _COLUMNS


def _document(resource: Resource, selection: AttributeSelection, root: str) -> ColumnElement[str]:
    attributes = _attributes(resource, root)
    return rendered(document(**{name: each for name, each in attributes.items() if selection.includes(name)}))


def read(
    connection: Connection, resource: Resource, principal_id: str, selection: AttributeSelection, root: str
) -> tuple[str, str] | None:
    """The resource with this id in JSON and its version, or None if it does not exist."""
    query = select(_document(resource, selection, root), principals.c.last_updated_timestamp).where(
        principals.c.id == principal_id, principals.c.kind == resource.kind.value
    )
    row = connection.execute(query).first()
    return None if row is None else (row[0], version_of(row[1]))


def count(connection: Connection, resource: Resource, filter_: Filter | None) -> int:
    """How many resources match a filter."""
    return connection.execute(
        select(func.count()).select_from(principals).where(*_where(resource, filter_))
    ).scalar_one()


def page(
    connection: Connection,
    resource: Resource,
    filter_: Filter | None,
    selection: AttributeSelection,
    root: str,
    *,
    order: Attribute | None,
    descending: bool,
    offset: int,
    limit: int,
) -> list[str]:
    """Resources that match a filter, each in JSON, sorted by name or by another attribute and the name.

    Resources without a value of that attribute come last, or, descending, first (RFC 7644, 3.4.2.3).
    """
    name = principals.c.name_key
    keys: list[ColumnElement[Any]] = [name.desc() if descending else name]
    if order is not None and (column := _columns(resource).single[order.path]) is not name:
        key = func.lower(column) if isinstance(column.type, Text) else column
        keys = [key.desc().nulls_first() if descending else key.asc().nulls_last(), name]
    # The rows of the page are selected first: PostgreSQL would assemble the documents of previous pages, too.
    ids = select(principals.c.id).where(*_where(resource, filter_)).order_by(*keys).limit(limit).offset(offset)
    query = select(_document(resource, selection, root)).where(principals.c.id.in_(ids.correlate(None)))
    return [row[0] for row in connection.execute(query.order_by(*keys))]


def _where(resource: Resource, filter_: Filter | None) -> list[ColumnElement[bool]]:
    of_kind = principals.c.kind == resource.kind.value
    return [of_kind] if filter_ is None else [and_(of_kind, condition(filter_, _columns(resource)))]
