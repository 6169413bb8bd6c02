"""Calls about transition requests.

The console begins with a list of them: what other calls answer is imported when they are made."""

from typing import TYPE_CHECKING

from tui_registry.client.transport import Transport
from tui_registry_server.wire.fields import Nothing
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.transition_request import InboxPage, InboxRequest

if TYPE_CHECKING:
    from tui_registry_server.wire.activity import Activity
    from tui_registry_server.wire.transition_review import TransitionReview


class Requests:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def inbox(self, *, name: str = "", max_results: int = 100, page_token: str = "") -> InboxPage:
        """Open requests on a model, or on all models, newest first."""
        return await self._transport.get(
            "/mlflow/transition-requests/list", InboxPage, name=name, max_results=max_results, page_token=page_token
        )

    async def of_version(self, name: str, version: str) -> list[InboxRequest]:
        """The open requests of one version."""
        page = await self._transport.get("/mlflow/transition-requests/list", InboxPage, name=name, version=version)
        return page.requests

    async def review(self, name: str, version: str, stage: Stage) -> "TransitionReview":
        """All that is needed to decide whether a version should move to a stage."""
        from tui_registry_server.wire.transition_review import TransitionReview

        return await self._transport.get(
            "/mlflow/transition-requests/review", TransitionReview, name=name, version=version, stage=stage.value
        )

    async def create(self, name: str, version: str, stage: Stage, comment: str) -> None:
        await self._transport.send(
            "POST",
            "/mlflow/transition-requests/create",
            Nothing,
            name=name,
            version=version,
            stage=stage,
            comment=comment,
        )

    async def approve(
        self, name: str, version: str, stage: Stage, *, archive_existing_versions: bool, comment: str
    ) -> "Activity":
        return await self._settle(
            "POST",
            "approve",
            name=name,
            version=version,
            stage=stage,
            archive_existing_versions=archive_existing_versions,
            comment=comment,
        )

    async def reject(self, name: str, version: str, stage: Stage, *, comment: str) -> "Activity":
        return await self._settle("POST", "reject", name=name, version=version, stage=stage, comment=comment)

    async def cancel(self, name: str, version: str, stage: Stage, *, creator: str, comment: str) -> "Activity":
        return await self._settle(
            "DELETE", "delete", name=name, version=version, stage=stage, creator=creator, comment=comment
        )

    async def _settle(self, method: str, verb: str, **body: object) -> "Activity":
        from tui_registry_server.wire.activity import ActivityAnswer

        answer = await self._transport.send(method, f"/mlflow/transition-requests/{verb}", ActivityAnswer, **body)
        return answer.activity
