"""What a tracking server is asked for, when, and how often."""

import random
import re
from typing import NamedTuple

from tui_registry_server.rules.model_uris import logged_model_id

FIRST_RETRY = 2.0  # seconds; doubled with every attempt
LONGEST_RETRY = 60 * 60.0  # seconds
MAX_ATTEMPTS = 180  # a week: the first 12 take two hours
MAX_ATTEMPTS_IF_MISSING = 3  # a logged model is there before it is registered
JITTER = 0.2  # of a delay, at most, so that what failed together is not retried together

_MODEL_ID = re.compile("m-[0-9a-f]{32}")
_RUN_ID = re.compile("[a-zA-Z0-9][a-zA-Z0-9_-]{0,255}")
"""MLflow's own pattern. A version may have anything else as its run: nobody is asked for that."""


class Origin(NamedTuple):
    """What a version is traced back to: a logged model, a run, or both; "" for what is not known."""

    model_id: str
    run_id: str

    def __bool__(self) -> bool:
        return bool(self.model_id or self.run_id)


class RunLookup(NamedTuple):
    """What the tracking server said about a logged model. ``run_id``: "" if it has none. ``problem``: why it could not
    be said."""

    run_id: str = ""
    problem: str = ""


def origin(storage_location: str, given_model_id: str | None, run_id: str | None) -> Origin:
    """The origin of a version whose artifacts are there. MLflow's clients name the logged model in the source, and some
    also beside it; of a copy, the source of the version that it is a copy of is its storage location."""
    model_id = logged_model_id(storage_location) or given_model_id or ""
    return Origin(model_id if _MODEL_ID.fullmatch(model_id) else "", run_id if run_id and is_run_id(run_id) else "")


def is_run_id(text: str) -> bool:
    return _RUN_ID.fullmatch(text) is not None


def retry_delay(attempts: int, *, missing: bool = False) -> float | None:
    """Seconds until the next attempt after so many, or None if there is none. ``missing``: whether the tracking server
    knows nothing of it."""
    if attempts >= (MAX_ATTEMPTS_IF_MISSING if missing else MAX_ATTEMPTS):
        return None
    delay = min(LONGEST_RETRY, FIRST_RETRY * 2.0 ** min(attempts - 1, 20))
    return delay * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  # no secret
