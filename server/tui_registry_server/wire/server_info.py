"""What a server says of itself, to anyone."""

from tui_registry_server.wire.fields import Entity


class Health(Entity):
    status: str


class ServerInfo(Entity):
    """``version`` is tui-registry's; ``mlflow_version`` the MLflow whose registry it answers like."""

    version: str
    mlflow_version: str
