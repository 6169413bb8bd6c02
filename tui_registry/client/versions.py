"""Calls about model versions and their tags."""

from collections.abc import Mapping

from tui_registry.client.transport import Transport
from tui_registry_server.wire.fields import Nothing
from tui_registry_server.wire.model_version import ModelVersion, ModelVersionAnswer, ModelVersionPage

VERSIONS = "/mlflow/model-versions"


class VersionCalls(Transport):
    async def search_versions(
        self, *, filter_text: str = "", order_by: str = "", max_results: int = 100, page_token: str = ""
    ) -> ModelVersionPage:
        return await self._get(
            "/mlflow/model-versions/search",
            ModelVersionPage,
            filter=filter_text,
            order_by=order_by,
            max_results=max_results,
            page_token=page_token,
        )

    async def version(self, name: str, version: str) -> ModelVersion:
        answer = await self._get("/mlflow/model-versions/get", ModelVersionAnswer, name=name, version=version)
        return answer.model_version

    async def create_version(
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
        answer = await self._send(
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

    async def describe_version(self, name: str, version: str, description: str) -> ModelVersion:
        """Replace the description; an empty one clears it."""
        answer = await self._send(
            "PATCH", f"{VERSIONS}/update", ModelVersionAnswer, name=name, version=version, description=description
        )
        return answer.model_version

    async def delete_version(self, name: str, version: str) -> None:
        await self._send("DELETE", f"{VERSIONS}/delete", Nothing, name=name, version=version)

    async def set_version_tag(self, name: str, version: str, key: str, value: str) -> None:
        await self._send("POST", f"{VERSIONS}/set-tag", Nothing, name=name, version=version, key=key, value=value)

    async def delete_version_tag(self, name: str, version: str, key: str) -> None:
        await self._send("DELETE", f"{VERSIONS}/delete-tag", Nothing, name=name, version=version, key=key)
