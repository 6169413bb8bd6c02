"""What SCIM's schemas say of an attribute beside its type (RFC 7643, 2.2), as notes on the fields of wire models."""

from dataclasses import dataclass

READ_WRITE, READ_ONLY, IMMUTABLE = "readWrite", "readOnly", "immutable"


@dataclass(frozen=True, slots=True)
class Trait:
    """parts: of a complex attribute, the sub-attributes that its values have here, if not all of the model.
    of_parts: their mutability, if it is not the attribute's own; ``read_only`` are those that nobody sets.
    references: what kinds of thing a URL points to."""

    mutability: str = READ_WRITE
    required: bool = False
    returned: str = "default"
    uniqueness: str = "none"
    case_exact: bool = False
    parts: tuple[str, ...] = ()
    of_parts: str = ""
    read_only: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
