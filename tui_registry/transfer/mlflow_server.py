"""MLflow's own server as a source."""

from tui_registry.client.transport import Transport
from tui_registry.transfer import mlflow_api
from tui_registry.transfer.documents import model_document, version_document
from tui_registry_server.wire.model_import import ImportPart, ModelDocument

MLFLOW_PARTS = frozenset({ImportPart.TAGS, ImportPart.ALIASES})


class MlflowServer:
    """A Source. The transport is closed with it."""

    parts = MLFLOW_PARTS
    has_activities = False

    def __init__(self, transport: Transport, identity: str) -> None:
        self.identity = identity
        self.lacking: set[str] = set()
        self._transport = transport

    async def names(self) -> list[str]:
        return await mlflow_api.names(self._transport)

    async def read(self, name: str) -> ModelDocument | None:
        model = await mlflow_api.model(self._transport, name)
        if model is None:
            return None
        versions = [
            version_document(each, storage_location=await mlflow_api.storage_location(self._transport, each))
            for each in await mlflow_api.versions(self._transport, model)
        ]
        return model_document(model, versions, self.parts)

    async def close(self) -> None:
        await self._transport.close()
