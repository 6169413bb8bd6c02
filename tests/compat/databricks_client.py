"""Databricks' SDK as users have it, and its APIs that this registry serves."""

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.iam import ComplexValue, Patch, PatchOp, PatchSchema

from tests.live_registry import ADMIN, LiveRegistry

NOT_SERVED = {
    "users": {
        # Passwords: this registry has none.
        "get_permission_levels",
        "get_permissions",
        "set_permissions",
        "update_permissions",
    },
}
"""Methods of the APIS that are not served, with the reason."""

APIS = (
    "current_user",
    "groups",
    "model_registry",
    "service_principal_secrets_proxy",
    "service_principals",
    "token_management",
    "tokens",
    "users",
)
"""The names of the served APIs in WorkspaceClient."""


class Workspace:
    """The client of a registry, by default as an administrator with the name ``admin``."""

    admin = ADMIN
    auth_type = "pat"

    def __call__(self, registry: LiveRegistry, token: str | None = None) -> WorkspaceClient:
        """The client with this token, by default the administrator's."""
        return WorkspaceClient(host=registry.url, token=token or registry.admin_token)


class SecretWorkspace(Workspace):
    """The administrator is a service principal, which signs in with its id and a secret (OAuth M2M)."""

    admin = "a program with a secret"
    auth_type = "oauth-m2m"

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}  # by database: each registry has its own

    def __call__(self, registry: LiveRegistry, token: str | None = None) -> WorkspaceClient:
        if token is not None:
            return super().__call__(registry, token)
        if registry.database not in self._secrets:
            self._secrets[registry.database] = self._made(super().__call__(registry))
        secret = self._secrets[registry.database]
        return WorkspaceClient(host=registry.url, client_id=self.admin, client_secret=secret)

    def _made(self, client: WorkspaceClient) -> str:
        program_id = str(client.service_principals.create(application_id=self.admin).id)
        (admins,) = client.groups.list(filter='displayName eq "admins"')
        client.groups.patch(
            str(admins.id),
            operations=[Patch(op=PatchOp.ADD, path="members", value=[ComplexValue(value=program_id).as_dict()])],
            schemas=[PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP],
        )
        return str(client.service_principal_secrets_proxy.create(program_id).secret)
