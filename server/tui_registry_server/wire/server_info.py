"""What a server says of itself, to anyone."""

from tui_registry_server.wire.fields import Entity


class Health(Entity):
    status: str


class ServerInfo(Entity):
    """``version`` is tui-registry's; ``mlflow_version`` the MLflow whose registry it answers like."""

    version: str
    mlflow_version: str


class DatabricksConfig(Entity):
    """What Databricks' SDK asks a host for before anything else: where to sign in by OAuth, empty for nowhere."""

    oidc_endpoint: str
