"""Calls that import models of other registries."""

from tui_registry.client.transport import Transport
from tui_registry_server.wire.model_import import ImportedModel, ImportModel, ModelImport, ModelImportPage

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

    async def of_source(self, source: str) -> list[ModelImport]:
        """What was imported of a source before, sorted by name."""
        found: list[ModelImport] = []
        token = ""
        while True:
            page = await self._transport.get(IMPORT, ModelImportPage, source=source, max_results=1000, page_token=token)
            found += page.imports
            if not (token := page.next_page_token or ""):
                return found
