"""Which calls are the tracking server's: those of MLflow's runs, experiments, logged models, traces, artifacts etc."""

import re
from urllib.parse import unquote

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")

_PASSED_ON = re.compile(
    r"""(?:/api|/ajax-api)/(?:2\.0(?:/preview)?|3\.0)
        (?: /mlflow/(?:experiments|runs|metrics|artifacts|logged-models|traces|assessments|datasets|scorers)
          | /mlflow-artifacts )
        (?:/[A-Za-z0-9._~!$&'()*+,=:@%-]+)*
      | /v1/traces""",
    re.VERBOSE,
)
"""Paths as they are sent. In MLflow, each of these names is a resource of its tracking server."""
_ACCOUNTS = re.compile(r".*/mlflow/[a-z-]+/permissions(?:/.*)?", re.IGNORECASE | re.DOTALL)
"""Resources of MLflow's accounts below those: who may do what with an experiment."""
_DECODINGS = 3  # by servers and proxies on the way
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")


def is_passed_on(raw_path: str) -> bool:
    """Whether a path, as it was sent, is the tracking server's. Paths that a server could read as another one, which
    begins elsewhere, are nobody's: with dots as segments, empty segments, backslashes, control characters."""
    if _PASSED_ON.fullmatch(raw_path) is None:
        return False
    path = raw_path
    for _ in range(_DECODINGS):
        segments = (each.partition(";")[0].strip() for each in path.split("/")[1:])
        if _CONTROL.search(path) or _ACCOUNTS.fullmatch(path) or any(each in {"", ".", ".."} for each in segments):
            return False
        if (decoded := unquote(path)) == path:
            return True
        path = decoded
    return False
