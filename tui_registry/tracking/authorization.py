"""As whom the tracking server is asked: by MLflow's own variables, and never by the registry's token."""

import base64
from collections.abc import Mapping

from tui_registry.client.transport import authorization as bearer


def authorization(environment: Mapping[str, str], *, registry_token: str) -> str | None:
    """The header's value, or None: MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD if both are set, else
    MLFLOW_TRACKING_TOKEN.

    MLflow's clients send that token to the registry, too, so it may be the registry's; then it is kept back.
    """
    user, password = environment.get("MLFLOW_TRACKING_USERNAME"), environment.get("MLFLOW_TRACKING_PASSWORD")
    token = environment.get("MLFLOW_TRACKING_TOKEN")
    if user and password:
        if password == registry_token:
            return None
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    if token and token != registry_token:
        return bearer(token)
    return None
