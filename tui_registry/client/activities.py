"""Calls about activities."""

from collections.abc import Sequence

from tui_registry.client.transport import Transport
from tui_registry_server.wire.activity import ActivityPage


class Activities:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def search(
        self,
        *,
        name: str = "",
        version: str = "",
        user: str = "",
        activity_type: Sequence[str] = (),
        since: int | None = None,
        until: int | None = None,
        max_results: int = 100,
        page_token: str = "",
    ) -> ActivityPage:
        """Activities of a version, of a model, or of all models, newest first; only of these types, if any are given;
        from ``since`` on and before ``until``, both in milliseconds since the epoch."""
        return await self._transport.get(
            "/mlflow/activities/list",
            ActivityPage,
            name=name,
            version=version,
            user=user,
            activity_type=list(activity_type) or None,
            **{"from": since, "to": until},
            max_results=max_results,
            page_token=page_token,
        )
