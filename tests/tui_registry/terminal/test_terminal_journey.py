"""From MLflow's own client to a decision by real keys in a real terminal, and back to what that client then sees."""

import re
import uuid

import pytest

from tests.compat.mlflow_client import THEIR_WARNINGS, MlflowClient
from tests.live_registry import LiveRegistry
from tests.tui_registry.console import SIZES
from tests.tui_registry.samples import ASKER, OWNER, Samples
from tests.tui_registry.terminal_process import Terminal, terminal

pytestmark = THEIR_WARNINGS


@pytest.fixture
def mlflow_client(registry: LiveRegistry, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """As the owner's."""
    for variable in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_REGISTRY_URI"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", registry.token(OWNER))
    return MlflowClient(registry.url, registry.url)


@pytest.fixture
def model(mlflow_client: MlflowClient, samples: Samples) -> str:
    """A model of two versions, one of them in Production, that MLflow's client has registered."""
    name = f"churn-{uuid.uuid4().hex[:6]}"
    mlflow_client.create_registered_model(name, description="Who leaves us, and why.")
    for number in ("1", "2"):
        mlflow_client.create_model_version(name, source=f"s3://models/{number}", description=f"Trained, time {number}.")
    mlflow_client.transition_model_version_stage(name, "1", "Production")
    samples.share(name)
    return name


def opened(samples: Samples) -> dict[str, str]:
    return {"TUI_REGISTRY_URL": samples.url, "TUI_REGISTRY_TOKEN": samples.token}


@SIZES
def test_a_request_is_approved(
    mlflow_client: MlflowClient, model: str, samples: Samples, size: tuple[int, int]
) -> None:
    samples.ask(model, "2", "Staging", comment="Better in every region.")
    with terminal(variables=opened(samples), size=size) as shown:
        shown.shows(model, "None → Staging", "Better in every region.", "● live")
        shown.press("a")
        shown.shows("Approve this request?")
        shown.press("y")
        shown.shows("No open requests", "Approved;")
        assert shown.pressed <= 3
        shown.press("q")
        assert shown.ends() == 0
    assert mlflow_client.get_model_version(model, "2").current_stage == "Staging"
    (activity,) = samples.activities(model, "APPROVED_REQUEST")
    assert (activity["user_id"], activity["from_stage"], activity["to_stage"]) == (OWNER, "None", "Staging")


@SIZES
def test_production_is_approved_with_a_comment(
    mlflow_client: MlflowClient, model: str, samples: Samples, size: tuple[int, int]
) -> None:
    samples.ask(model, "2", "Production", comment="Better in every region.")
    comment = "Agreed: ship it, ü."
    with terminal(variables=opened(samples), size=size) as shown:
        shown.shows(model, "None → Production", "displaces version 1", "● live")
        shown.press("a")
        shown.shows("Approve this request?", "displaces version 1", f"Type {model}")
        shown.press("tab")
        shown.type(comment)
        shown.press("\x1b[200~ Metrics:\r\r  AUC 0.9\r\x1b[201~")  # several lines, pasted
        comment += " Metrics: AUC 0.9"
        shown.shows(comment)
        shown.press("enter")
        shown.type(model)
        shown.shows(f"{model} ")
        shown.press("enter")
        shown.shows("No open requests", "Approved;")
        assert shown.pressed - len("Agreed: ship it, ü.") - len(model) <= 5  # the last of them confirms
        shown.press("q")
        assert shown.ends() == 0
    assert mlflow_client.get_model_version(model, "2").current_stage == "Production"
    assert mlflow_client.get_model_version(model, "1").current_stage == "Archived"
    (activity,) = samples.activities(model, "APPROVED_REQUEST")
    assert (activity["user_id"], activity["comment"]) == (OWNER, comment)


def test_the_asker_cannot_approve(model: str, samples: Samples) -> None:
    samples.ask(model, "2", "Staging")
    with terminal(variables=opened(samples) | {"TUI_REGISTRY_TOKEN": samples.registry.token(ASKER)}) as shown:
        shown.shows(model, "x cancel", "● live")
        shown.press("a")
        shown.press("x")
        shown.shows("Cancel this request?")
        shown.press("y")
        shown.shows("No open requests")
        shown.press("q")
        assert shown.ends() == 0
    assert samples.activities(model, "APPROVED_REQUEST") == []
    assert len(samples.activities(model, "CANCELLED_REQUEST")) == 1


def assert_left_as_found(shown: Terminal) -> None:
    """What was switched on in the terminal was switched off after it."""
    modes = re.findall(rb"\x1b\[\?([0-9;]+)([hl])", shown.raw)
    last = {mode: state for group, state in modes for mode in group.split(b";")}
    assert last[b"1049"] == b"l", "the alternate screen is not left"
    assert last[b"25"] == b"h", "the cursor is not shown"
    for mode, what in {
        b"1000": "mouse",
        b"1003": "mouse",
        b"1006": "mouse",
        b"2004": "pasting",
        b"1004": "focus",
    }.items():
        assert last.get(mode, b"l") == b"l", f"{what} is left on"
    assert shown.raw.count(b"\x1b[>1u") <= shown.raw.count(b"\x1b[<u"), "the keyboard's mode is left on"


def test_leaving_leaves_the_terminal_as_it_was(samples: Samples) -> None:
    with terminal(variables=opened(samples)) as shown:
        shown.shows("No open requests", "● live")
        assert b"\x1b[?1049h" in shown.raw
        shown.press("q")
        assert shown.ends() == 0
    assert_left_as_found(shown)
    assert samples.token.encode() not in shown.raw


def test_the_mouse_is_left_to_the_terminal_over_ssh(samples: Samples) -> None:
    with terminal(variables=opened(samples) | {"SSH_TTY": "/dev/pts/7"}) as shown:
        shown.shows("No open requests")
        shown.press("q")
        assert shown.ends() == 0
    assert b"\x1b[?1000h" not in shown.raw
    assert b"\x1b[38;2;" not in shown.raw, "more colours than sixteen"
    assert_left_as_found(shown)


def test_a_refused_token_is_told_and_left(samples: Samples) -> None:
    with terminal(variables=opened(samples) | {"TUI_REGISTRY_TOKEN": "tr_nobodys_token"}) as shown:
        shown.shows("The token was refused", "enter a token")
        shown.press("q")
        assert shown.ends() == 1
    assert_left_as_found(shown)
    assert b"tr_nobodys_token" not in shown.raw
