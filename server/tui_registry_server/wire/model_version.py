"""Model versions: one trained model under a registered model, at one stage."""

from typing import Annotated

from pydantic import Field

from tui_registry_server.wire.fields import Description, Entity, Integer, Milliseconds, RequestBody, Text, Version
from tui_registry_server.wire.lists import MAX_ORDER_BY, MAX_TAGS, MaxLength
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.tag import SET_TAG, Tag


class ModelVersion(Entity):
    """One version. ``version`` is a string of digits; ``status`` is always ``READY``: artifacts are not copied.
    ``description``, ``run_id`` and ``run_link`` are empty if none was given; a description that was cleared is left
    out."""

    name: str
    version: str
    creation_timestamp: Milliseconds
    last_updated_timestamp: Milliseconds
    user_id: str | None = None
    current_stage: Stage
    description: str | None = None
    source: str | None = None
    run_id: str | None = None
    run_link: str | None = None
    model_id: str | None = None
    status: str = "READY"
    status_message: str | None = None
    tags: list[Tag] = []
    aliases: list[str] = []


class CreateModelVersion(RequestBody):
    """``source`` is the URI of the artifacts; ``models:/other/3`` and MLflow 3's ``models:/m-<id>`` are accepted."""

    name: Text
    source: Text = Field(max_length=500)
    run_id: Text | None = Field(default=None, max_length=500)
    run_link: Text | None = Field(default=None, max_length=500)
    tags: Annotated[list[Tag], MaxLength(MAX_TAGS, SET_TAG)] = []
    description: Description | None = None
    model_id: Text | None = Field(default=None, max_length=500)


class VersionName(RequestBody):
    """Identifies a version."""

    name: Text
    version: Version


class UpdateModelVersion(RequestBody):
    """A request without a description clears it."""

    name: Text
    version: Version
    description: Description | None = None


class TransitionStage(RequestBody):
    """Move a version to a stage; ``archive_existing_versions`` moves the others there to Archived."""

    name: Text
    version: Version
    stage: Text
    archive_existing_versions: bool = False


class TransitionStageDatabricks(RequestBody):
    """The same with a comment, which is stored in the activity."""

    name: Text
    version: Version
    stage: Text
    archive_existing_versions: bool
    comment: Description | None = None


class SetModelVersionTag(RequestBody):
    name: Text
    version: Version
    key: Text
    value: Text = ""


class DeleteModelVersionTag(RequestBody):
    name: Text
    version: Version
    key: Text


class SearchModelVersions(RequestBody):
    """A page has at most 10,000 versions and 8 MiB, whatever ``max_results`` is; see ``next_page_token``.

    ``include_prompts``: also versions of MLflow's prompts, which other searches leave out.
    """

    filter: Text = ""
    max_results: Integer = 200_000
    order_by: Annotated[list[Text], MaxLength(MAX_ORDER_BY)] = []
    page_token: Text = ""
    include_prompts: bool = False


class ModelVersionAnswer(Entity):
    model_version: ModelVersion


class ModelVersionPage(Entity):
    model_versions: list[ModelVersion] = []
    next_page_token: str | None = None


class DownloadUri(Entity):
    artifact_uri: str
