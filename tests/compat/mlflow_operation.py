"""One call of MLflow's client, as data; and its outcome, in a form that is comparable between two registries."""

import time
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

from tests.compat.mlflow_client import MlflowClient, MlflowException, as_sent, with_empty_texts

MAX_PAGES = 100  # of one search, in case that a registry never ends one


@dataclass(frozen=True)
class Operation:
    """A method of MlflowClient with its arguments. All pages of a search are read."""

    method: str
    arguments: dict[str, Any]

    def __repr__(self) -> str:
        return f"{self.method}({', '.join(f'{name}={_short(value)}' for name, value in self.arguments.items())})"


@dataclass(frozen=True)
class Refused:
    """The error code of MLflow's exception, or the name of any other."""

    code: str
    message: str = field(compare=False, default="")


Outcome = Any
"""An error, or what the method returned: entities as dictionaries, searches as lists of pages."""


class Side:
    """A client of one of the two registries.

    Two registries do not do the same thing in the same millisecond, so a time is replaced by the number of the
    operation during which it was. Operations are at least a millisecond apart, so that each time belongs to only one.
    """

    def __init__(self, client: MlflowClient, *, converts: bool) -> None:
        """``converts``: whether the client uses MLflow's store without a server, so that its results have to be
        converted to their form on the wire, and omitted fields of a version are empty, as the server sends them."""
        self.client = client
        if converts:
            store = client._get_registry_client().store
            store.create_model_version = with_empty_texts(store.create_model_version)
        self._converts = converts
        self._ends = [_now()]

    def perform(self, operation: Operation) -> Outcome:
        while _now() <= self._ends[-1]:
            time.sleep(0.0005)
        try:
            outcome = self._call(operation)
        except MlflowException as error:
            return Refused(error.error_code, str(error))
        except Exception as error:  # exceptions that MLflow raises to its callers are outcomes, too
            return Refused(type(error).__name__, str(error))
        finally:
            self._ends.append(_now())
        return self._plain(outcome)

    def clear(self) -> None:
        """Delete every model, prompts too, and count operations from the start."""
        store = self.client._get_registry_client().store  # the client itself deletes no prompts
        for filter_string in (None, "tags.`mlflow.prompt.is_prompt` = 'true'"):
            for model in store.search_registered_models(filter_string, max_results=1000):
                store.delete_registered_model(model.name)
        self._ends = [_now()]

    def _call(self, operation: Operation) -> Any:
        method = getattr(self.client, operation.method)
        if not operation.method.startswith("search_"):
            return method(**operation.arguments)
        page = method(**operation.arguments)
        pages = [page]
        while page.token and len(pages) < MAX_PAGES:
            page = method(**(operation.arguments | {"page_token": page.token}))
            pages.append(page)
        return [list(page) for page in pages]

    def _plain(self, value: Any, field_name: str = "") -> Any:
        if hasattr(value, "to_proto"):
            entity = as_sent(value) if self._converts else value
            return {name: self._plain(each, name) for name, each in entity}
        if isinstance(value, dict):
            return {name: self._plain(each) for name, each in value.items()}
        if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
            return bisect_left(self._ends, value) if field_name.endswith("_timestamp") else value
        return [self._plain(each) for each in value]


def _now() -> int:
    return time.time_ns() // 1_000_000


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:40]}...{len(text)} characters"
