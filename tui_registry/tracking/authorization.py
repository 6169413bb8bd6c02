"""Credentials for the tracking server: from MLflow's own variables, and never the registry's token."""

import base64
from collections.abc import Mapping

from tui_registry.client.access_token import clean
from tui_registry.client.transport import authorization as bearer


def authorization(environment: Mapping[str, str], *, registry_token: str) -> str | None:
    """The value of the Authorization header, or None: MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD if both are
    set, else MLFLOW_TRACKING_TOKEN.

    MLflow's clients send that token to the registry, too, so it may be the registry's; then it is not used. Raises
    TokenError.
    """
    user, password = (_line(environment, f"MLFLOW_TRACKING_{name}") for name in ("USERNAME", "PASSWORD"))
    token = clean(environment.get("MLFLOW_TRACKING_TOKEN", ""), "MLFLOW_TRACKING_TOKEN")
    if user and password:
        if password == registry_token:
            return None
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    if token and token != registry_token:
        return bearer(token)
    return None


def _line(environment: Mapping[str, str], variable: str) -> str:
    """The value of a variable, without a line end from the file that it may come from. Spaces stay: a password may
    start or end with one."""
    return environment.get(variable, "").rstrip("\r\n")
