"""Where a new version's artifacts are: what its source stands for."""

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
    """A source as it is kept.

    uri: as it was given; of another version of this registry ``models:/<name>/<number>``, whichever way it was named.
    storage_location: the URI of the artifacts, as far as this registry can tell.
    run_id, logged_model_id: those of that other version.
    """

    uri: str
    storage_location: str
    run_id: str = ""
    logged_model_id: str | None = None


def resolve(call: Call, given: str) -> Source:
    """A logged model is known only to the client's tracking store, which resolves it."""
    uri = check_source(given)
    meant = read_model_uri(uri)
    if meant is None:
        return Source(uri, uri)
    number = _number(call, meant)
    known = number <= MAX_INT64  # databases cannot compare with more
    origin = model_versions.origin(call.connection, call.principal, meant.name, number) if known else None
    if origin is None:
        raise no_version(meant.name, number)
    return Source(f"models:/{meant.name}/{number}", *origin)


def _number(call: Call, meant: ModelUri) -> int:
    """Of the version that is meant, if a number says so, of one that may not be there."""
    if meant.version is not None:
        return meant.version
    model = registered_models.find(call.connection, call.principal, meant.name)
    if model is None or model.level < Level.READ:
        raise no_model(meant.name)
    if meant.alias is not None:
        number = aliases.version_of(call.connection, model.id, meant.alias)
        if number is None:
            raise InvalidParameterValue(f"Registered model alias {meant.alias} not found.")
        return number
    if meant.stage is not None:
        number = model_versions.highest_in(call.connection, model.id, meant.stage)
    else:
        number = model_versions.highest(call.connection, call.principal, meant.name)
    if number is None:
        where = f" in stage {meant.stage}" if meant.stage is not None else ""
        raise ResourceDoesNotExist(f"Model {meant.name} has no version{where}. Name one that it has by its number.")
    return number
