"""Calls about webhooks of either form, and about their deliveries."""

from collections.abc import Mapping
from typing import Any

from tui_registry.client.transport import Transport
from tui_registry_server.wire.fields import Nothing
from tui_registry_server.wire.mlflow_webhook import WebhookAnswer, WebhookPage
from tui_registry_server.wire.registry_webhook import (
    RegistryWebhook,
    RegistryWebhookAnswer,
    RegistryWebhookPage,
    RegistryWebhookStatus,
    RegistryWebhookTest,
)
from tui_registry_server.wire.webhook_delivery import ReplayedDeliveries, WebhookDeliveryPage
from tui_registry_server.wire.webhook_overview import WebhookOverview, WebhookOverviewPage

WEBHOOKS = "/mlflow/registry-webhooks"
MLFLOW_WEBHOOKS = "/mlflow/webhooks"
MLFLOW_FORM = "mlflow"


class Webhooks:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def page(self, model: str = "", page_token: str = "", max_results: int = 1000) -> RegistryWebhookPage:
        """Webhooks of a model or, without one, all that the caller may manage."""
        return await self._transport.get(
            f"{WEBHOOKS}/list", RegistryWebhookPage, model_name=model, page_token=page_token, max_results=max_results
        )

    async def all(self, model: str = "") -> list[RegistryWebhook]:
        found: list[RegistryWebhook] = []
        token = ""
        while True:
            page = await self.page(model, token)
            found += page.webhooks
            if not (token := page.next_page_token or ""):
                return found

    async def mlflow_page(self, page_token: str = "") -> WebhookPage:
        """Webhooks in MLflow's form, for administrators."""
        return await self._transport.get(MLFLOW_WEBHOOKS, WebhookPage, page_token=page_token, max_results=1000)

    async def overviews(self, model: str = "", page_token: str = "", max_results: int = 1000) -> WebhookOverviewPage:
        """Webhooks of either form, with what became of their deliveries, newest first."""
        return await self._transport.get(
            f"{WEBHOOKS}/overview",
            WebhookOverviewPage,
            model_name=model,
            page_token=page_token,
            max_results=max_results,
        )

    async def all_overviews(self, model: str = "") -> list[WebhookOverview]:
        found: list[WebhookOverview] = []
        token = ""
        while True:
            page = await self.overviews(model, token)
            found += page.webhooks
            if not (token := page.next_page_token or ""):
                return found

    async def find(self, webhook_id: str) -> WebhookOverview | None:
        """A webhook of either form that the caller may manage; None if there is none."""
        return next((each for each in await self.all_overviews() if each.id == webhook_id), None)

    async def create(self, fields: Mapping[str, Any]) -> RegistryWebhook:
        """``fields`` are those of CreateRegistryWebhook."""
        answer = await self._transport.send("POST", f"{WEBHOOKS}/create", RegistryWebhookAnswer, **fields)
        return answer.webhook

    async def update(self, webhook_id: str, fields: Mapping[str, Any]) -> RegistryWebhook:
        """``fields`` are those of UpdateRegistryWebhook."""
        answer = await self._transport.send(
            "PATCH", f"{WEBHOOKS}/update", RegistryWebhookAnswer, id=webhook_id, **fields
        )
        return answer.webhook

    async def set_status(self, webhook: WebhookOverview, status: RegistryWebhookStatus) -> None:
        if webhook.form == MLFLOW_FORM:
            await self._transport.send("PATCH", f"{MLFLOW_WEBHOOKS}/{webhook.id}", WebhookAnswer, status=status.value)
        else:
            await self.update(webhook.id, {"status": status.value})

    async def delete(self, webhook: WebhookOverview) -> None:
        if webhook.form == MLFLOW_FORM:
            await self._transport.send("DELETE", f"{MLFLOW_WEBHOOKS}/{webhook.id}", Nothing)
        else:
            await self._transport.send("DELETE", f"{WEBHOOKS}/delete", Nothing, id=webhook.id)

    async def test(self, webhook_id: str, event: str = "") -> RegistryWebhookTest:
        """Send an example of an event, by default of its first, and return the receiver's answer."""
        return await self._transport.send("POST", f"{WEBHOOKS}/test", RegistryWebhookTest, id=webhook_id, event=event)

    async def deliveries(
        self, webhook_id: str, status: str = "", page_token: str = "", max_results: int = 100
    ) -> WebhookDeliveryPage:
        """Deliveries, newest first."""
        return await self._transport.get(
            f"{WEBHOOKS}/deliveries",
            WebhookDeliveryPage,
            id=webhook_id,
            status=status,
            page_token=page_token,
            max_results=max_results,
        )

    async def replay(self, webhook_id: str, fields: Mapping[str, Any]) -> int:
        """Send deliveries again; how many. ``fields`` are those of ReplayDeliveries."""
        answer = await self._transport.send("POST", f"{WEBHOOKS}/replay", ReplayedDeliveries, id=webhook_id, **fields)
        return answer.replayed
