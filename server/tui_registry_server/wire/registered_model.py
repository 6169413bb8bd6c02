"""Registered models: a name, and what all its versions share."""

from typing import Annotated

from tui_registry_server.wire.fields import Description, Entity, Id, Integer, Milliseconds, RequestBody, Text, Version
from tui_registry_server.wire.lists import MAX_ORDER_BY, MAX_STAGES, MAX_TAGS, MaxLength
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.tag import SET_TAG, Tag


class Alias(Entity):
    """A name of one version of a model, such as ``champion``."""

    alias: str
    version: str


class RegisteredModel(Entity):
    """A model with the newest version of each stage."""

    name: str
    creation_timestamp: Milliseconds
    last_updated_timestamp: Milliseconds
    user_id: str | None = None
    description: str | None = None
    latest_versions: list[ModelVersion] = []
    tags: list[Tag] = []
    aliases: list[Alias] = []


class RegisteredModelDatabricks(Entity):
    """A model as Databricks shows it: with its id and the caller's own level on it."""

    id: Id
    name: str
    creation_timestamp: Milliseconds
    last_updated_timestamp: Milliseconds
    user_id: str | None = None
    description: str | None = None
    latest_versions: list[ModelVersion] = []
    tags: list[Tag] = []
    aliases: list[Alias] = []
    permission_level: PermissionLevel


class CreateRegisteredModel(RequestBody):
    name: Text
    tags: Annotated[list[Tag], MaxLength(MAX_TAGS, SET_TAG)] = []
    description: Description | None = None


class ModelName(RequestBody):
    """Identifies a model."""

    name: Text


class UpdateRegisteredModel(RequestBody):
    """A request without a description clears it."""

    name: Text
    description: Description | None = None


class RenameRegisteredModel(RequestBody):
    name: Text
    new_name: Text


class SearchRegisteredModels(RequestBody):
    """A page has at most 8 MiB, whatever ``max_results`` is; see ``next_page_token``.

    ``include_prompts``: also MLflow's prompts, which other searches leave out.
    """

    filter: Text = ""
    max_results: Integer = 100
    order_by: Annotated[list[Text], MaxLength(MAX_ORDER_BY)] = []
    page_token: Text = ""
    include_prompts: bool = False


class ListRegisteredModels(RequestBody):
    max_results: Integer = 100
    page_token: Text = ""


class GetLatestVersions(RequestBody):
    """Stages are case-insensitive; the default is every stage."""

    name: Text
    stages: Annotated[list[Text], MaxLength(MAX_STAGES)] = []


class SetRegisteredModelTag(RequestBody):
    name: Text
    key: Text
    value: Text = ""


class DeleteRegisteredModelTag(RequestBody):
    name: Text
    key: Text


class SetRegisteredModelAlias(RequestBody):
    name: Text
    alias: Text
    version: Version


class RegisteredModelAlias(RequestBody):
    """Identifies an alias."""

    name: Text
    alias: Text


class RegisteredModelAnswer(Entity):
    registered_model: RegisteredModel


class RegisteredModelDatabricksAnswer(Entity):
    registered_model_databricks: RegisteredModelDatabricks


class RegisteredModelPage(Entity):
    registered_models: list[RegisteredModel] = []
    next_page_token: str | None = None


class LatestVersions(Entity):
    model_versions: list[ModelVersion] = []
