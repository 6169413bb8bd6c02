"""What the registry knows of a user or service principal, and what offboarding takes from it."""

from pydantic import Field

from tui_registry_server.wire.fields import Entity, Integer, Milliseconds, RequestBody, Text
from tui_registry_server.wire.permission_reasons import GrantReason
from tui_registry_server.wire.principal import PrincipalReference
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.token import PublicTokenInfo

MAX_LISTED = 100  # entries of each list; the counts are of all
MAX_REASONS = 10  # grants on a model that explain one level on it


class PrincipalId(RequestBody):
    id: Text


class HeldGrant(Entity):
    """A grant to a principal, or to one of its groups, then called ``group_name``.

    ``object_type`` is ``registered-model``, with its ``name`` unless it was deleted; ``registered-models`` for the
    whole registry, or all of a workspace; or ``tokens`` for creating tokens of one's own. ``workspace``: the one that
    the object is of, if it is not the default one. ``built_in``: what members of ``admins`` have.
    """

    object_type: str
    name: str | None = None
    workspace: str | None = None
    permission_level: str
    group_name: str | None = None
    built_in: bool = False


class Membership(Entity):
    """A group that the principal is in: directly or, if not ``direct``, by being in the groups ``through``, from its
    own on."""

    name: str
    direct: bool
    through: list[str] = []


class OpenRequest(Entity):
    """A transition request of the principal. ``workspace``: the model's, if it is not the default one."""

    name: str
    workspace: str | None = None
    version: str
    to_stage: Stage
    creation_timestamp: Milliseconds


class PrincipalDetails(Entity):
    """groups: but for ``users``, which everybody is in; first those that it is in directly, each by name.
    grants: on the whole registry and on tokens, the highest level first; those on models: see PrincipalLevels.
    models: the names of those that were created under its name; prompts: those of them that are prompts.
    requests: its open ones, newest first. Of these, those that the caller may read.
    tokens: those that have not expired, newest first.
    """

    principal: PrincipalReference
    groups: list[Membership] = []
    group_count: int
    grants: list[HeldGrant] = []
    grant_count: int
    models: list[str] = []
    prompts: list[str] = []
    model_count: int
    requests: list[OpenRequest] = []
    request_count: int
    tokens: list[PublicTokenInfo] = []
    token_count: int


class ListPrincipalLevels(PrincipalId):
    """``name``: a part of the names of models, in any letter case. ``only_higher``: those models on which its level
    is higher than on the whole registry."""

    name: Text = ""
    only_higher: bool = False
    max_results: Integer = Field(default=100, ge=1, le=1000)
    page_token: Text = ""


class ModelLevel(Entity):
    """The level on a model, and the grants that give one there, the highest first; of those that were made on the model
    itself the first MAX_REASONS. ``is_prompt``: whether the model is one of MLflow's prompts."""

    name: str
    is_prompt: bool = False
    permission_level: str
    grants: list[GrantReason]


class PrincipalLevels(Entity):
    """A page of the models that a principal may read, by name, which is also how their order compares. One that is
    deactivated has the levels that it would have if it were active."""

    models: list[ModelLevel] = []
    next_page_token: str | None = None


class Offboard(PrincipalId):
    """``etag``: of a preview. If what it lists has changed since, nothing is done (409)."""

    etag: Text | None = None


class ModelElsewhere(Entity):
    """A model of another workspace than the default one; ``is_prompt``: whether it is a prompt."""

    name: str
    workspace: str
    is_prompt: bool = False


class Offboarding(Entity):
    """What offboarding does: it deactivates the account, revokes its tokens and its own grants, cancels its open
    requests, and takes it out of its groups. Activities, comments, models and versions stay.

    deactivates: whether the account is active. token_count: of all its tokens.
    secret_count, federation_rule_count: of those by which a service principal gets tokens.
    unmanaged_models: those that it can manage, and only members of ``admins`` afterwards: no other active user or
    service principal has that level, by name or through groups. These are of the default workspace, and
    unmanaged_elsewhere of the others; unmanaged_model_count is of all. unmanaged_prompts are those of unmanaged_models
    that are prompts, and unmanaged_prompt_count is of all prompts among them.
    issued_token_count: of the tokens that it created for service principals, and so has seen: they stay valid.
    etag: identifies all of it.
    """

    principal: PrincipalReference
    deactivates: bool
    token_count: int
    secret_count: int = 0
    federation_rule_count: int = 0
    groups: list[str] = []
    group_count: int
    grants: list[HeldGrant] = []
    grant_count: int
    requests: list[OpenRequest] = []
    request_count: int
    unmanaged_models: list[str] = []
    unmanaged_elsewhere: list[ModelElsewhere] = []
    unmanaged_model_count: int
    unmanaged_prompts: list[str] = []
    unmanaged_prompt_count: int = 0
    issued_token_count: int
    etag: str
