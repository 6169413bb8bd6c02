"""Importing a registered model from another registry, as it is there: with version numbers, stages, times and authors.

The same form is a line of an archive: see ModelDocument.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from tui_registry_server.wire.fields import Description, Entity, Integer, Milliseconds, RequestBody, Text, Version
from tui_registry_server.wire.lists import MAX_ACCESS_ENTRIES, MAX_TAGS, MaxLength
from tui_registry_server.wire.permission import AccessControlRequest
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.tag import Tag

MAX_VERSIONS = 1000
MAX_ACTIVITIES = 1000
MAX_COMMENTS = 1000  # of one version, as MAX_REQUESTS
MAX_REQUESTS = 1000
MAX_ALIASES = 10_000
MAX_SOURCE = 500  # characters of the name of a source
MAX_ENTRIES = 100_000  # of any list in an archive, which is read as a whole

_SEND_LESS = "send the others in further calls"

UserName = Annotated[Text, Field(max_length=256)]


class ImportPart(StrEnum):
    """What a document may be silent about: a source may not have it, and a call may leave it to another one. What is
    listed in ``parts`` is complete: of a listed part, what is missing in the document is not at the source."""

    TAGS = "tags"
    ALIASES = "aliases"
    PERMISSIONS = "permissions"
    COMMENTS = "comments"
    REQUESTS = "requests"


class ImportedComment(RequestBody):
    """``id`` is the source's, of any form."""

    id: Text = Field(max_length=500)
    user_id: UserName = ""
    comment: Description
    creation_timestamp: Milliseconds
    last_updated_timestamp: Milliseconds


class ImportedRequest(RequestBody):
    """A transition request that is open at the source. A user has at most one for each stage of a version."""

    user_id: UserName = ""
    to_stage: Stage
    comment: Description | None = None
    creation_timestamp: Milliseconds


class ImportedAlias(RequestBody):
    alias: Text
    version: Version


class ImportedVersion(RequestBody):
    """``storage_location``: where the artifacts are, if that is not ``source``. ``model_id``: of MLflow 3's logged
    model. Tags are complete; comments and requests are those of the document's ``parts``."""

    version: Version
    current_stage: Stage = Stage.NONE
    description: Description | None = None
    source: Text = Field(max_length=500)
    storage_location: Text | None = Field(default=None, max_length=2000)
    run_id: Text = Field(default="", max_length=500)
    run_link: Text = Field(default="", max_length=500)
    model_id: Text | None = Field(default=None, max_length=500)
    user_id: UserName = ""
    creation_timestamp: Milliseconds
    last_updated_timestamp: Milliseconds
    tags: Annotated[list[Tag], MaxLength(MAX_TAGS)] = []
    comments: Annotated[list[ImportedComment], MaxLength(MAX_COMMENTS)] = []
    requests: Annotated[list[ImportedRequest], MaxLength(MAX_REQUESTS)] = []


class ImportedActivity(RequestBody):
    """What somebody did at the source. ``activity_type`` may be one that this registry does not know."""

    id: Text = Field(max_length=500)
    activity_type: Text = Field(max_length=100)
    creation_timestamp: Milliseconds
    user_id: UserName = ""
    version: Version | None = None
    from_stage: Stage | None = None
    to_stage: Stage | None = None
    comment: Description | None = None
    system_comment: Description | None = None


class ModelFields(RequestBody):
    """What is the same in every call about a model."""

    name: Text
    description: Description | None = None
    user_id: UserName = ""
    creation_timestamp: Milliseconds
    last_updated_timestamp: Milliseconds
    parts: Annotated[list[ImportPart], MaxLength(len(ImportPart))] = []
    tags: Annotated[list[Tag], MaxLength(MAX_TAGS)] = []
    permissions: Annotated[list[AccessControlRequest], MaxLength(MAX_ACCESS_ENTRIES)] = []


class ModelDocument(ModelFields):
    """A whole model: one line of an archive. Activities are from the oldest to the newest."""

    aliases: Annotated[list[ImportedAlias], MaxLength(MAX_ENTRIES)] = []
    versions: Annotated[list[ImportedVersion], MaxLength(MAX_ENTRIES)] = []
    activities: Annotated[list[ImportedActivity], MaxLength(MAX_ENTRIES)] = []


class ImportModel(ModelFields):
    """A model, or a part of it. ``source`` names the registry that it comes from, the same in every import. With
    ``all_versions`` there are no others at the source. With ``dry_run`` nothing is changed; with ``restore_deleted``
    what was deleted here since is imported again."""

    source: Text = Field(min_length=1, max_length=MAX_SOURCE)
    aliases: Annotated[list[ImportedAlias], MaxLength(MAX_ALIASES, _SEND_LESS)] = []
    versions: Annotated[list[ImportedVersion], MaxLength(MAX_VERSIONS, _SEND_LESS)] = []
    activities: Annotated[list[ImportedActivity], MaxLength(MAX_ACTIVITIES, _SEND_LESS)] = []
    all_versions: bool = False
    dry_run: bool = False
    restore_deleted: bool = False


class ListImports(RequestBody):
    """Of one source, or of all."""

    source: Text | None = Field(default=None, max_length=MAX_SOURCE)
    max_results: Integer = Field(default=100, ge=1, le=1000)
    page_token: Text = ""


class ModelImport(Entity):
    """``name``: at the source. ``id``: here; the model may have been deleted since."""

    source: str
    name: str
    id: str


class ModelImportPage(Entity):
    imports: list[ModelImport] = []
    next_page_token: str | None = None


class DifferenceReason(StrEnum):
    """Why something is not here as it is at the source."""

    CHANGED_HERE = "CHANGED_HERE"
    CHANGED_ON_BOTH_SIDES = "CHANGED_ON_BOTH_SIDES"
    NAME_TAKEN = "NAME_TAKEN"
    DELETED_HERE = "DELETED_HERE"
    RENAMED_HERE = "RENAMED_HERE"
    UNKNOWN_PRINCIPAL = "UNKNOWN_PRINCIPAL"
    NOT_ALLOWED = "NOT_ALLOWED"
    DELETED_AT_SOURCE = "DELETED_AT_SOURCE"
    DIFFERENT = "DIFFERENT"


class ImportDifference(Entity):
    """``item``: what differs, such as ``description``, ``tag team``, or empty for the whole model or version. ``here``
    and ``source``: its values, shortened; none where it does not exist."""

    version: str | None = None
    item: str = ""
    reason: DifferenceReason
    here: str | None = None
    source: str | None = None


class ImportCounts(Entity):
    """What was written, or with ``dry_run`` would be."""

    created_models: int = 0
    created_versions: int = 0
    changes: int = 0
    activities: int = 0


class ImportedModel(Entity):
    """``id`` and ``name`` are the model's here; none with ``dry_run`` or if it was not imported. ``unchanged``: whether
    everything was here already."""

    id: str | None = None
    name: str
    counts: ImportCounts
    differences: list[ImportDifference] = []
