"""The prompts of MLflow's prompt registry: apart from the models, with their texts to read and to compare."""

import json

import pytest

from tests.compat.mlflow_client import THEIR_WARNINGS, MlflowClient, mlflow
from tests.tui_registry.console import LARGE, SIZES, Console, console
from tests.tui_registry.samples import ASKER, Samples
from tui_registry.screens.models.model import Model

pytestmark = THEIR_WARNINGS

IS_PROMPT = {"key": "mlflow.prompt.is_prompt", "value": "true"}
BEFORE = "You answer in {{language}}.\nAt most 120 words.\n\nMessage: {{message}}"
AFTER = "You answer in {{language}}.\nAt most 80 words.\n\nMessage: {{message}}"
HOSTILE = "[b]Bold[/] \x1b[2J\u202eend"


@pytest.fixture
def client(samples: Samples, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """MLflow's own, as the owner of the samples."""
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", samples.token)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", samples.url)
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", samples.url)
    return MlflowClient(tracking_uri=samples.url, registry_uri=samples.url)


@pytest.fixture
def reply(samples: Samples, client: MlflowClient) -> str:
    """A prompt of two versions, the first one with an alias, by MLflow's client; and a model beside it."""
    samples.model("churn")
    name = f"reply-{samples.id}"
    client.register_prompt(name, BEFORE, commit_message="First draft", tags={"task": "drafts"})
    client.register_prompt(name, AFTER, commit_message="Shorter")
    client.set_prompt_alias(name, "live", 1)
    samples.share(name)
    return name


def add(samples: Samples, name: str, text: str, kind: str = "text", **tags: str) -> None:
    """A version as clients register it."""
    written = {"mlflow.prompt.text": text, "_mlflow_prompt_type": kind, **tags}
    listed = [IS_PROMPT, *({"key": key, "value": value} for key, value in written.items())]
    samples.version(name, tags=listed, description="[/x] new")


async def opened(shown: Console, name: str) -> None:
    await shown.press("7")
    await shown.shows("Prompts (", name)
    await shown.press("enter")
    await shown.shows(f"Prompts › {name}", "versions", "VER")


@SIZES
async def test_prompts_are_listed_apart_from_models(samples: Samples, reply: str, size: tuple[int, int]) -> None:
    async with console(samples.url, samples.token, size) as shown:
        await shown.press("7")
        await shown.shows("Prompts (1)", "PROMPT", "LATEST", "ALIASES", "@live=1", "You answer in")
        assert shown.row(reply)[2:].split()[1] == "2"
        await shown.press("2")
        await shown.shows("Models (1)", "churn")
        assert reply not in shown.text
        await shown.press("colon", *"prompts", "enter")
        await shown.shows("Prompts (1)", reply)


async def test_prompts_are_searched(samples: Samples, reply: str) -> None:
    other = samples.model("answer", tags=[IS_PROMPT, {"key": "team", "value": "care"}])
    async with console(samples.url, samples.token) as shown:
        await shown.press("7")
        await shown.shows("Prompts (2)")
        for typed, found, hidden in ((reply[:7].upper(), reply, other), ("tag:team=care", other, reply)):
            await shown.press("slash")
            await shown.type(typed)
            await shown.shows("matching", "(1)", found)
            await shown.hides(hidden)
            await shown.press("escape")
            await shown.shows("Prompts (2)")
        await shown.press("1", "colon")
        await shown.type("prompt alias:live")
        await shown.press("enter")
        await shown.shows("Prompts matching “alias:live” (1)", reply)


async def test_prompts_are_found_by_name(samples: Samples, reply: str) -> None:
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.press("colon")
        await shown.type(reply[:3])
        await shown.shows(f"prompt   {reply}", "@live=1  You answer in")
        await shown.press("enter")
        await shown.shows(f"Prompts › {reply}", "2 versions")
        await shown.press("colon")
        await shown.type(f"{reply} 1")
        await shown.shows(f"version  {reply}/1", "@live  First draft")
        await shown.press("enter")
        await shown.shows(f"Prompts › {reply} › 1", "At most 120 words.")
        await shown.press("colon")
        await shown.type("churn")
        await shown.shows("model    churn")


@SIZES
async def test_the_page_of_a_prompt_has_its_versions_and_texts(
    samples: Samples, reply: str, size: tuple[int, int]
) -> None:
    async with console(samples.url, samples.token, size) as shown:
        await opened(shown, reply)
        await shown.shows("2 versions", "@live = 1", "You answer in {{language}}.", "At most 80 words.", "Shorter")
        assert "mlflow" not in shown.text
        assert "STAGE" not in shown.text
        assert "move" not in shown.bar  # to another stage
        await shown.press("t", "b")
        assert isinstance(shown.app.screen, Model), "no dialog is open"
        await shown.press("down")
        await shown.shows("version 1", "At most 120 words.", "@live  First draft")
        await shown.press("enter")
        await shown.shows(f"Prompts › {reply} › 1", "text of 1", "commit message", "At most 120 words.", "@live")
        assert "mlflow.prompt" not in shown.text
        assert "stage " not in shown.text
        assert next(iter(shown.app.screen.query_one("#facts").rows)).key == "text"  # type: ignore[attr-defined]
        await shown.press("escape", "i")
        await shown.shows("text of 2", "At most 80 words.")
        assert "mlflow.prompt" not in shown.text


@SIZES
async def test_texts_are_compared_line_by_line(samples: Samples, reply: str, size: tuple[int, int]) -> None:
    async with console(samples.url, samples.token, size) as shown:
        await opened(shown, reply)
        await shown.press("equals_sign")  # with the newest other one
        await shown.shows("~ text", "~ commit message", "- aliases", f"- {reply} 1", f"+ {reply} 2")
        await shown.shows("    You answer in {{language}}.", "  - At most 120 words.", "  + At most 80 words.")
        await shown.press("J", "down")
        await shown.until(lambda: f" of {reply} 1" in shown.text, "the row under the cursor in full")
        assert "stage" not in shown.text, "prompts have none"
        assert "/ find" not in shown.bar, "which is for models"
        assert "1 inbox  2 models  3 board" in shown.bar.replace("  F follows", "")


async def test_a_chat_is_shown_message_by_message(samples: Samples) -> None:
    name = samples.model("triage", tags=[IS_PROMPT])
    said = [{"role": "system", "content": "Sort it.\nBe brief."}, {"role": "user", "content": "{{complaint}}"}]
    settings = json.dumps({"temperature": 0.1})
    add(samples, name, json.dumps(said), "chat", _mlflow_prompt_model_config=settings)
    said[0] |= {"content": "Sort it.\nAnswer in JSON.", "name": "[b]rules"}
    add(samples, name, json.dumps(said), "chat")
    async with console(samples.url, samples.token, LARGE) as shown:
        await opened(shown, name)
        await shown.shows(
            "│ system:\n  │   Sort it.\n  │   Answer in JSON.\n  │   name: [b]rules\n  │ user:\n  │   {{complaint}}"
        )
        await shown.press("equals_sign")
        await shown.shows("-   Be brief.", "+   Answer in JSON.", "- model config")
        await shown.press("escape", "down", "enter")
        await shown.shows("model config", settings)


@pytest.mark.parametrize("kind", ["text", "chat"])
async def test_texts_draw_nothing_but_themselves(samples: Samples, kind: str) -> None:
    name = samples.model("hostile", tags=[IS_PROMPT])
    text = HOSTILE if kind == "text" else json.dumps([{"role": HOSTILE, "content": HOSTILE}])
    add(samples, name, text, kind)
    add(samples, name, "\n".join(map(str, range(3000))), kind)  # more lines than are compared, and no JSON list
    async with console(samples.url, samples.token, LARGE) as shown:
        await opened(shown, name)
        await shown.press("down")
        await shown.shows("[b]Bold[/]", "[/x] new")
        for key in ("enter", "escape", "equals_sign"):
            await shown.press(key)
            await shown.shows(name)
            assert "\x1b" not in shown.text
            assert "\u202e" not in shown.text
        await shown.shows("~ text", "[b]Bold[/]")


async def test_a_prompt_can_be_changed_as_a_model(samples: Samples, reply: str) -> None:
    async with console(samples.url, samples.token) as shown:
        await opened(shown, reply)
        await shown.press("A")
        await shown.shows("Set an alias")
        await shown.type("next")
        await shown.press("ctrl+s")
        await shown.shows("@next")
        await shown.press("y")
        await shown.shows(f"prompts:/{reply}/2", "load_prompt(")
        await shown.press("escape", "escape")
        await shown.shows("Prompts (1)")
        await shown.press("R")
        await shown.shows(f"Rename {reply}")
        await shown.press("escape", "D")
        await shown.shows("Permanently delete this prompt?", "up to 2")
        await shown.press("y")
        await shown.type(reply)
        await shown.press("enter")
        await shown.shows("No prompts that you can read.")


async def test_who_decides_a_request_reads_the_text(samples: Samples, reply: str) -> None:
    """Other clients may ask for stages of prompts, too."""
    samples.move(reply, "1", "Production")
    samples.ask(reply, "2", "Production")
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.shows("Inbox (1)", "compared with version 1", "text You answer", "At most 80 words.")
        assert "mlflow.prompt" not in shown.text
        await shown.press("3")
        await shown.shows("Board", "Production 1", "None 0")


async def test_readers_are_offered_no_change(samples: Samples, reply: str) -> None:
    async with console(samples.url, samples.registry.token(ASKER), LARGE) as shown:
        await opened(shown, reply)
        await shown.shows("your level: CAN_READ", "At most 80 words.")
        for label in ("new", "edit", "tag", "alias", "delete"):
            assert f" {label} " not in shown.bar


@SIZES
async def test_prompts_are_created(samples: Samples, client: MlflowClient, size: tuple[int, int]) -> None:
    name = f"new-{samples.id}"
    async with console(samples.url, samples.token, size) as shown:
        await shown.press("7", "n")
        await shown.shows("New prompt", "a text", "a chat")
        await shown.press("t")
        await shown.shows("Name", "Text", "Commit message")
        await shown.type(name)
        await shown.press("tab")
        await shown.type("Hello {{name}}")
        await shown.press("enter", *"Bye", "tab", *"First", "ctrl+s")
        await shown.shows(f"Prompts › {name}", "1 version", "First", "Hello {{name}}")
        await shown.press("n")
        await shown.shows(f"Add a version to {name}", "Begins with the text of version 1.")
        await shown.press("end", *"!", "tab", *"Louder", "ctrl+s")
        await shown.shows("2 versions", "Louder", "Bye!")
        await shown.press("escape")
        await shown.shows("Prompts (1)", name)
    loaded = mlflow.genai.load_prompt(f"prompts:/{name}@latest")
    assert (loaded.version, loaded.template, loaded.commit_message) == (2, "Hello {{name}}\nBye!", "Louder")
    assert loaded.variables == {"name"}


async def test_chats_are_created_and_keep_what_they_prescribe(samples: Samples, client: MlflowClient) -> None:
    name, said = f"chat-{samples.id}", [{"role": "user", "content": "Grüß \u202e{{name}}"}]
    client.register_prompt(name, said, model_config={"temperature": 0.1}, response_format={"type": "object"})
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.press("7")
        await shown.until(lambda: shown.row(name), "the prompt")
        await shown.press("enter")
        await shown.shows(f"Prompts › {name}", "1 version")
        await shown.press("n")
        await shown.shows("Messages, as JSON", "and keeps its response format and", "Grüß \\u202e{{name}}")
        await shown.press("ctrl+end", "backspace", "ctrl+s")
        await shown.shows("The messages are not valid JSON")
        await shown.press("ctrl+end", *', {"role": "user"}]', "ctrl+s")
        await shown.shows("Message 2 needs a role and a content")
        await shown.press("ctrl+end", "backspace", "backspace", *', "content": ""}]', "ctrl+s")
        await shown.shows("2 versions")
    loaded = mlflow.genai.load_prompt(f"prompts:/{name}/2")
    assert loaded.template == [*said, {"role": "user", "content": ""}]
    assert (loaded.model_config, loaded.response_format) == ({"temperature": 0.1}, {"type": "object"})


async def test_names_that_cannot_be_given(samples: Samples, reply: str) -> None:
    model = samples.model("taken")
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.press("7", "n", "t")
        await shown.type("a b")
        await shown.press("tab", *"one text", "ctrl+s")
        await shown.shows("A prompt's name may only have")
        for taken, what in ((model, "model"), (reply, "prompt")):
            await shown.press("ctrl+u")
            await shown.type(taken)
            await shown.press("ctrl+s")
            await shown.shows(f"There is already a {what} of this name.", "one text")


async def test_no_prompts_is_said(samples: Samples) -> None:
    async with console(samples.url, samples.token) as shown:
        await shown.press("7")
        await shown.shows("Prompts (0)", "No prompts that you can read.", "mlflow.genai.register_prompt")
        await shown.press("enter", "y", "G", "D", "f5")
        await shown.shows("Prompts (0)")


async def test_versions_with_aliases_are_listed_however_old(samples: Samples) -> None:
    """A page of versions ends where its texts are too long."""
    name = samples.model("long", tags=[IS_PROMPT])
    for _ in range(90):
        add(samples, name, "x" * 99_000)
    samples.call("POST", "/mlflow/registered-models/alias", name=name, alias="live", version="2")
    async with console(samples.url, samples.token, LARGE) as shown:
        await opened(shown, name)
        await shown.shows("+ versions", "@live = 2", "▎ 90")
        await shown.press("G")
        await shown.shows("▎ 2 ", "@live  [/x] new")


async def test_a_prompt_that_is_deleted_meanwhile(samples: Samples, reply: str) -> None:
    async with console(samples.url, samples.token, LARGE) as shown:
        await opened(shown, reply)
        await shown.press("n")
        await shown.shows("Add a version")
        samples.delete(reply)
        await shown.press("ctrl+s")
        await shown.shows("Nothing was sent", "not found")
        await shown.press("escape", "escape")
        await shown.shows("No prompts that you can read.")


async def test_a_text_of_very_many_lines(samples: Samples) -> None:
    name = samples.model("lines", tags=[IS_PROMPT])
    add(samples, name, "x\n" * 49_000)
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.press("7")
        await shown.shows("Prompts (1)", name)
        await shown.press("V")
        await shown.shows("TEXT", "y copy all")
        await shown.press("G")
        await shown.shows("more lines. y copies all of them.")
