"""MLflow's own journey: train, register, add versions, transition, alias, load again by every kind of URI.

The same history goes to MLflow's own store, and what a user then prints of it must be the same text, except

- times, which are replaced: the two histories did not happen in the same milliseconds;
- who created a version, which MLflow leaves empty and this registry records.
"""

import re
import shutil
from pathlib import Path
from pprint import pformat

import pytest

from tests.compat.conftest import LoggedRun
from tests.compat.mlflow_client import THEIR_WARNINGS, MlflowClient, SqlAlchemyStore, as_sent, mlflow, with_empty_texts
from tests.live_registry import ADMIN, LiveRegistry
from tests.variants import variant

pytestmark = THEIR_WARNINGS

NAME = "slopes"


def register(runs: list[LoggedRun]) -> None:
    """All ways to register a version, then stages, aliases, tags and descriptions."""
    client = MlflowClient()
    mlflow.register_model(f"runs:/{runs[0].run_id}/model", NAME)
    mlflow.register_model(f"runs:/{runs[1].run_id}/model", NAME, tags={"slope": "3"})
    client.create_model_version(NAME, runs[2].artifact_uri, run_id=runs[2].run_id, description="the steepest")
    mlflow.register_model(f"runs:/{runs[1].run_id}/model", NAME)
    mlflow.register_model(f"runs:/{runs[2].run_id}/model", "another model")
    client.transition_model_version_stage(NAME, "1", "Production")
    client.transition_model_version_stage(NAME, "2", "production", archive_existing_versions=True)
    client.transition_model_version_stage(NAME, "3", "Staging")
    client.set_registered_model_alias(NAME, "champion", "1")
    client.set_registered_model_alias(NAME, "challenger", "3")
    client.set_registered_model_tag(NAME, "task", "regression")
    client.set_model_version_tag(NAME, "3", "checked", "yes")
    client.update_registered_model(NAME, "Straight lines")
    client.update_model_version(NAME, "1", "the first")


EXPECTED_SLOPES = {
    "1": 2.0,
    "3": 5.0,
    "4": 3.0,
    "latest": 3.0,
    "None": 3.0,
    "production": 3.0,
    "Staging": 5.0,
    "archived": 2.0,
}


def printed() -> list[str]:
    """The output of printing the versions of one model, and all models."""
    client = MlflowClient()
    versions = client.search_model_versions(f"name='{NAME}'")
    models = client.search_registered_models()
    alone = [client.get_registered_model(NAME), client.get_model_version(NAME, "3")]
    latest = client.get_latest_versions(NAME)
    lines = [pformat(dict(as_sent(each))) for each in (*models, *alone, *latest)]
    listed = [as_sent(each) for each in versions]
    listed += [version for each in models for version in as_sent(each).latest_versions]
    lines += [
        pformat(dict(version) | {"aliases": None}) for version in listed
    ]  # see WITH_ALIASES in intended_differences
    text = re.sub(r"(<ModelVersion: aliases=)\[[^]]*\]", r"\1None", "\n".join(lines))
    text = re.sub(r"(_timestamp(?:=|': ))\d+", r"\1<time>", text)
    return re.sub(rf"(user_id(?:=|': ))'{ADMIN}'", r"\1''", text).splitlines()


@pytest.mark.parametrize("by", ["token", variant("user name and password")])
def test_register_and_load(
    by: str,
    fresh_registry: LiveRegistry,
    logged_runs: list[LoggedRun],
    mlflow_environment: pytest.MonkeyPatch,
    empty_store: Path,
    tmp_path: Path,
) -> None:
    mlflow_environment.setenv("MLFLOW_REGISTRY_URI", f"sqlite:///{shutil.copy(empty_store, tmp_path)}")
    with pytest.MonkeyPatch.context() as as_a_server:
        as_a_server.setattr(
            SqlAlchemyStore, "create_model_version", with_empty_texts(SqlAlchemyStore.create_model_version)
        )
        register(logged_runs)
    expected = printed()

    mlflow_environment.setenv("MLFLOW_REGISTRY_URI", fresh_registry.url)
    if by == "token":
        mlflow_environment.setenv("MLFLOW_TRACKING_TOKEN", fresh_registry.admin_token)
    else:
        mlflow_environment.setenv("MLFLOW_TRACKING_USERNAME", ADMIN)
        mlflow_environment.setenv("MLFLOW_TRACKING_PASSWORD", fresh_registry.admin_token)
    register(logged_runs)

    slopes = {f"/{reference}": slope for reference, slope in EXPECTED_SLOPES.items()}
    for reference, slope in (slopes | {"@champion": 2.0, "@challenger": 5.0}).items():
        uri = f"models:/{NAME}{reference}"
        assert mlflow.sklearn.load_model(uri).predict([[10.0]]) == pytest.approx([10 * slope]), uri
        assert mlflow.pyfunc.load_model(uri).predict([[10.0]]) == pytest.approx([10 * slope]), uri
    assert printed() == expected
    assert {version.user_id for version in MlflowClient().search_model_versions()} == {ADMIN}
