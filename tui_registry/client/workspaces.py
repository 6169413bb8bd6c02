"""Calls about workspaces, as MLflow's client makes them. They are about none, whichever one the client is in."""

from collections.abc import Sequence
from urllib.parse import quote

from tui_registry.client.errors import UnknownEndpoint
from tui_registry.client.transport import Transport
from tui_registry_server.wire.fields import Nothing
from tui_registry_server.wire.model_version import ModelVersionPage
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.workspace import Workspace, WorkspaceAnswer, WorkspaceList

WORKSPACES = "/api/3.0/mlflow/workspaces"


class Workspaces:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def all(self, *, details: bool = False) -> Sequence[Workspace]:
        """Those that the caller may use, by name. ``details``: with the level there, and the number of models."""
        given = {"details": "true"} if details else {}
        return (await self._transport.get(WORKSPACES, WorkspaceList, **given)).workspaces

    async def are_several(self) -> bool:
        """Whether there are others than the default one, as far as the caller may know; an older server has none."""
        if self._transport.workspace is not None:
            return True
        try:
            return len(await self.all()) > 1
        except UnknownEndpoint:
            return False

    async def in_production(self, name: str, max_results: int) -> ModelVersionPage:
        """The first versions in Production in a workspace, whatever their tags; with a page token, there are more."""
        search = {"filter": f"stage = '{Stage.PRODUCTION}'", "max_results": max_results, "include_prompts": True}
        return await self._transport.get_in(name, "/mlflow/model-versions/search", ModelVersionPage, **search)

    async def create(self, name: str, description: str) -> Workspace:
        answer = await self._transport.send("POST", WORKSPACES, WorkspaceAnswer, name=name, description=description)
        return answer.workspace

    async def describe(self, name: str, description: str) -> Workspace:
        answer = await self._transport.send("PATCH", _path(name), WorkspaceAnswer, description=description)
        return answer.workspace

    async def delete(self, name: str, *, with_models: bool) -> None:
        """Without its models, the server refuses to delete one that has any."""
        mode = "CASCADE" if with_models else "RESTRICT"
        await self._transport.send("DELETE", f"{_path(name)}?mode={mode}", Nothing)


def _path(name: str) -> str:
    return f"{WORKSPACES}/{quote(name, safe='')}"
