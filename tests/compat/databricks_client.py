"""Databricks' SDK as users have it, and its APIs that this registry serves."""

from databricks.sdk import WorkspaceClient

from tests.live_registry import LiveRegistry

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


def workspace(registry: LiveRegistry, token: str | None = None) -> WorkspaceClient:
    """The client with this token, by default the administrator's."""
    return WorkspaceClient(host=registry.url, token=token or registry.admin_token)
