"""An OpenID provider whose tokens are accepted, as the operator names it."""

from dataclasses import dataclass

from tui_registry_server.rules.identity import ClaimPolicy

SCOPE = "openid profile email offline_access"
"""What every provider knows: for the user's name, and for refresh tokens."""


@dataclass(frozen=True, slots=True)
class OpenIdProvider:
    """``client_id``: of tui-registry, public and without a secret. ``audience``: what tokens must be for. ``scope``:
    what clients ask the provider for."""

    client_id: str
    audience: str
    policy: ClaimPolicy
    scope: str = SCOPE

    @property
    def issuer(self) -> str:
        return self.policy.issuer
