"""Prompts listed and shown by commands."""

import json

import pytest

from tests.tui_registry.command_line import answer, lines, run
from tests.tui_registry.samples import Samples
from tui_registry.commands.exit_codes import Exit

pytestmark = pytest.mark.usefixtures("command_home")

IS_PROMPT = {"key": "mlflow.prompt.is_prompt", "value": "true"}
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "{{question}}\n[bold]now"}]


def register(samples: Samples, name: str, text: str, kind: str = "text") -> None:
    tags = [IS_PROMPT, {"key": "mlflow.prompt.text", "value": text}, {"key": "_mlflow_prompt_type", "value": kind}]
    samples.call("POST", "/mlflow/model-versions/create", name=name, source="dummy-source", tags=tags)


def test_prompts_are_apart_from_models(samples: Samples) -> None:
    model = samples.model("churn")
    name = samples.model("answer", tags=[IS_PROMPT, {"key": "team", "value": "care"}])
    register(samples, name, "Answer in\n\x1b[2J{{language}}.")
    register(samples, name, json.dumps(MESSAGES), "chat")
    samples.call("POST", "/mlflow/registered-models/alias", name=name, alias="live", version="1")

    _, row = lines(run(samples, "prompts", "list", samples.id))
    assert row.split("  ")[0] == name
    assert "@live = 1" in row
    assert "  2  " in row
    assert "  team=care" in row
    assert [row.split()[0] for row in lines(run(samples, "models", "list", samples.id))[1:]] == [model]

    newest = lines(run(samples, "prompts", "show", name))
    assert newest[-6:] == [
        "Text of version 2",
        "  system:",
        "    Be brief.",
        "  user:",
        "    {{question}}",
        "    [bold]now",
    ]
    for reference in (f"{name}@live", f"{name}/1", f"prompts:/{name}@LIVE"):
        shown = run(samples, "prompts", "show", reference).stdout
        assert "\x1b" not in shown
        assert "Text of version 1\n  Answer in\n" in shown
    assert answer(samples, "prompts", "show", f"{name}@latest")["model_version"]["version"] == "2"

    for reference, reason in ((model, "is a model"), (f"{name}@none", "no alias none"), (f"{name}/9", "no version 9")):
        refused = run(samples, "prompts", "show", reference)
        assert refused.exit_code == Exit.NOT_FOUND
        assert reason in refused.stderr


def test_what_is_no_list_of_messages_is_shown_as_it_is(samples: Samples) -> None:
    name = samples.model("broken", tags=[IS_PROMPT])
    assert run(samples, "prompts", "show", name).exit_code == 0  # without versions
    for text in ("[" * 50_000, "not JSON", '["a"]'):
        register(samples, name, text, "chat")
        assert lines(run(samples, "prompts", "show", name))[-1] == f"  {text}"


def test_commands_that_name_a_model_take_a_prompt(samples: Samples) -> None:
    name = samples.model("answer", tags=[IS_PROMPT])
    register(samples, name, "Answer\nin {{language}}.")
    register(samples, name, json.dumps(MESSAGES), "chat")

    listed = lines(run(samples, "versions", "list", name))
    assert [row.split()[0] for row in listed[1:]] == ["2", "1"]
    assert "mlflow.prompt" not in "".join(listed), "MLflow's own tags are not shown"
    assert lines(run(samples, "versions", "show", name, "1"))[-3:] == [
        "Text of version 1",
        "  Answer",
        "  in {{language}}.",
    ]
    assert "Versions" in run(samples, "models", "show", name).stdout
    for done in (
        ("aliases", "set", name, "live", "1"),
        ("versions", "tag", name, "1", "checked=yes"),
        ("versions", "untag", name, "1", "checked"),
        ("versions", "describe", name, "1", "First"),
        ("models", "tag", name, "team=care"),
        ("models", "describe", name, "Answers"),
        ("comments", "add", name, "1", "Fine."),
        ("permissions", "show", name),
        ("activity", "--model", name),
        ("requests", "list", "--model", name),
    ):
        assert run(samples, *done).exit_code == 0, done
    assert "@live = 1" in run(samples, "prompts", "list", samples.id).stdout
    assert "with 2 versions" in run(samples, "models", "delete", name, "--dry-run").stdout


def test_a_version_that_is_tagged_as_a_prompt_hides_no_other(samples: Samples) -> None:
    name = samples.model()
    samples.version(name, "Production")
    register(samples, name, "A text")
    assert [row.split()[:2] for row in lines(run(samples, "versions", "list", name))[1:]] == [
        ["2", "None"],
        ["1", "Production"],
    ]
    moved = run(samples, "versions", "transition", name, "2", "Production", "--archive-existing", "--dry-run")
    assert "version 1" in moved.stdout, "it is the one that is archived"
