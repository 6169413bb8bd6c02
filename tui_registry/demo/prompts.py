"""The prompts of the demo, as MLflow's client registers them: tagged models, with the texts in tags of the versions."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from tui_registry.demo.call_builder import CallBuilder
from tui_registry.demo.clock import Clock, When, Workday
from tui_registry_server.wire.permission import PermissionLevel as Level

IS_PROMPT, TEXT, TYPE = "mlflow.prompt.is_prompt", "mlflow.prompt.text", "_mlflow_prompt_type"
"""The tags that MLflow writes."""
SOURCE = "prompt-template"
"""What MLflow's server writes as the source of a prompt's version."""
MINUTE = 60_000  # milliseconds


@dataclass(frozen=True, slots=True)
class Version:
    """who: a key of NAMES. text: a template or, of a chat prompt, the messages as (role, content). message: of the
    commit. aliases: given to it at once."""

    when: When
    who: str
    text: str | Sequence[tuple[str, str]]
    message: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prompt:
    """owner: a key of NAMES. group: may edit it. tags: its own."""

    name: str
    owner: str
    group: str
    about: str
    tags: tuple[tuple[str, str], ...]
    versions: Sequence[Version]


_REPLY = """Answer the customer's message below in {{language}}.

Use only what is in the article. If it does not answer the question, say so and offer a call.

Article: {{article}}
Message: {{message}}"""

_POLITE_REPLY = """You answer messages to a bank's customer desk in {{language}}.

Rules:
- Use only what is in the article. If it does not answer the question, say so and offer a call.
- Never ask for a PIN, a password or a full card number.
- At most 120 words.

Article: {{article}}
Message: {{message}}"""

_TRIAGE = """You sort complaints of a bank's customers.

Products: card, account, loan, app. Urgency: 1 (today) to 3 (this week).
Answer with JSON only: {"product": …, "urgency": …}"""

PROMPTS = (
    Prompt(
        "support-reply",
        "zoe",
        "customer-analytics",
        "Drafts of answers at the customer desk. An agent reads each before it is sent.",
        (("team", "customer"), ("task", "generation")),
        (
            Version(Workday(44, 10.4), "zoe", "Answer this in {{language}}: {{message}}", "First draft"),
            Version(Workday(37, 15.1), "zoe", _REPLY, "Answer from the article only", ("production",)),
            Version(Workday(12, 11.2), "nadia", _POLITE_REPLY, "Rules of the security review", ("production",)),
            Version(
                Workday(2, 16.3),
                "zoe",
                _POLITE_REPLY.replace("120 words", "80 words").replace("offer a call", "offer a call back"),
                "Shorter: agents cut them anyway",
                ("staging",),
            ),
        ),
    ),
    Prompt(
        "complaint-triage",
        "nadia",
        "customer-analytics",
        "Sorts complaints by product and urgency. The answer is JSON that the ticket system reads.",
        (("team", "customer"), ("task", "classification")),
        (
            Version(
                Workday(29, 9.6),
                "nadia",
                (("system", "Sort the complaint by product and urgency."), ("user", "{{complaint}}")),
                "As in the workshop",
            ),
            Version(
                Workday(21, 14.2),
                "nadia",
                (
                    ("system", _TRIAGE),
                    ("user", "{{complaint}}"),
                ),
                "JSON, and the list of products",
                ("production",),
            ),
        ),
    ),
    Prompt(
        "alert-summary",
        "tomasz",
        "fraud-detection",
        "Two sentences on an alert for the fraud desk.",
        (("team", "fraud"), ("task", "summary")),
        (
            Version(
                Workday(8, 13.5),
                "tomasz",
                "Summarise this alert in two sentences for a fraud analyst.\nSay what is unusual first.\n\n{{alert}}",
                "For the pilot with the night shift",
            ),
        ),
    ),
)


def calls(prompt: Prompt, clock: Clock) -> CallBuilder:
    """The calls that register a prompt, with all its versions."""
    builder = CallBuilder(prompt.name)
    created = clock.at(prompt.versions[0].when)
    tags = {IS_PROMPT: "true", **dict(prompt.tags)}
    builder.create_model(created, prompt.owner, about=prompt.about, tags=tags)
    builder.grant(created + MINUTE, prompt.owner, [("group_name", prompt.group, Level.CAN_EDIT)])
    for version in prompt.versions:
        at = clock.at(version.when) + 2 * MINUTE
        number = builder.register(at, version.who, tags=_tags(version), source=SOURCE, description=version.message)
        for alias in version.aliases:
            builder.alias(at + MINUTE, prompt.owner, number, alias)
    return builder


def _tags(version: Version) -> dict[str, str]:
    if isinstance(version.text, str):
        return {IS_PROMPT: "true", TEXT: version.text, TYPE: "text"}
    messages = [{"role": role, "content": content} for role, content in version.text]
    return {IS_PROMPT: "true", TEXT: json.dumps(messages, ensure_ascii=False), TYPE: "chat"}
