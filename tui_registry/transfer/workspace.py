"""A registry with the API of Databricks' Workspace Model Registry as a source: a workspace of Databricks, or this
registry itself."""

from collections.abc import Sequence
from functools import partial
from typing import TypeVar

from tui_registry.client.errors import Refused
from tui_registry.client.transport import Transport
from tui_registry.transfer import mlflow_api
from tui_registry.transfer.documents import (
    SourceActivity,
    SourceComment,
    SourceRequest,
    direct_permissions,
    model_document,
    version_document,
)
from tui_registry.transfer.retries import retried
from tui_registry.transfer.source import SourceError
from tui_registry_server.wire.fields import Entity
from tui_registry_server.wire.model_import import ImportedVersion, ImportPart, ModelDocument
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.permission import AccessControlRequest, ObjectPermissions
from tui_registry_server.wire.registered_model import RegisteredModel

WORKSPACE_PARTS = frozenset(ImportPart)
MAX_PAGES = 10_000
_NO_SUCH_CALL = {404, 405, 501}


class _Identified(Entity):
    id: str


class _Answer(Entity):
    registered_model_databricks: _Identified


class _Requests(Entity):
    requests: list[SourceRequest] = []
    next_page_token: str | None = None


class _Comments(Entity):
    comments: list[SourceComment] = []
    next_page_token: str | None = None


class _Activities(Entity):
    activities: list[SourceActivity] = []
    next_page_token: str | None = None


Page = TypeVar("Page", _Requests, _Comments, _Activities)


class Workspace:
    """A Source.

    lists_by_model: whether requests and activities of all versions can be listed at once, as in this registry.
    parts, with_activities: what is read of it, if it has it.
    owns_transport: whether the transport is closed with it.
    """

    def __init__(
        self,
        transport: Transport,
        identity: str,
        *,
        lists_by_model: bool,
        parts: frozenset[ImportPart] = WORKSPACE_PARTS,
        with_activities: bool = True,
        owns_transport: bool = True,
    ) -> None:
        self.identity = identity
        self.parts = parts
        self.has_activities = with_activities
        self.lacking: set[str] = set()
        self._transport = transport
        self._lists_by_model = lists_by_model
        self._owns_transport = owns_transport

    async def names(self) -> list[str]:
        return await mlflow_api.names(self._transport)

    async def read(self, name: str) -> ModelDocument | None:
        model = await mlflow_api.model(self._transport, name)
        if model is None:
            return None
        versions = await mlflow_api.versions(self._transport, model)
        permissions = await self._permissions(model) if ImportPart.PERMISSIONS in self.parts else None
        requests = await self._requests(model, versions) if ImportPart.REQUESTS in self.parts else []
        activities = await self._activities(model, versions) if self.has_activities else []
        listed = [await self._version(each, [r for r in requests if r.version == each.version]) for each in versions]
        return model_document(
            model,
            listed,
            self._known_parts() - (set() if permissions is not None else {ImportPart.PERMISSIONS}),
            permissions=permissions or (),
            activities=activities,
        )

    async def close(self) -> None:
        if self._owns_transport:
            await self._transport.close()

    def _known_parts(self) -> set[ImportPart]:
        return {part for part in self.parts if part.value not in self.lacking}

    async def _version(self, version: ModelVersion, requests: Sequence[SourceRequest]) -> ImportedVersion:
        comments: list[SourceComment] = []
        if ImportPart.COMMENTS in self._known_parts():
            pages = await self._pages("comments", "/mlflow/comments/list", _Comments, version.name, version.version)
            comments = [each for page in pages for each in page.comments]
        location = await mlflow_api.storage_location(self._transport, version)
        return version_document(version, storage_location=location, comments=comments, requests=requests)

    async def _permissions(self, model: RegisteredModel) -> list[AccessControlRequest] | None:
        """None if they may not be read."""
        try:
            found = await retried(
                lambda: self._transport.get("/mlflow/databricks/registered-models/get", _Answer, name=model.name)
            )
            path = f"/permissions/registered-models/{found.registered_model_databricks.id}"
            answer = await retried(lambda: self._transport.get(path, ObjectPermissions))
        except Refused as error:
            if error.status != 403 and error.status not in _NO_SUCH_CALL:
                raise
            self.lacking.add(f"permissions of {model.name}")
            return None
        return direct_permissions(answer.access_control_list)

    async def _requests(self, model: RegisteredModel, versions: Sequence[ModelVersion]) -> list[SourceRequest]:
        path, found = "/mlflow/transition-requests/list", list[SourceRequest]()
        for version in self._listed(versions):
            for page in await self._pages("requests", path, _Requests, model.name, version):
                found += [each.model_copy(update={"version": each.version or version}) for each in page.requests]
        return found

    async def _activities(self, model: RegisteredModel, versions: Sequence[ModelVersion]) -> list[SourceActivity]:
        path, found = "/mlflow/activities/list", list[SourceActivity]()
        for version in self._listed(versions):
            for page in await self._pages("activities", path, _Activities, model.name, version):
                found += [
                    each.model_copy(update={"version": each.version or version or None}) for each in page.activities
                ]
        return found

    def _listed(self, versions: Sequence[ModelVersion]) -> list[str]:
        """The versions whose lists are asked for; "" for all at once."""
        return [""] if self._lists_by_model else [each.version for each in versions]

    async def _pages(self, what: str, path: str, shape: type[Page], name: str, version: str) -> list[Page]:
        """All pages of a list. A source that has no such call is not asked again."""
        found: list[Page] = []
        if what in self.lacking:
            return found
        token = ""
        for _ in range(MAX_PAGES):
            query = {"name": name, "version": version, "page_token": token}
            if self._lists_by_model:
                query["max_results"] = "1000"
            try:
                page = await retried(partial(self._transport.get, path, shape, **query))
            except Refused as error:
                if error.status not in _NO_SUCH_CALL or error.error_code == "RESOURCE_DOES_NOT_EXIST":
                    raise
                self.lacking.add(what)
                return []
            found.append(page)
            if not (token := page.next_page_token or ""):
                return found
        raise SourceError(f"The source's list does not end: {what}.")
