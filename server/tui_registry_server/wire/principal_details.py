"""What the registry knows of a user or service principal, and what offboarding takes from it."""

from tui_registry_server.wire.fields import Entity, Milliseconds, RequestBody, Text
from tui_registry_server.wire.principal import PrincipalReference
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.token import PublicTokenInfo

MAX_LISTED = 100  # entries of each list; the counts are of all


class PrincipalId(RequestBody):
    id: Text


class HeldGrant(Entity):
    """A grant to a principal, or to one of its groups, then called ``group_name``.

    ``object_type`` is ``registered-model``, with its ``name`` unless it was deleted; ``registered-models`` for the
    whole registry; or ``tokens`` for creating tokens of one's own. ``built_in``: what members of ``admins`` have.
    """

    object_type: str
    name: str | None = None
    permission_level: str
    group_name: str | None = None
    built_in: bool = False


class OpenRequest(Entity):
    """A transition request of the principal."""

    name: str
    version: str
    to_stage: Stage
    creation_timestamp: Milliseconds


class PrincipalDetails(Entity):
    """groups: those that it is in directly, by name. grants: the highest level first.
    models: the names of those that were created under its name. requests: its open ones, newest first.
    tokens: those that have not expired, newest first.
    """

    principal: PrincipalReference
    groups: list[str] = []
    group_count: int
    grants: list[HeldGrant] = []
    grant_count: int
    models: list[str] = []
    model_count: int
    requests: list[OpenRequest] = []
    request_count: int
    tokens: list[PublicTokenInfo] = []
    token_count: int


class Offboard(PrincipalId):
    """``etag``: of a preview. If what it lists has changed since, nothing is done (409)."""

    etag: Text | None = None


class Offboarding(Entity):
    """What offboarding does: it deactivates the account, revokes its tokens and its own grants, cancels its open
    requests, and takes it out of its groups. Activities, comments, models and versions stay.

    deactivates: whether the account is active. token_count: of all its tokens.
    unmanaged_models: those that only members of ``admins`` can manage afterwards.
    etag: identifies all of it.
    """

    principal: PrincipalReference
    deactivates: bool
    token_count: int
    groups: list[str] = []
    group_count: int
    grants: list[HeldGrant] = []
    grant_count: int
    requests: list[OpenRequest] = []
    request_count: int
    unmanaged_models: list[str] = []
    unmanaged_model_count: int
    etag: str
