"""Calls about what the caller follows."""

from collections.abc import Mapping
from typing import Any

from tui_registry.client.transport import Transport
from tui_registry_server.wire.fields import Nothing
from tui_registry_server.wire.follow import Follow, FollowAnswer, FollowList

FOLLOWS = "/mlflow/follows"


class Follows:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def own(self) -> list[Follow]:
        return (await self._transport.get(f"{FOLLOWS}/list", FollowList)).follows

    async def of(self, model: str | None) -> Follow | None:
        """The caller's follow of a model or, for None, of the requests that wait for them."""
        return next((each for each in await self.own() if each.model_name == model), None)

    async def assign(self, fields: Mapping[str, Any]) -> Follow:
        """``fields`` are those of SetFollow."""
        return (await self._transport.send("POST", f"{FOLLOWS}/set", FollowAnswer, **fields)).follow

    async def delete(self, follow_id: str) -> None:
        await self._transport.send("DELETE", f"{FOLLOWS}/delete", Nothing, id=follow_id)
