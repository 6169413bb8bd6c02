"""The options of ``serve`` that name an OpenID provider."""

from collections.abc import Callable
from typing import Any

import click

from tui_registry_server.identity.provider import SCOPE, OpenIdProvider
from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.identity import ClaimPolicy, Provisioning, UserClaim, check_issuer

_OPTIONS = (
    click.option(
        "--oidc-issuer",
        metavar="URL",
        help="Accept the tokens of this OpenID provider: the URL that they name as 'iss'. Its keys are found there.",
    ),
    click.option(
        "--oidc-client-id", metavar="ID", help="The public client that is registered there, for tui-registry login."
    ),
    click.option("--oidc-audience", metavar="NAME", help="The 'aud' of accepted tokens, if it is not the client's id."),
    click.option(
        "--oidc-user-claim",
        type=click.Choice([each.value for each in UserClaim]),
        default=UserClaim.EMAIL.value,
        show_default=True,
        help="The claim that is the user's name here.",
    ),
    click.option(
        "--oidc-groups-claim",
        metavar="CLAIM",
        default="groups",
        show_default=True,
        help="The claim with the names of the user's groups.",
    ),
    click.option(
        "--oidc-provisioning",
        type=click.Choice([each.value for each in Provisioning]),
        default=Provisioning.SIGN_IN.value,
        show_default=True,
        help="Who makes users and groups: their first sign-in, or SCIM only.",
    ),
    click.option(
        "--oidc-scope",
        metavar="TEXT",
        default=SCOPE,
        show_default=True,
        help="What tui-registry login asks the provider for; some give groups for the scope 'groups' only.",
    ),
    click.option("--oidc-admin-group", metavar="NAME", help="The provider's group whose members are administrators."),
)


def openid_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def openid_provider(
    *,
    issuer: str | None,
    client_id: str | None,
    audience: str | None,
    groups_claim: str,
    user_claim: str,
    provisioning: str,
    scope: str,
    admin_group: str | None,
) -> OpenIdProvider | None:
    """The provider that the options name, if they do. Raises click's errors of usage."""
    if issuer is None or client_id is None:
        if (issuer, client_id, audience, admin_group) != (None, None, None, None):
            raise click.UsageError("--oidc-issuer and --oidc-client-id go together, and the other options need them.")
        return None
    try:
        check_issuer(issuer)
    except InvalidParameterValue as error:
        raise click.BadParameter(error.message, param_hint="--oidc-issuer") from None
    policy = ClaimPolicy(issuer, UserClaim(user_claim), groups_claim, Provisioning(provisioning), admin_group)
    return OpenIdProvider(client_id, audience or client_id, policy, scope)
