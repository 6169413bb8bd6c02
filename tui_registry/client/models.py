"""Calls about registered models, their tags and aliases."""

from collections.abc import Mapping

from tui_registry.client.transport import Transport
from tui_registry_server.wire.fields import Nothing
from tui_registry_server.wire.registered_model import (
    RegisteredModel,
    RegisteredModelAnswer,
    RegisteredModelDatabricks,
    RegisteredModelDatabricksAnswer,
    RegisteredModelPage,
)
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.stage_history import StageHistoryPage

MODELS = "/mlflow/registered-models"


class Models:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def search(
        self,
        *,
        filter_text: str = "",
        order_by: str = "",
        max_results: int = 100,
        page_token: str = "",
        include_prompts: bool = False,
    ) -> RegisteredModelPage:
        """``include_prompts`` has no effect on older servers."""
        return await self._transport.get(
            "/mlflow/registered-models/search",
            RegisteredModelPage,
            filter=filter_text,
            order_by=order_by,
            max_results=max_results,
            page_token=page_token,
            include_prompts=include_prompts or None,
        )

    async def get(self, name: str) -> RegisteredModelDatabricks:
        """A model with its id and the caller's permission level."""
        answer = await self._transport.get(
            "/mlflow/databricks/registered-models/get", RegisteredModelDatabricksAnswer, name=name
        )
        return answer.registered_model_databricks

    async def stage_history(
        self,
        name: str,
        *,
        stage: Stage | None = None,
        version: str | None = None,
        max_results: int = 100,
        page_token: str = "",
    ) -> StageHistoryPage:
        """Which version was in which stage, or in this one, newest first; and the predecessor in Production.
        ``version`` has no effect on older servers."""
        return await self._transport.get(
            f"{MODELS}/stage-history",
            StageHistoryPage,
            name=name,
            stage=stage,
            version=version,
            max_results=max_results,
            page_token=page_token,
        )

    async def create(self, name: str, *, description: str = "", tags: Mapping[str, str] | None = None) -> None:
        listed = [{"key": key, "value": value} for key, value in (tags or {}).items()]
        await self._transport.send(
            "POST", f"{MODELS}/create", RegisteredModelAnswer, name=name, description=description, tags=listed or None
        )

    async def set_description(self, name: str, description: str) -> RegisteredModel:
        """Replace the description; an empty one clears it."""
        answer = await self._transport.send(
            "PATCH", f"{MODELS}/update", RegisteredModelAnswer, name=name, description=description
        )
        return answer.registered_model

    async def rename(self, name: str, new_name: str) -> RegisteredModel:
        answer = await self._transport.send(
            "POST", f"{MODELS}/rename", RegisteredModelAnswer, name=name, new_name=new_name
        )
        return answer.registered_model

    async def delete(self, name: str) -> None:
        await self._transport.send("DELETE", f"{MODELS}/delete", Nothing, name=name)

    async def set_tag(self, name: str, key: str, value: str) -> None:
        await self._transport.send("POST", f"{MODELS}/set-tag", Nothing, name=name, key=key, value=value)

    async def delete_tag(self, name: str, key: str) -> None:
        await self._transport.send("DELETE", f"{MODELS}/delete-tag", Nothing, name=name, key=key)

    async def set_alias(self, name: str, alias: str, version: str) -> None:
        """Set an alias on a version; it is removed from the version that had it."""
        await self._transport.send("POST", f"{MODELS}/alias", Nothing, name=name, alias=alias, version=version)

    async def delete_alias(self, name: str, alias: str) -> None:
        await self._transport.send("DELETE", f"{MODELS}/alias", Nothing, name=name, alias=alias)
