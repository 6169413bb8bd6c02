"""Prompts listed and shown by commands."""

import json

import pytest

from tests.tui_registry.command_line import answer, lines, run
from tests.tui_registry.scene import Scene
from tui_registry.commands.exits import Exit

pytestmark = pytest.mark.usefixtures("command_home")

IS_PROMPT = {"key": "mlflow.prompt.is_prompt", "value": "true"}
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "{{question}}\n[bold]now"}]


def register(scene: Scene, name: str, text: str, kind: str = "text") -> None:
    tags = [IS_PROMPT, {"key": "mlflow.prompt.text", "value": text}, {"key": "_mlflow_prompt_type", "value": kind}]
    scene.call("POST", "/mlflow/model-versions/create", name=name, source="dummy-source", tags=tags)


def test_prompts_are_apart_from_models(scene: Scene) -> None:
    model = scene.model("churn")
    name = scene.model("answer", tags=[IS_PROMPT, {"key": "team", "value": "care"}])
    register(scene, name, "Answer in\n\x1b[2J{{language}}.")
    register(scene, name, json.dumps(MESSAGES), "chat")
    scene.call("POST", "/mlflow/registered-models/alias", name=name, alias="live", version="1")

    _, row = lines(run(scene, "prompts", "list", scene.id))
    assert row.split("  ")[0] == name
    assert "@live = 1" in row
    assert "  2  " in row
    assert "  team=care" in row
    assert [row.split()[0] for row in lines(run(scene, "models", "list", scene.id))[1:]] == [model]

    newest = lines(run(scene, "prompts", "show", name))
    assert newest[-6:] == [
        "Text of version 2",
        "  system:",
        "    Be brief.",
        "  user:",
        "    {{question}}",
        "    [bold]now",
    ]
    for reference in (f"{name}@live", f"{name}/1", f"prompts:/{name}@LIVE"):
        shown = run(scene, "prompts", "show", reference).stdout
        assert "\x1b" not in shown
        assert "Text of version 1\n  Answer in\n" in shown
    assert answer(scene, "prompts", "show", f"{name}@latest")["model_version"]["version"] == "2"

    for reference, reason in ((model, "is a model"), (f"{name}@none", "no alias none"), (f"{name}/9", "no version 9")):
        refused = run(scene, "prompts", "show", reference)
        assert refused.exit_code == Exit.NOT_FOUND
        assert reason in refused.stderr


def test_what_is_no_list_of_messages_is_shown_as_it_is(scene: Scene) -> None:
    name = scene.model("broken", tags=[IS_PROMPT])
    assert run(scene, "prompts", "show", name).exit_code == 0  # without versions
    for text in ("[" * 50_000, "not JSON", '["a"]'):
        register(scene, name, text, "chat")
        assert lines(run(scene, "prompts", "show", name))[-1] == f"  {text}"
