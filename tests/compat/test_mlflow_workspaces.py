"""Workspaces by MLflow's client, unmodified (3.10 or newer)."""

from collections.abc import Iterator

import pytest

from tests.compat.mlflow_client import THEIR_WARNINGS, MlflowClient, MlflowException, mlflow
from tests.live_registry import LiveRegistry, serving

pytestmark = THEIR_WARNINGS


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with serving(tmp_path_factory.mktemp("workspaces")) as registry:
        yield registry


@pytest.fixture
def client(live: LiveRegistry, monkeypatch: pytest.MonkeyPatch) -> Iterator[MlflowClient]:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", live.admin_token)
    monkeypatch.setenv("MLFLOW_WORKSPACE", "default")  # set_workspace sets it, too
    mlflow.set_tracking_uri(live.url)
    mlflow.set_registry_uri(live.url)
    yield MlflowClient(tracking_uri=live.url, registry_uri=live.url)
    mlflow.set_workspace(None)
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


def test_all_calls(client: MlflowClient) -> None:
    made = mlflow.create_workspace("team-a", description="ours")
    assert (made.name, made.description) == ("team-a", "ours")
    with pytest.raises(MlflowException, match="already exists") as raised:
        mlflow.create_workspace("team-a")
    assert raised.value.error_code == "RESOURCE_ALREADY_EXISTS"
    assert mlflow.update_workspace("team-a", description="theirs").description == "theirs"
    assert mlflow.get_workspace("team-a").description == "theirs"
    assert [each.name for each in mlflow.list_workspaces()] == ["default", "team-a"]
    with pytest.raises(MlflowException, match="not found"):
        mlflow.get_workspace("team-b")
    mlflow.delete_workspace("team-a")
    assert [each.name for each in mlflow.list_workspaces()] == ["default"]
    with pytest.raises(MlflowException, match="reserved"):
        mlflow.delete_workspace("default")


def test_models_are_apart(client: MlflowClient) -> None:
    """The same name in two workspaces, and prompts, too."""
    mlflow.create_workspace("team-a")
    for workspace, description in (("default", "of all"), ("team-a", "of the team")):
        mlflow.set_workspace(workspace)
        client.create_registered_model("churn", description=description)
        client.create_model_version("churn", f"s3://{workspace}/churn")
        client.set_registered_model_alias("churn", "champion", "1")
        mlflow.genai.register_prompt(f"hello-{workspace}", "Hello {{name}}")
    for workspace, description in (("default", "of all"), ("team-a", "of the team")):
        mlflow.set_workspace(workspace)
        assert [each.description for each in client.search_registered_models()] == [description]
        assert [each.source for each in client.search_model_versions()] == [f"s3://{workspace}/churn"]
        assert client.get_model_version_by_alias("churn", "champion").source == f"s3://{workspace}/churn"
        assert [each.name for each in mlflow.genai.search_prompts()] == [f"hello-{workspace}"]
    with pytest.raises(MlflowException, match="has models"):
        mlflow.delete_workspace("team-a")
    mlflow.set_workspace("default")
    mlflow.delete_workspace("team-a", mode="CASCADE")
    assert [each.description for each in client.search_registered_models()] == ["of all"]
    mlflow.set_workspace("team-a")
    with pytest.raises(MlflowException, match="Workspace 'team-a' not found"):
        client.search_registered_models()


def test_who_may_not_use_it(client: MlflowClient, live: LiveRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow.create_workspace("private")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", live.token("ann"))
    assert [each.name for each in mlflow.list_workspaces()] == ["default"]
    mlflow.set_workspace("private")
    with pytest.raises(MlflowException, match="Workspace 'private' not found"):
        client.create_registered_model("m")
    with pytest.raises(MlflowException, match="group 'admins'"):
        mlflow.create_workspace("mine")
