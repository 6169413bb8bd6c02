"""MLflow as users have it, with its warnings ignored; and the results of its own registry in their form on the wire."""

import os
import warnings
from collections.abc import Callable
from inspect import signature
from typing import Any, TypeVar

import pytest

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # read when MLflow is imported

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # deprecated features of libraries that MLflow uses; MLflow's to fix
    import mlflow
    import mlflow.pyfunc
    import mlflow.sklearn
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore

__all__ = [
    "THEIR_WARNINGS",
    "MlflowClient",
    "MlflowException",
    "SqlAlchemyStore",
    "as_sent",
    "mlflow",
    "with_empty_texts",
]

T = TypeVar("T")

THEIR_WARNINGS = [
    pytest.mark.filterwarnings(f"ignore::{category}") for category in ("DeprecationWarning", "FutureWarning")
]
"""For ``pytestmark``: MLflow warns of its own stages and of its libraries, and leaves connections open."""


def as_sent(entity: T) -> T:
    """An entity of MLflow's store as a client of MLflow's server gets it, by MLflow's own conversion.

    It makes versions strings, and None values of the store empty; nothing else is changed.
    """
    its: Any = entity
    if isinstance(its, list):
        return [as_sent(each) for each in its]  # type: ignore[return-value]  # a list as it was, of the same things
    sent: T = type(its).from_proto(its.to_proto())
    return sent


def with_empty_texts(create: Callable[..., Any]) -> Callable[..., Any]:
    """``create_model_version`` of MLflow's store as MLflow's server calls it: with empty texts for omitted fields,
    where the store alone has None. test_mlflow_server.py tests that the server does so."""

    def create_as_the_server(*positional: Any, **named: Any) -> Any:
        arguments = signature(create).bind(*positional, **named).arguments
        unset = {name: "" for name in ("run_id", "run_link", "description") if arguments.get(name) is None}
        return create(**(arguments | unset))

    return create_as_the_server
