"""An administrator's day in a real terminal, against models that the real MLflow client registered."""

import uuid
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from mlflow import MlflowClient

from tests.live_registry import LiveRegistry
from tests.tui_registry.terminal import console

# MLflow calls stages deprecated with every use of them; they are what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore:.*transition_model_version_stage:FutureWarning")


@pytest.fixture
def requested(fresh_registry: LiveRegistry, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """A model with a version in Production and a request for the next to follow it; and one for Staging, newer."""
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", fresh_registry.admin_token)
    mlflow = MlflowClient(registry_uri=fresh_registry.url, tracking_uri=fresh_registry.url)
    risky, easy = f"credit-risk-{uuid.uuid4().hex[:6]}", f"churn-{uuid.uuid4().hex[:6]}"
    for name in (risky, easy):
        mlflow.create_registered_model(name, description="How likely it is.")
        for number in (1, 2):
            mlflow.create_model_version(name, source=f"s3://models/{name}/{number}", description=f"run {number}")
        mlflow.transition_model_version_stage(name, "1", "Production")
    workspace = WorkspaceClient(host=fresh_registry.url, token=fresh_registry.token("bob"))
    client = fresh_registry.client()
    with client:
        for name in (risky, easy):
            model = client.get("/mlflow/databricks/registered-models/get", params={"name": name}).json()
            entry = {"user_name": "bob", "permission_level": "CAN_READ"}
            client.patch(
                f"/permissions/registered-models/{model['registered_model_databricks']['id']}",
                json={"access_control_list": [entry]},
            ).raise_for_status()
    workspace.model_registry.create_transition_request(risky, "2", "Production", comment="AUC 0.91")
    workspace.model_registry.create_transition_request(easy, "2", "Staging", comment="for the pilot")
    return risky, easy


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)])
def test_approve_from_the_inbox(
    fresh_registry: LiveRegistry, requested: tuple[str, str], tmp_path: Path, columns: int, rows: int
) -> None:
    _, easy = requested
    access = {"TUI_REGISTRY_URL": fresh_registry.url, "TUI_REGISTRY_TOKEN": fresh_registry.admin_token}
    with console(home=tmp_path, columns=columns, rows=rows, access=access) as terminal:
        terminal.wait_for("for the pilot")
        terminal.press("a")
        terminal.wait_for("Approve this request?")
        assert terminal.pressed <= 3
        terminal.press("tab")
        terminal.type("go for the pilot")
        terminal.press("enter", "enter")
        terminal.wait_for("Approved by")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert_left_as_it_was(terminal.raw)
    with fresh_registry.client() as client:
        version = client.get("/mlflow/model-versions/get", params={"name": easy, "version": "2"}).json()
        assert version["model_version"]["current_stage"] == "Staging"
        done = client.get("/mlflow/activities/list", params={"name": easy, "version": "2"}).json()["activities"][0]
    assert done["activity_type"] == "APPROVED_REQUEST"
    assert done["comment"] == "go for the pilot"
    assert done["user_id"] != "bob"


def test_production_asks_for_the_models_name(
    fresh_registry: LiveRegistry, requested: tuple[str, str], tmp_path: Path
) -> None:
    risky, _ = requested
    access = {"TUI_REGISTRY_URL": fresh_registry.url, "TUI_REGISTRY_TOKEN": fresh_registry.admin_token}
    with console(home=tmp_path, access=access) as terminal, fresh_registry.client() as client:
        terminal.wait_for("for the pilot")
        terminal.press("down", "a")
        terminal.wait_for(f"Type {risky}")
        terminal.press("y")
        terminal.type("something else")
        terminal.press("enter")
        terminal.wait_for(f"That is not {risky}")
        wanted = {"name": risky, "version": "2"}
        before = client.get("/mlflow/model-versions/get", params=wanted).json()
        assert before["model_version"]["current_stage"] == "None"
        terminal.type("\x7f" * len("something else") + risky)
        terminal.press("enter")
        terminal.wait_for("Approved by")
        after = client.get("/mlflow/registered-models/get", params={"name": risky}).json()["registered_model"]
    stages = {version["version"]: version["current_stage"] for version in after["latest_versions"]}
    assert stages == {"1": "Archived", "2": "Production"}


def test_reject_from_the_models_page(fresh_registry: LiveRegistry, requested: tuple[str, str], tmp_path: Path) -> None:
    risky, _ = requested
    access = {"TUI_REGISTRY_URL": fresh_registry.url, "TUI_REGISTRY_TOKEN": fresh_registry.admin_token}
    with console(home=tmp_path, access=access) as terminal, fresh_registry.client() as client:
        terminal.wait_for("for the pilot")
        terminal.press("2", "/")
        terminal.type(risky)
        terminal.wait_for(f"Models matching “{risky}” (1)")
        terminal.press("enter")
        terminal.wait_for(f"Models › {risky}")
        terminal.wait_for("→ Production? bob")
        terminal.press("r")
        terminal.wait_for("Reject this request?")
        terminal.press("y")
        terminal.wait_for("Rejected")
        assert client.get("/mlflow/transition-requests/list").json()["requests"][0]["name"] != risky


def assert_left_as_it_was(raw: bytes) -> None:
    """The alternate screen is left, the cursor shown, and mouse, paste and focus reports are off, last of all."""
    for switch, wanted in {b"?1049": b"l", b"?25": b"h", b"?1000": b"l", b"?1003": b"l", b"?2004": b"l"}.items():
        on, off = raw.rfind(b"\x1b[" + switch + b"h"), raw.rfind(b"\x1b[" + switch + b"l")
        if max(on, off) >= 0:
            assert (on > off) == (wanted == b"h"), f"{switch!r} was left {'on' if on > off else 'off'}"
