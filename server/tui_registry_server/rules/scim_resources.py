"""The attributes of users, groups and service principals, for filters, sorting and changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.wire.principal import PrincipalKind
from tui_registry_server.wire.scim import GROUP_SCHEMA, SERVICE_PRINCIPAL_SCHEMA, USER_SCHEMA


class Kind(Enum):
    """How values compare. TEXT: case-insensitively (on SQLite, for A to Z only); EXACT: character by character; NAME:
    as principals' names do, see wire.names; DATETIME: as milliseconds since the epoch."""

    TEXT = auto()
    NAME = auto()
    EXACT = auto()
    BOOLEAN = auto()
    DATETIME = auto()


@dataclass(frozen=True, slots=True)
class Attribute:
    """``many``: a list of complex values; the path is a part of them, such as ``emails.value``."""

    path: str
    kind: Kind = Kind.TEXT
    many: bool = False

    @property
    def top(self) -> str:
        """The top-level attribute that it is, or is a part of."""
        return self.path.partition(".")[0]

    @property
    def part(self) -> str:
        """The name within the top-level attribute; empty for a top-level one."""
        return self.path.partition(".")[2]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The attributes of a filter by name in lower case. ``accepts_unknown``: unknown names are valid, as texts of
    attributes that are not stored."""

    attributes: Mapping[str, Attribute]
    schema: str = ""
    accepts_unknown: bool = False

    def attribute(self, path: str) -> Attribute | None:
        """The attribute of a path, with or without a schema prefix."""
        schema, _, bare = path.rpartition(":")
        if schema and schema.lower() != self.schema.lower():
            return Attribute(path) if self.accepts_unknown else None
        return self.attributes.get(bare.lower()) or (Attribute(bare) if self.accepts_unknown else None)

    def parts(self, top: str) -> "Vocabulary | None":
        """The attributes within one value of a list, as in ``emails[type eq "work"]``."""
        parts = {
            each.part.lower(): Attribute(each.part, each.kind)
            for each in self.attributes.values()
            if each.many and each.top.lower() == top.lower()
        }
        return Vocabulary(parts) if parts else self if self.accepts_unknown else None


ANY_ATTRIBUTE = Vocabulary({}, accepts_unknown=True)


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of resource. ``name``: the attribute with its unique name. ``private``: the attributes that only
    administrators and the principal itself can see. ``read_only``: those that nobody can change."""

    kind: PrincipalKind
    noun: str
    plural: str
    schema: str
    name: str
    vocabulary: Vocabulary
    read_only: frozenset[str] = frozenset({"id", "meta", "groups"})
    private: frozenset[str] = frozenset({"emails", "externalId", "entitlements", "roles"})

    @property
    def type(self) -> str:
        """The name of its resource type."""
        return self.plural.removesuffix("s")


def _by_path(*attributes: Attribute) -> Mapping[str, Attribute]:
    """The attributes by path in lower case; the name of a list alone is its ``value``."""
    named = {attribute.path.lower(): attribute for attribute in attributes}
    return named | {each.top.lower(): each for each in attributes if each.path.endswith(".value")}


def _list(top: str) -> tuple[Attribute, ...]:
    return (
        Attribute(f"{top}.value", many=True),
        Attribute(f"{top}.display", many=True),
        Attribute(f"{top}.type", many=True),
        Attribute(f"{top}.primary", Kind.BOOLEAN, many=True),
    )


_EVERY = (
    Attribute("id", Kind.EXACT),
    Attribute("displayName"),
    Attribute("externalId", Kind.EXACT),
    Attribute("groups.value", Kind.EXACT, many=True),
    Attribute("groups.display", Kind.NAME, many=True),
    *_list("entitlements"),
    *_list("roles"),
    Attribute("meta.created", Kind.DATETIME),
    Attribute("meta.lastModified", Kind.DATETIME),
)
_ACTIVE = Attribute("active", Kind.BOOLEAN)

USER = Resource(
    PrincipalKind.USER,
    "user",
    "Users",
    USER_SCHEMA,
    "userName",
    Vocabulary(
        _by_path(
            *_EVERY,
            _ACTIVE,
            Attribute("userName", Kind.NAME),
            Attribute("name.givenName"),
            Attribute("name.familyName"),
            *_list("emails"),
        ),
        USER_SCHEMA,
    ),
)
SERVICE_PRINCIPAL = Resource(
    PrincipalKind.SERVICE_PRINCIPAL,
    "service principal",
    "ServicePrincipals",
    SERVICE_PRINCIPAL_SCHEMA,
    "applicationId",
    Vocabulary(_by_path(*_EVERY, _ACTIVE, Attribute("applicationId", Kind.NAME)), SERVICE_PRINCIPAL_SCHEMA),
)
GROUP = Resource(
    PrincipalKind.GROUP,
    "group",
    "Groups",
    GROUP_SCHEMA,
    "displayName",
    Vocabulary(
        _by_path(
            *_EVERY,
            Attribute("displayName", Kind.NAME),
            Attribute("members.value", Kind.EXACT, many=True),
            Attribute("members.display", many=True),
        ),
        GROUP_SCHEMA,
    ),
)

RESOURCES: Mapping[PrincipalKind, Resource] = {each.kind: each for each in (USER, SERVICE_PRINCIPAL, GROUP)}

ALWAYS_SHOWN = frozenset({"schemas", "id"})


@dataclass(frozen=True, slots=True)
class AttributeSelection:
    """The attributes of an answer, by the parameters ``attributes`` and ``excludedAttributes``: comma-separated
    case-insensitive names, where a part such as ``name.givenName`` selects the whole. ``hidden`` are never included."""

    attributes: str = ""
    excluded: str = ""
    hidden: frozenset[str] = frozenset()

    def includes(self, attribute: str) -> bool:
        if attribute in ALWAYS_SHOWN:
            return True
        if attribute in self.hidden:
            return False
        requested, excluded = _names(self.attributes), _names(self.excluded)
        return (not requested or attribute.lower() in requested) and attribute.lower() not in excluded


def _names(listed: str) -> set[str]:
    paths = (path.strip().rpartition(":")[2] for path in listed.split(","))
    return {path.partition(".")[0].lower() for path in paths if path}


def sort_attribute(resource: Resource, sort_by: str, hidden: frozenset[str]) -> Attribute | None:
    """The attribute to sort by; None is the name. Raises InvalidParameterValue if it cannot be sorted by."""
    if not sort_by:
        return None
    attribute = resource.vocabulary.attribute(sort_by)
    if attribute is None or attribute.many or attribute.top in hidden:
        sortable = sorted(each.path for each in resource.vocabulary.attributes.values() if not each.many)
        raise InvalidParameterValue(f"sortBy cannot be '{sort_by[:100]}'. Use one of {', '.join(sortable)}.")
    return attribute
