"""Calls that import models of other registries."""

from tui_registry.client.transport import Transport
from tui_registry_server.wire.model_import import ImportedModel, ImportModel

IMPORT = "/imports/models"


class Imports:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def model(self, body: ImportModel) -> ImportedModel:
        """Import a model, or a part of it. It may be repeated."""
        fields = body.model_dump(mode="json", exclude_defaults=True)
        if body.dry_run:
            return await self._transport.ask(IMPORT, ImportedModel, **fields)
        return await self._transport.send("POST", IMPORT, ImportedModel, **fields)
