"""Prompts that tui-registry creates are, to MLflow's unmodified client, as its own."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.compat.mlflow_client import THEIR_WARNINGS, MlflowClient, mlflow
from tests.live_registry import LiveRegistry
from tests.tui_registry.command_line import answer, run
from tests.tui_registry.samples import Samples
from tui_registry.commands.exit_codes import Exit

pytestmark = THEIR_WARNINGS

TEXT = "Answer in {{language}}:\n\n{{ question }}"
CHAT = [{"role": "system", "content": "Réponds."}, {"role": "user", "content": "{{question}}"}]


@pytest.fixture
def samples(fresh_registry: LiveRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Samples]:
    """Of a registry of its own, without profiles."""
    monkeypatch.setenv("HOME", str(tmp_path))
    samples = Samples(fresh_registry)
    yield samples
    samples.close()


@pytest.fixture
def client(samples: Samples, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", samples.token)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", samples.url)
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", samples.url)
    return MlflowClient(tracking_uri=samples.url, registry_uri=samples.url)


def stored(samples: Samples, name: str) -> list[dict[str, Any]]:
    """The model and its first two versions, without what no two have alike."""
    model = samples.call("GET", "/mlflow/registered-models/get", name=name)["registered_model"]
    get = "/mlflow/model-versions/get"
    versions = [samples.call("GET", get, name=name, version=each)["model_version"] for each in "12"]
    shown = ("description", "source", "tags", "status", "run_id")
    found = [{key: each.get(key) for key in shown} for each in (model, *versions)]
    for each in found:
        each["tags"] = {tag["key"]: tag["value"] for tag in each["tags"] if tag["key"] != "_mlflow_experiment_ids"}
    return found


def test_prompts_are_stored_as_by_mlflow(samples: Samples, client: MlflowClient) -> None:
    theirs, ours = f"theirs-{samples.id}", f"ours-{samples.id}"
    client.register_prompt(theirs, TEXT, commit_message="First")
    client.register_prompt(theirs, CHAT)

    made = answer(samples, "prompts", "create", ours, TEXT, "--message", "First")
    assert made["model_version"]["version"] == "1"
    assert run(samples, "prompts", "create", ours, json.dumps(CHAT), "--chat").exit_code == 0
    assert stored(samples, ours) == stored(samples, theirs)

    first, second = (mlflow.genai.load_prompt(f"prompts:/{ours}/{number}") for number in (1, 2))
    assert (first.template, first.commit_message, first.variables) == (TEXT, "First", {"language", "question"})
    assert first.format(language="English", question="Why?") == "Answer in English:\n\nWhy?"
    assert (second.template, second.is_text_prompt) == (CHAT, False)
    assert mlflow.genai.load_prompt(f"prompts:/{ours}@latest").version == 2
    assert [each.version for each in client.search_prompt_versions(ours)] == [2, 1]
    assert {each.name for each in client.search_prompts()} >= {ours, theirs}
    assert client.register_prompt(ours, "Third").version == 3


def test_what_is_no_prompt(samples: Samples) -> None:
    model, name = samples.model(), f"new-{samples.id}"
    for arguments, reason in (
        ((model, "x"), "is a model, not a prompt"),
        ((name, ""), "needs a text"),
        (("a b", "x"), "letters"),
        ((name, '{"role": "user"}', "--chat"), "as a list"),
        ((name, "[1]", "--chat"), "Message 1 needs a role"),
        ((name, "[" * 100_000, "--chat"), "not valid JSON"),
    ):
        refused = run(samples, "prompts", "create", *arguments)
        assert (refused.exit_code, reason in refused.stderr) == (Exit.REFUSED, True), (arguments[0], refused.stderr)
    assert "Dry run" in run(samples, "prompts", "create", name, "x", "--dry-run").output
    assert run(samples, "prompts", "show", name).exit_code == Exit.NOT_FOUND
