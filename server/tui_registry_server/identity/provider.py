"""An OpenID provider whose tokens are accepted, as the operator names it."""

from dataclasses import dataclass

from tui_registry_server.rules.identity import ClaimPolicy


@dataclass(frozen=True, slots=True)
class OpenIdProvider:
    """``client_id``: of tui-registry, public and without a secret. ``audience``: what tokens must be for."""

    client_id: str
    audience: str
    policy: ClaimPolicy

    @property
    def issuer(self) -> str:
        return self.policy.issuer
