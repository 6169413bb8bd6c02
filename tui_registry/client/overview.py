"""The call for the overview."""

from collections.abc import Sequence

from tui_registry.client.transport import Transport
from tui_registry_server.wire.overview import RegistryOverview
from tui_registry_server.wire.overview_defaults import EXPIRY_DAYS, OLD_DAYS


class Overview:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def get(
        self, day_start: Sequence[int] = (), *, production_days: int = OLD_DAYS, token_days: int = EXPIRY_DAYS
    ) -> RegistryOverview:
        """What the caller may see, counted. ``day_start``: when the days begin whose transitions are counted, in
        milliseconds since the epoch; the last 14 in UTC without any. Versions in Production are counted from
        ``production_days`` of age on, tokens that expire within ``token_days``."""
        return await self._transport.get(
            "/mlflow/registry/overview",
            RegistryOverview,
            day_start=list(day_start) or None,
            production_days=production_days,
            token_days=token_days,
        )
