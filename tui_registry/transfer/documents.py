"""Documents of models, made of what MLflow's and Databricks' APIs answer."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from tui_registry_server.wire.fields import Entity, Milliseconds
from tui_registry_server.wire.model_import import (
    ImportedActivity,
    ImportedAlias,
    ImportedComment,
    ImportedRequest,
    ImportedVersion,
    ImportPart,
    ModelDocument,
)
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.permission import AccessControl, AccessControlRequest
from tui_registry_server.wire.registered_model import RegisteredModel
from tui_registry_server.wire.stage import Stage

READY = "READY"


class SourceActivity(Entity):
    """An activity of any registry: its type may be unknown here."""

    id: str = ""
    activity_type: str = "UNKNOWN"
    creation_timestamp: Milliseconds
    user_id: str | None = None
    version: str | None = None
    from_stage: Stage | None = None
    to_stage: Stage | None = None
    comment: str | None = None
    system_comment: str | None = None


class SourceRequest(Entity):
    """An open request of any registry. ``version`` is given in lists of all of a model's."""

    user_id: str | None = None
    to_stage: Stage
    comment: str | None = None
    creation_timestamp: Milliseconds
    version: str | None = None


class SourceComment(Entity):
    id: str
    user_id: str | None = None
    comment: str = ""
    creation_timestamp: Milliseconds
    last_updated_timestamp: Milliseconds | None = None


def version_document(
    version: ModelVersion,
    *,
    storage_location: str | None = None,
    comments: Iterable[SourceComment] = (),
    requests: Iterable[SourceRequest] = (),
) -> ImportedVersion:
    """A version, with its comments and open requests."""
    source = version.source or ""
    return ImportedVersion(
        version=version.version,
        current_stage=version.current_stage,
        description=version.description,
        source=source,
        storage_location=None if storage_location == source else storage_location,
        run_id=version.run_id or "",
        run_link=version.run_link or "",
        model_id=version.model_id or None,
        user_id=version.user_id or "",
        creation_timestamp=version.creation_timestamp,
        last_updated_timestamp=version.last_updated_timestamp,
        tags=sorted(version.tags, key=lambda tag: tag.key),
        comments=[
            ImportedComment(
                id=each.id,
                user_id=each.user_id or "",
                comment=each.comment,
                creation_timestamp=each.creation_timestamp,
                last_updated_timestamp=each.last_updated_timestamp or each.creation_timestamp,
            )
            for each in comments
        ],
        requests=[
            ImportedRequest(
                user_id=each.user_id or "",
                to_stage=each.to_stage,
                comment=each.comment,
                creation_timestamp=each.creation_timestamp,
            )
            for each in requests
        ],
    )


def model_document(
    model: RegisteredModel,
    versions: Iterable[ImportedVersion],
    parts: Collection[ImportPart],
    *,
    permissions: Sequence[AccessControlRequest] = (),
    activities: Iterable[SourceActivity] = (),
) -> ModelDocument:
    """A whole model. ``parts``: what the source has."""
    return ModelDocument(
        name=model.name,
        description=model.description or None,
        user_id=model.user_id or "",
        creation_timestamp=model.creation_timestamp,
        last_updated_timestamp=model.last_updated_timestamp,
        parts=sorted(parts),
        tags=sorted(model.tags, key=lambda tag: tag.key),
        permissions=list(permissions),
        aliases=[ImportedAlias(alias=each.alias, version=each.version) for each in model.aliases],
        versions=sorted(versions, key=lambda version: int(version.version)),
        activities=[
            ImportedActivity(
                **each.model_dump(exclude={"user_id", "id"}),
                id=each.id or _made_up_id(each),
                user_id=each.user_id or "",
            )
            for each in sorted(activities, key=lambda activity: (activity.creation_timestamp, activity.id))
        ],
    )


def direct_permissions(entries: Iterable[AccessControl]) -> list[AccessControlRequest]:
    """The levels that are given on an object itself, not those that it inherits."""
    found: list[AccessControlRequest] = []
    for entry in entries:
        name: Mapping[str, str | None] = {
            field: getattr(entry, field) for field in ("user_name", "group_name", "service_principal_name")
        }
        found += [
            AccessControlRequest(**name, permission_level=each.permission_level)
            for each in entry.all_permissions
            if not each.inherited
        ]
    return found


def _made_up_id(activity: SourceActivity) -> str:
    """The same at every reading."""
    return f"{activity.activity_type} {activity.version} {activity.user_id} {activity.to_stage}"[:500]
