"""Principals: users, service principals and groups. They share one space of ids."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from tui_registry_server.rules.errors import InvalidParameterValue, ResourceDoesNotExist
from tui_registry_server.rules.permissions import Level
from tui_registry_server.wire.principal import PREFIXES, PrincipalKind

ROOT = "root"
"""The id of the registry-wide object: its grants apply to every model of the default workspace. That of another
workspace has the workspace's own id: see root_of."""

DEFAULT_WORKSPACE = ""
"""The id of the default workspace, in which everything is that names no other one."""

TOKENS = "tokens"
"""The id of the token settings: a grant there lets a principal use tokens."""

MAX_NAME = 256  # characters
MAX_ADDRESS = 300  # characters of a kind and a name


def new_id() -> str:
    """A random id of 16 digits, the first of which is not 0. Databricks' clients parse the ids of tokens' owners as
    integers, which JavaScript represents exactly up to this size."""
    return str(secrets.randbelow(8 * 10**15) + 10**15)


def check_name(name: str) -> str:
    """Returns the name, if it is valid for a principal."""
    if not name.strip() or name != name.strip():
        raise InvalidParameterValue("A user's or group's name cannot be empty, nor begin or end with a space.")
    if len(name) > MAX_NAME:
        raise InvalidParameterValue(f"A user's or group's name has at most {MAX_NAME} characters.")
    if not name.isprintable() or ":" in name:
        raise InvalidParameterValue(f"The name {name!r} has a colon or a non-printable character; leave it out.")
    return name


def parse_address(text: str) -> tuple[Sequence[PrincipalKind], str]:
    """The kinds that may be meant, and the name: of ``group:ops`` or, for any kind, ``ops``."""
    if len(text) > MAX_ADDRESS:
        raise InvalidParameterValue(f"A principal has at most {MAX_ADDRESS} characters.")
    prefix, colon, name = text.partition(":")
    if not colon:
        return tuple(PrincipalKind), text.strip()
    kind = PREFIXES.get(prefix.strip().casefold())
    if kind is None:
        ways = ", ".join(f"{each}:NAME" for each in PREFIXES)
        raise InvalidParameterValue(f"Write a principal as {ways}, or as its name alone: no name has a colon.")
    return (kind,), name.strip()


def address(kind: PrincipalKind, name: str) -> str:
    """What to write for a principal."""
    prefix = next(prefix for prefix, meant in PREFIXES.items() if meant is kind)
    return f"{prefix}:{name}"


@dataclass(frozen=True, slots=True)
class Principal:
    """The authenticated caller of a request.

    identities: ids of the caller and of every group they are in, directly or through groups.
    root_level: their level on the registry-wide object of the workspace; MANAGE for admins.
    token_expiry: milliseconds since the epoch; None for never.
    revision: the identity counter (store.counters) when this was read: current as long as the counter is the same.
    workspace_id: the workspace that the request is about, whose models alone it can see and change.
    workspace_name: what the request called that, if it is not the default one.
    open_to_all: of a group, whether everybody may use the workspace. No group is in ``users``, but whoever is in a
        group is.
    only_workspace: whether there is no other one.
    issuer: the OpenID provider that issued the token; empty for the registry's own tokens. Nothing of it is stored,
        and ``token_id`` is a part of its digest.
    """

    id: str
    name: str
    kind: PrincipalKind
    token_id: str
    identities: tuple[str, ...]
    root_level: Level
    admin: bool
    token_expiry: int | None = None
    revision: int = 0
    issuer: str = ""
    workspace_id: str = DEFAULT_WORKSPACE
    workspace_name: str = ""
    open_to_all: bool = False
    only_workspace: bool = True

    @property
    def is_member(self) -> bool:
        """Whether they may use their workspace at all: the default one is everybody's, another one theirs who have a
        level on it. What they were granted on models in it counts only then: see also store.workspace_access."""
        return self.workspace_id == DEFAULT_WORKSPACE or self.root_level > Level.NONE or self.open_to_all

    @property
    def root_id(self) -> str:
        """The id of the registry-wide object of their workspace."""
        return root_of(self.workspace_id)


def no_workspace(name: str) -> ResourceDoesNotExist:
    """The same error whether it does not exist or the caller may not use it."""
    return ResourceDoesNotExist(f"Workspace '{name[:100]}' not found")


def root_of(workspace_id: str) -> str:
    """The id of a workspace's registry-wide object, whose grants apply to each of its models."""
    return workspace_id or ROOT


SERVER = Principal(
    id="",
    name="tui-registry (server)",
    kind=PrincipalKind.SERVICE_PRINCIPAL,
    token_id="",
    identities=(),
    root_level=Level.MANAGE,
    admin=True,
)
"""The author of the changes that the server makes by itself."""
