"""Resolving the source of a new version: where its artifacts are."""

from typing import NamedTuple

from tui_registry_server.operations.call import Call
from tui_registry_server.operations.subjects import no_model, no_version
from tui_registry_server.rules.errors import InvalidParameterValue, ResourceDoesNotExist
from tui_registry_server.rules.model_uris import ModelUri, read_model_uri
from tui_registry_server.rules.names import check_source
from tui_registry_server.rules.permissions import Level
from tui_registry_server.store import aliases, model_versions, registered_models
from tui_registry_server.wire.fields import MAX_INT64


class Source(NamedTuple):
    """A source as it is stored.

    uri: as given, or, for another version of this registry, ``models:/<name>/<number>``.
    storage_location: the URI of the artifacts, as far as this registry knows.
    run_id, logged_model_id: those of the other version.
    """

    uri: str
    storage_location: str
    run_id: str = ""
    logged_model_id: str | None = None


def resolve(call: Call, given: str) -> Source:
    """Resolve a reference to another version. Others are stored as they are: a logged model is resolved by the client's
    tracking store."""
    uri = check_source(given)
    reference = read_model_uri(uri)
    if reference is None:
        return Source(uri, uri)
    number = _version_number(call, reference)
    in_range = number <= MAX_INT64  # databases cannot compare with more
    origin = model_versions.origin(call.connection, call.principal, reference.name, number) if in_range else None
    if origin is None:
        raise no_version(reference.name, number)
    return Source(f"models:/{reference.name}/{number}", *origin)


def _version_number(call: Call, reference: ModelUri) -> int:
    """The version's number. If the reference has one, the version may not exist."""
    if reference.version is not None:
        return reference.version
    model = registered_models.find(call.connection, call.principal, reference.name)
    if model is None or model.level < Level.READ:
        raise no_model(reference.name)
    if reference.alias is not None:
        number = aliases.version_of(call.connection, model.id, reference.alias)
        if number is None:
            raise InvalidParameterValue(f"Registered model alias {reference.alias} not found.")
        return number
    if reference.stage is not None:
        number = model_versions.highest_in(call.connection, model.id, reference.stage)
    else:
        number = model_versions.highest(call.connection, call.principal, reference.name)
    if number is None:
        where = f" in stage {reference.stage}" if reference.stage is not None else ""
        raise ResourceDoesNotExist(f"Model {reference.name} has no version{where}. Give the number of an existing one.")
    return number
