"""Calls about federation rules: whose tokens are exchanged for those of a service principal; for administrators."""

from urllib.parse import quote

from tui_registry.client.transport import Transport
from tui_registry_server.wire.fields import Nothing
from tui_registry_server.wire.oauth import FederationRule, FederationRuleAnswer, FederationRules

RULES = "/federation-rules"


class FederationRuleCalls:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def all(self) -> list[FederationRule]:
        """By service principal."""
        return (await self._transport.get(RULES, FederationRules)).federation_rules

    async def create(self, *, application_id: str, issuer: str, subject: str, audience: str) -> FederationRule:
        answer = await self._transport.send(
            "POST",
            RULES,
            FederationRuleAnswer,
            application_id=application_id,
            issuer=issuer,
            subject=subject,
            audience=audience,
        )
        return answer.federation_rule

    async def delete(self, rule_id: str) -> None:
        """Delete it, and revoke the access tokens that it gave."""
        await self._transport.send("DELETE", f"{RULES}/{quote(rule_id, safe='')}", Nothing)
