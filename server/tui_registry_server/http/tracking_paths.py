"""Which paths are the tracking server's: those of MLflow's runs, experiments, logged models, traces, artifacts etc."""

import re

PASSED_ON = re.compile(
    r"""(?:/api|/ajax-api)/(?:2\.0(?:/preview)?|3\.0)
        (?: /mlflow/(?:experiments|runs|metrics|artifacts|logged-models|traces|assessments|datasets|scorers)
          | /mlflow-artifacts )
        (?:/.*)?
      | /v1/traces""",
    re.VERBOSE | re.DOTALL,
)
"""Paths that are not the registry's: in MLflow, each of these names is a resource of its tracking server."""


def is_passed_on(path: str) -> bool:
    """Whether a path, as it was sent, is the tracking server's. Paths with ``..`` or ``//`` are nobody's: each server
    resolves them in its own way."""
    return PASSED_ON.fullmatch(path) is not None and not {"..", ".", ""} & set(path.split("/")[1:])
