"""Unmodified clients over TLS, with the certificate of a private authority: they trust it by their own settings, and
not without these."""

from collections.abc import Iterator

import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config

from tests.certificates import Files, issue
from tests.compat.mlflow_client import THEIR_WARNINGS, MlflowClient, MlflowException
from tests.live_registry import LiveRegistry, serving

pytestmark = THEIR_WARNINGS


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return issue(tmp_path_factory.mktemp("certificates"), "server")


@pytest.fixture(scope="module")
def secure(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with serving(tmp_path_factory.mktemp("secure"), *files.options, verify=files.authority) as live:
        yield live


def test_mlflow(secure: LiveRegistry, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", secure.admin_token)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    client = MlflowClient(secure.url, secure.url)
    with pytest.raises(MlflowException, match="CERTIFICATE_VERIFY_FAILED"):
        client.create_registered_model("by mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", files.authority)
    client.create_registered_model("by mlflow")
    version = client.create_model_version("by mlflow", "s3://bucket/model")
    moved = client.transition_model_version_stage("by mlflow", version.version, "Production")
    assert moved.current_stage == "Production"


def test_databricks(secure: LiveRegistry, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def workspace() -> WorkspaceClient:
        return WorkspaceClient(config=Config(host=secure.url, token=secure.admin_token, retry_timeout_seconds=1))

    with pytest.raises((requests.exceptions.SSLError, TimeoutError)):
        workspace().model_registry.create_model("by databricks")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", files.authority)
    client = workspace()
    client.model_registry.create_model("by databricks")
    assert [each.name for each in client.model_registry.list_models()].count("by databricks") == 1
