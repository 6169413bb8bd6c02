"""Public information about a server."""

from tui_registry_server.wire.fields import Entity


class Health(Entity):
    status: str


class ServerInfo(Entity):
    """``version`` is tui-registry's; ``mlflow_version`` the MLflow version that it is compatible with. MLflow's clients
    name a workspace only to servers with ``workspaces_enabled``."""

    version: str
    mlflow_version: str
    workspaces_enabled: bool = True


class DatabricksConfig(Entity):
    """What Databricks' SDK requests from a host first: the URL for signing in by OAuth; empty if the request did not
    say by which name the host is known."""

    oidc_endpoint: str
