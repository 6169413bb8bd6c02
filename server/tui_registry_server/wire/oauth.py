"""OAuth 2.0 for programs: client secrets, federation rules, access tokens; and how people sign in.

Secrets are as Databricks' clients have them: times are texts (RFC 3339), lifetimes such as ``86400s``.
"""

from typing import Annotated

from pydantic import Field

from tui_registry_server.wire.fields import Entity, RequestBody, Text
from tui_registry_server.wire.lists import MAX_SCOPES, MaxLength

MAX_SECRET_LIFETIME = 730 * 24 * 60 * 60  # seconds, and what a secret has by default

ALL_APIS = "all-apis"
"""The only scope: a token may do what its service principal may."""

Lifetime = Annotated[Text, Field(pattern=r"^[0-9]{1,10}s$", examples=["86400s"])]


class ServicePrincipalId(RequestBody):
    """``service_principal_id``: SCIM's id of it, not its application id."""

    service_principal_id: Text


class CreateClientSecret(ServicePrincipalId):
    """``lifetime``: at most, and by default, two years. ``scopes``: only ``all-apis`` is known."""

    lifetime: Lifetime | None = None
    scopes: Annotated[list[Text], MaxLength(MAX_SCOPES)] = []


class ClientSecretId(ServicePrincipalId):
    secret_id: Text


class ClientSecret(Entity):
    """``secret_hash``: the SHA-256 of the secret, in hex. ``status`` is ACTIVE, or EXPIRED."""

    id: str
    secret_hash: str
    status: str
    create_time: str
    update_time: str
    expire_time: str
    last_used_time: str | None = None


class CreatedClientSecret(ClientSecret):
    """``secret`` is shown only once."""

    secret: str


class ClientSecrets(Entity):
    secrets: list[ClientSecret] = []


class FederationRule(Entity):
    """Tokens of ``issuer`` for ``audience`` whose subject matches ``subject``, where ``*`` stands for any characters,
    are exchanged for access tokens of a service principal. ``creation_time``: milliseconds since the epoch."""

    id: str
    application_id: str
    issuer: str
    subject: str
    audience: str
    created_by: str
    creation_time: int


class CreateFederationRule(RequestBody):
    application_id: Text
    issuer: Annotated[Text, Field(max_length=500)]
    subject: Annotated[Text, Field(max_length=500)]
    audience: Annotated[Text, Field(min_length=1, max_length=500)]


class FederationRuleId(RequestBody):
    id: Text


class FederationRuleAnswer(Entity):
    federation_rule: FederationRule


class FederationRules(Entity):
    federation_rules: list[FederationRule] = []


class TokenRequest(RequestBody):
    """A form (RFC 6749, 4.4; RFC 8693, 2.1). A client authenticates by it, or by Basic authentication."""

    grant_type: Text
    scope: Text | None = None
    client_id: Text | None = None
    client_secret: Text | None = None
    subject_token: Text | None = None
    subject_token_type: Text | None = None


class AccessToken(Entity):
    """``expires_in``: seconds."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str
    issued_token_type: str | None = None


class OAuthError(Entity):
    """An error of the token endpoint (RFC 6749, 5.2)."""

    error: str
    error_description: str


class AuthorizationServer(Entity):
    """What OAuth clients have to know (RFC 8414)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    grant_types_supported: list[str]
    response_types_supported: list[str]
    scopes_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]


class OpenIdSignInOffer(Entity):
    """How people sign in with the company's OpenID provider: by this public client, and with these scopes. ``token``:
    which of the tokens that they get is accepted here."""

    issuer: str
    client_id: str
    scope: str
    token: str


class SignInOffer(Entity):
    """How to sign in here. Access tokens are always accepted."""

    openid: OpenIdSignInOffer | None = None
