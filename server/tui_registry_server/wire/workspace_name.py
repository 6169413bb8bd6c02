"""How requests name a workspace. Apart from the entities, so that what only names one need not import them."""

import re

HEADER = "X-MLFLOW-WORKSPACE"
"""The header of a request that names its workspace. Without it, requests are about the default one."""

DEFAULT_NAME = "default"

MAX_NAME_LENGTH = 63
NAME_PATTERN = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
RESERVED_NAMES = frozenset({"workspaces", "api", "ajax-api", "static-files"})

_NAME = re.compile(NAME_PATTERN)


def is_workspace_name(value: object) -> bool:
    """Whether it can be the name of a workspace, as in MLflow; that of the default one is one, too."""
    return (
        isinstance(value, str)
        and 2 <= len(value) <= MAX_NAME_LENGTH
        and bool(_NAME.fullmatch(value))
        and value not in RESERVED_NAMES
    )
