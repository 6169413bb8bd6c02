"""The characteristics of attributes in SCIM's schemas (RFC 7643, 2.2), as annotations of the fields of wire models."""

from dataclasses import dataclass

READ_WRITE, READ_ONLY, IMMUTABLE = "readWrite", "readOnly", "immutable"
NEVER = "never"
"""Of ``returned``."""


@dataclass(frozen=True, slots=True)
class Trait:
    """parts: the sub-attributes of a complex attribute, if not all of its model.
    of_parts: their mutability, if it differs from the attribute's; ``read_only`` are those that cannot be set.
    references: the resource types that a URL can refer to."""

    mutability: str = READ_WRITE
    required: bool = False
    returned: str = "default"
    uniqueness: str = "none"
    case_exact: bool = False
    parts: tuple[str, ...] = ()
    of_parts: str = ""
    read_only: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
