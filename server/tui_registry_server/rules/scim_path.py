"""Paths of PATCH (RFC 7644, 3.5.2): an attribute, a part of one, or the values of a list that match a filter.

    path      = [ schema ":" ] attribute [ "." part ] | [ schema ":" ] list "[" filter "]" [ "." part ]

Names are case-insensitive. Paths of attributes that are not stored, such as ``phoneNumbers[type eq "work"].value`` or
those of another schema, are only checked for their syntax.
"""

import re
from dataclasses import dataclass

from tui_registry_server.rules.errors import InvalidPath
from tui_registry_server.rules.scim_filter import Filter, read_filter
from tui_registry_server.rules.scim_resources import ANY_ATTRIBUTE, Attribute, Kind, Resource

_PATH = re.compile(
    r"""(?:(?P<schema>urn:[\w.:\-]+):)?
        (?P<top>[a-z$][\w$\-]*)
        (?:\.(?P<part>[a-z$][\w$\-]*) | \[(?P<filter>.*)\](?:\.(?P<chosen>[a-z$][\w$\-]*))?)?""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """A read-only attribute."""

    top: str


@dataclass(frozen=True, slots=True)
class Single:
    attribute: Attribute


@dataclass(frozen=True, slots=True)
class Whole:
    """All parts of a complex attribute, such as ``name``."""

    top: str


@dataclass(frozen=True, slots=True)
class Listed:
    """Values of a list: those that match a filter, or all. ``part``: a part of them; empty for the whole values."""

    top: str
    kind: Kind
    where: Filter | None = None
    part: str = ""


def read_path(text: str, resource: Resource) -> ReadOnly | Single | Whole | Listed | None:
    """Parse a path; None if the attribute is not stored. Raises InvalidPath and InvalidFilter."""
    match = _PATH.fullmatch(text)
    if match is None or (match["filter"] is not None and not match["filter"].strip()):
        raise InvalidPath(
            f"path '{text[:100]}' is invalid. Give an attribute, such as displayName or name.givenName, or values of "
            'a list, such as members[value eq "123"].'
        )
    vocabulary, top, condition = resource.vocabulary, match["top"].lower(), match["filter"]
    stored = not match["schema"] or match["schema"].lower() == vocabulary.schema.lower()
    if stored and (read_only := next((name for name in resource.read_only if name.lower() == top), None)):
        return ReadOnly(read_only)
    parts = vocabulary.parts(top)
    if not stored or parts is None:
        if condition is not None:
            read_filter(condition, ANY_ATTRIBUTE)
        if not stored:
            return None
        attribute = vocabulary.attribute(f"{top}.{match['part']}" if match["part"] else top)
        whole = next((each.top for each in vocabulary.attributes.values() if each.top.lower() == top), None)
        if condition is not None and whole:
            raise InvalidPath(f"path '{text[:100]}' has a filter on '{whole}', which is not a list.")
        return Single(attribute) if attribute else Whole(whole) if whole and not match["part"] else None
    attribute = vocabulary.attribute(f"{top}.{match['part'] or match['chosen'] or 'value'}")
    where = None if condition is None else read_filter(condition, parts)
    if attribute is None:
        return None
    part = attribute.part if match["chosen"] or attribute.part != "value" else ""
    return Listed(attribute.top, attribute.kind, where, part)
