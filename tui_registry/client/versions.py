"""Calls about model versions and their tags."""

from collections.abc import Mapping

from tui_registry.client.transport import Transport
from tui_registry_server.wire.fields import Nothing
from tui_registry_server.wire.model_version import ModelVersion, ModelVersionAnswer, ModelVersionPage
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.transition_request import ModelVersionDatabricks, ModelVersionDatabricksAnswer

VERSIONS = "/mlflow/model-versions"


class Versions:
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
    ) -> ModelVersionPage:
        """``include_prompts`` has no effect on older servers."""
        return await self._transport.get(
            "/mlflow/model-versions/search",
            ModelVersionPage,
            filter=filter_text,
            order_by=order_by,
            max_results=max_results,
            page_token=page_token,
            include_prompts=include_prompts or None,
        )

    async def get(self, name: str, version: str) -> ModelVersion:
        answer = await self._transport.get("/mlflow/model-versions/get", ModelVersionAnswer, name=name, version=version)
        return answer.model_version

    async def create(
        self,
        name: str,
        source: str,
        *,
        description: str = "",
        run_id: str = "",
        run_link: str = "",
        model_id: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> ModelVersion:
        """Add the artifacts at a URI as the model's next version."""
        listed = [{"key": key, "value": value} for key, value in (tags or {}).items()]
        answer = await self._transport.send(
            "POST",
            f"{VERSIONS}/create",
            ModelVersionAnswer,
            name=name,
            source=source,
            description=description,
            run_id=run_id,
            run_link=run_link,
            model_id=model_id,
            tags=listed or None,
        )
        return answer.model_version

    async def set_description(self, name: str, version: str, description: str) -> ModelVersion:
        """Replace the description; an empty one clears it."""
        answer = await self._transport.send(
            "PATCH", f"{VERSIONS}/update", ModelVersionAnswer, name=name, version=version, description=description
        )
        return answer.model_version

    async def delete(self, name: str, version: str) -> None:
        await self._transport.send("DELETE", f"{VERSIONS}/delete", Nothing, name=name, version=version)

    async def set_tag(self, name: str, version: str, key: str, value: str) -> None:
        await self._transport.send(
            "POST", f"{VERSIONS}/set-tag", Nothing, name=name, version=version, key=key, value=value
        )

    async def delete_tag(self, name: str, version: str, key: str) -> None:
        await self._transport.send("DELETE", f"{VERSIONS}/delete-tag", Nothing, name=name, version=version, key=key)

    async def transition(
        self, name: str, version: str, stage: Stage, *, archive_existing_versions: bool, comment: str
    ) -> ModelVersionDatabricks:
        """Move a version without a request."""
        answer = await self._transport.send(
            "POST",
            "/mlflow/databricks/model-versions/transition-stage",
            ModelVersionDatabricksAnswer,
            name=name,
            version=version,
            stage=stage,
            archive_existing_versions=archive_existing_versions,
            comment=comment,
        )
        return answer.model_version_databricks
