"""Calls about the runs that versions come from."""

from tui_registry.client.transport import Transport
from tui_registry.client.versions import VERSIONS
from tui_registry_server.wire.lineage import Lineage, LineageAnswer


class LineageCalls:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def get(self, name: str, version: str) -> Lineage:
        """What the server knows of it from its tracking server. An older server answers Refused, 404."""
        answer = await self._transport.get(f"{VERSIONS}/lineage", LineageAnswer, name=name, version=version)
        return answer.lineage

    async def retrieve(self, name: str, version: str) -> Lineage:
        """Have the server ask its tracking server again: for the run at once, for the rest soon."""
        answer = await self._transport.send(
            "POST", f"{VERSIONS}/retrieve-lineage", LineageAnswer, name=name, version=version
        )
        return answer.lineage
