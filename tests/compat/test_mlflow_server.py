"""The same calls to MLflow's own server and to this one: both answers, field by field, including omitted fields.

MLflow's handlers run in this process, on a store of their own. This shows what clients' objects do not: whether a field
is empty or missing. Except for times and users, which MLflow leaves empty, everything is compared.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.compat.mlflow_client import THEIR_WARNINGS
from tests.live_registry import LiveRegistry
from tests.server.api import Api
from tests.variants import variant

pytestmark = THEIR_WARNINGS

MODELS, VERSIONS = "/api/2.0/mlflow/registered-models", "/api/2.0/mlflow/model-versions"
S3 = "s3://bucket/folder/model"
PROMPT = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
NOT_COMPARED = {"user_id", "creation_timestamp", "last_updated_timestamp"}
WITH_ALIASES = {f"{VERSIONS}/get", f"{MODELS}/alias", f"{MODELS}/get-latest-versions"}
OTHER_CODES = {"INTERNAL_ERROR": {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}}
"""MLflow's error code, where it fails on an invalid request, and ours."""

Call = tuple[str, str, dict[str, Any]]


def version(method: str, path: str, number: int = 1, name: str = "a@b", **fields: Any) -> Call:
    return (method, f"{VERSIONS}/{path}", {"name": name, "version": str(number), **fields})


def new_version(name: str = "a@b", source: str = S3, **fields: Any) -> Call:
    return ("POST", f"{VERSIONS}/create", {"name": name, "source": source, **fields})


def new_model(name: str, **fields: Any) -> Call:
    return ("POST", f"{MODELS}/create", {"name": name, **fields})


HISTORY: list[Call] = [
    new_model("a@b"),
    new_model("described", description="what"),
    new_model("described empty", description=""),
    ("GET", f"{MODELS}/get", {"name": "described empty"}),
    ("PATCH", f"{MODELS}/update", {"name": "described", "description": ""}),
    ("PATCH", f"{MODELS}/update", {"name": "described"}),
    new_version(),
    version("GET", "get"),
    new_version(description="", run_id="", run_link=""),
    new_version(description="what", run_id="r1", run_link="https://host/r1", tags=[{"key": "k", "value": ""}]),
    version("POST", "transition-stage", 1, stage="production"),
    version("POST", "transition-stage", 2, stage="Staging", archive_existing_versions=False),
    ("POST", f"{MODELS}/alias", {"name": "a@b", "alias": "champion", "version": "1"}),
    ("GET", f"{MODELS}/alias", {"name": "a@b", "alias": "champion"}),
    ("GET", f"{MODELS}/get-latest-versions", {"name": "a@b"}),
    ("GET", f"{MODELS}/get", {"name": "a@b"}),
    ("GET", f"{MODELS}/search", {"filter": "name LIKE 'a%'"}),
    ("GET", f"{VERSIONS}/search", {"filter": "name = 'a@b'", "order_by": "version_number ASC"}),
    ("GET", f"{VERSIONS}/search", {"filter": "run_id = ''", "order_by": "version_number ASC"}),
    ("GET", f"{VERSIONS}/search", {"filter": "run_id != 'r1'", "order_by": "version_number ASC"}),
    version("PATCH", "update", 1, description="x"),
    version("PATCH", "update", 1, description=""),
    version("PATCH", "update", 1),
    version("GET", "get", 1),
    *(
        new_version("described", source)
        for source in (
            "models:/a@b/3",
            "models:/a@b/latest",
            "models:/a@b/Production",
            "models:/a@b/staging",
            "models:/a@b@champion",
            "models:/a@b/Archived",
            "models:/a@b/Prod",
            "models:/a@b/9",
            "models:/a@b@absent",
            "models:/a b/1",
            "models:/a%40b/1",
            "models://a@b/1",
            "models:/",
            "models:/a@b/1/2",
        )
    ),
    *(version("GET", "get-download-uri", number, "described") for number in range(1, 6)),
    ("GET", f"{VERSIONS}/search", {"filter": "name = 'described'", "order_by": "version_number ASC"}),
    new_model("a prompt", tags=PROMPT),
    new_model("a prompt"),
    new_model("a prompt", tags=PROMPT),
    new_model("a@b"),
    new_model("a@b", tags=PROMPT),
    ("POST", f"{MODELS}/rename", {"name": "a@b", "new_name": "a prompt"}),
    ("POST", f"{MODELS}/rename", {"name": "a@b", "new_name": "c@d"}),
    version("GET", "get", 2, "c@d"),
]


@pytest.fixture
def theirs(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """MLflow's own server, called without a network."""
    from mlflow.server import app, handlers
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore

    store = SqlAlchemyStore(f"sqlite:///{shutil.copy(empty_store, tmp_path)}")
    monkeypatch.setattr(handlers, "_model_registry_store", store)
    client: FlaskClient = app.test_client()
    return client


@pytest.fixture
def ours(fresh_registry: LiveRegistry) -> Iterator[Api]:
    with Api(fresh_registry.url, fresh_registry.admin_token) as api:
        yield api


def test_the_same_answers(theirs: FlaskClient, ours: Api) -> None:
    for method, path, fields in HISTORY:
        in_query, in_body = (fields, None) if method == "GET" else (None, fields)
        their = theirs.open(path, method=method, query_string=in_query, json=in_body).get_json()
        our = ours.call(method, path, fields).json
        if "error_code" in their:
            allowed = {their["error_code"]} | OTHER_CODES.get(their["error_code"], set())
            assert our.get("error_code") in allowed, (method, path, fields, their, our)
        else:
            has_aliases = path in WITH_ALIASES
            expected = comparable(their, has_aliases=has_aliases)
            assert comparable(our, has_aliases=has_aliases) == expected, (method, path, fields)


@pytest.mark.parametrize(("tags", "other"), [([], PROMPT), variant(PROMPT, [])], ids=["a model", "a prompt"])
def test_a_clash_is_reported_as_they_do(tags: list[Any], other: list[Any], theirs: FlaskClient, ours: Api) -> None:
    noun = "prompt" if tags else "registered model"
    _, path, fields = new_model("taken", tags=tags)
    assert theirs.post(path, json=fields).status_code == 200
    ours.post(path, **fields).ok()
    clash = fields | {"tags": other}
    assert f"already taken by a {noun}" in theirs.post(path, json=clash).get_json()["message"]
    assert f"already taken by a {noun}" in ours.post(path, **clash).refused(400, "RESOURCE_ALREADY_EXISTS")


def comparable(value: Any, *, has_aliases: bool) -> Any:
    """``has_aliases``: whether MLflow's versions have their aliases in this answer, as ours always have."""
    if isinstance(value, dict):
        left_out = NOT_COMPARED if has_aliases or "current_stage" not in value else NOT_COMPARED | {"aliases"}
        return {name: comparable(each, has_aliases=has_aliases) for name, each in value.items() if name not in left_out}
    return [comparable(each, has_aliases=has_aliases) for each in value] if isinstance(value, list) else value
