"""Calls about transition requests, and about transitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.wire.stage import Stage
from tui_registry.client.transport import Done, Transport

if TYPE_CHECKING:
    from server.wire.activity import Activity
    from server.wire.transition_request import (
        InboxPage,
        InboxRequest,
        ModelVersionDatabricks,
    )


class RequestCalls(Transport):
    async def inbox(self, *, name: str = "", max_results: int = 100, page_token: str = "") -> InboxPage:
        """Open requests on a model, or on all of them, newest first."""
        from server.wire.transition_request import InboxPage

        return await self._get(
            "/mlflow/transition-requests/list", InboxPage, name=name, max_results=max_results, page_token=page_token
        )

    async def open_requests(self, name: str, version: str) -> list[InboxRequest]:
        """The open requests of one version."""
        from server.wire.transition_request import InboxPage

        page = await self._get("/mlflow/transition-requests/list", InboxPage, name=name, version=version)
        return page.requests

    async def request_transition(self, name: str, version: str, stage: Stage, comment: str) -> None:
        await self._send(
            "POST",
            "/mlflow/transition-requests/create",
            Done,
            name=name,
            version=version,
            stage=stage,
            comment=comment,
        )

    async def transition(
        self, name: str, version: str, stage: Stage, *, archive_existing_versions: bool, comment: str
    ) -> ModelVersionDatabricks:
        """Move a version at once."""
        from server.wire.transition_request import ModelVersionDatabricksAnswer

        answer = await self._send(
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

    async def approve(
        self, name: str, version: str, stage: Stage, *, archive_existing_versions: bool, comment: str
    ) -> Activity:
        from server.wire.activity import ActivityAnswer

        answer = await self._send(
            "POST",
            "/mlflow/transition-requests/approve",
            ActivityAnswer,
            name=name,
            version=version,
            stage=stage,
            archive_existing_versions=archive_existing_versions,
            comment=comment,
        )
        return answer.activity

    async def reject(self, name: str, version: str, stage: Stage, *, comment: str) -> Activity:
        from server.wire.activity import ActivityAnswer

        answer = await self._send(
            "POST",
            "/mlflow/transition-requests/reject",
            ActivityAnswer,
            name=name,
            version=version,
            stage=stage,
            comment=comment,
        )
        return answer.activity

    async def cancel(self, name: str, version: str, stage: Stage, *, creator: str, comment: str) -> Activity:
        from server.wire.activity import ActivityAnswer

        answer = await self._send(
            "DELETE",
            "/mlflow/transition-requests/delete",
            ActivityAnswer,
            name=name,
            version=version,
            stage=stage,
            creator=creator,
            comment=comment,
        )
        return answer.activity
