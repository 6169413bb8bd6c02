"""Prompts of MLflow's registry: registered models whose tags say so, with their texts in tags of the versions."""

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tui_registry.queries.search_syntax import both, models_filter
from tui_registry.terminal.sanitize import visible
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.registered_model import RegisteredModel, RegisteredModelDatabricks
from tui_registry_server.wire.tag import Tag

IS_PROMPT = "mlflow.prompt.is_prompt"
TEXT = "mlflow.prompt.text"
TYPE = "_mlflow_prompt_type"
CHAT, PLAIN = "chat", "text"
CHAT_EXAMPLE = '[{"role": "user", "content": "Hello {{name}}"}]'
LATEST = "latest"
"""The alias that every prompt has: that of its newest version."""
PROMPTS = f"tags.`{IS_PROMPT}` = 'true'"
"""The comparison without which searches leave prompts out."""
_NAME = re.compile(r"[a-zA-Z0-9_.-]+")
"""The names that MLflow's client takes."""
_INTERNAL = ("mlflow.prompt.", "_mlflow_prompt_", "_mlflow_experiment_ids")
_BESIDES = {"response format": "_mlflow_prompt_response_format", "model config": "_mlflow_prompt_model_config"}


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat prompt. ``content`` that is no text is its JSON, and so are the values of ``others``: what
    else it has, such as calls of tools."""

    role: str
    content: str
    others: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reference:
    """A prompt, and one of its versions by number or alias; without either, the newest."""

    name: str
    version: str = ""
    alias: str = ""


def prompts_filter(typed: str) -> str:
    """The prompts that match the input, which is as for models."""
    return both(PROMPTS, models_filter(typed))


def name_problem(name: str) -> str:
    """What is wrong with a new prompt's name; empty if nothing."""
    return "" if _NAME.fullmatch(name) else "A prompt's name may only have the letters a to z, digits, - _ and ."


def is_prompt(tags: Sequence[Tag]) -> bool:
    """Whether a model with these tags is a prompt, as MLflow decides it."""
    return _value(tags, IS_PROMPT).lower() == "true"


def parse_reference(typed: str) -> Reference:
    """``NAME``, ``NAME/3`` or ``NAME@alias``, also after ``prompts:/``. MLflow allows neither ``/`` nor ``@`` in a
    prompt's name."""
    typed = typed.removeprefix("prompts:").lstrip("/")
    name, slash, version = typed.partition("/")
    if slash:
        return Reference(name, version=version)
    name, at, alias = typed.partition("@")
    return Reference(name, alias="" if alias.lower() == LATEST else alias) if at else Reference(typed)


def newest(model: RegisteredModel | RegisteredModelDatabricks) -> ModelVersion | None:
    """The version of a model or prompt with the highest number: it is the latest one in its stage."""
    return max(model.latest_versions, key=lambda each: int(each.version), default=None)


def template(version: ModelVersion) -> str:
    """The text as it is stored: for a chat prompt, JSON."""
    return _value(version.tags, TEXT)


def messages(version: ModelVersion) -> list[Message] | None:
    """The messages of a chat prompt; None for a text, and for what is no list of messages."""
    if not is_chat(version):
        return None
    try:
        parsed = json.loads(template(version))
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, list) or not all(isinstance(each, dict) for each in parsed):
        return None
    return [
        Message(
            _as_text(each.get("role", "")),
            _as_text(each.get("content", "")),
            {key: _as_text(value) for key, value in each.items() if key not in {"role", "content"}},
        )
        for each in parsed
    ]


def is_chat(version: ModelVersion) -> bool:
    return _value(version.tags, TYPE) == CHAT


def editable_chat(text: str) -> str:
    """The JSON of a chat prompt, to be edited: with line breaks, and with escapes for what cannot be displayed only.
    What is no JSON stays as it is."""
    try:
        written = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
    return "".join(each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in written)


def chat_problem(text: str) -> str:
    """What is wrong with the messages of a chat prompt, as they are typed; empty if nothing."""
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError) as error:
        return f"The messages are not valid JSON: {error}."
    if not isinstance(parsed, list) or not parsed:
        return f"Write the messages as a list: {CHAT_EXAMPLE}"
    for number, each in enumerate(parsed, 1):
        if not isinstance(each, dict) or not isinstance(each.get("role"), str) or "content" not in each:
            return f"Message {number} needs a role and a content, as in {CHAT_EXAMPLE}"
    return ""


def stored_chat(text: str) -> str:
    """Valid messages as MLflow's client stores them."""
    return json.dumps(json.loads(text))


def prescribed(version: ModelVersion) -> dict[str, str]:
    """The tags with what else a version of a prompt prescribes."""
    return {key: value for key in _BESIDES.values() if (value := _value(version.tags, key))}


def readable(version: ModelVersion) -> str:
    """The text to read: of a chat prompt, every message below its role."""
    chat = messages(version)
    if chat is None:
        return template(version)
    written: list[str] = []
    for each in chat:
        written += [f"{visible(each.role)}:", textwrap.indent(each.content, "  ")]
        written += [f"  {visible(key)}: {value}" for key, value in each.others.items()]
    return "\n".join(written)


def besides_text(version: ModelVersion) -> dict[str, str]:
    """What else a version of a prompt prescribes, by what it is: the format of answers, settings of the model."""
    found = {label: _value(version.tags, key) for label, key in _BESIDES.items()}
    return {label: value for label, value in found.items() if value}


def own_tags(tags: Sequence[Tag]) -> list[Tag]:
    """The tags that people set: of a prompt or its version, those without MLflow's own."""
    return list(tags) if not is_prompt(tags) else [tag for tag in tags if not tag.key.startswith(_INTERNAL)]


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _value(tags: Sequence[Tag], key: str) -> str:
    return next((tag.value or "" for tag in tags if tag.key == key), "")
