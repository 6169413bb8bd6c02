"""What can be copied for a model, prompt or version: its name, its URI, and code that loads it."""

import shlex

from tui_registry.mutations.subject import Subject
from tui_registry.screens.dialogs.choose import Choice


def snippets(subject: Subject, url: str, prompt_text: str | None = None) -> list[Choice]:
    """The snippets, each with its text as the value; the most useful one first. ``prompt_text``: the text of a prompt,
    empty if it is not known; None for a model."""
    if prompt_text is not None:
        uri = f"prompts:/{subject.name}{f'/{subject.version}' if subject.version else '@latest'}"
        return [
            Choice(uri, "prompts:/ URI", uri, key="u"),
            Choice(subject.name, "name", subject.name, key="m"),
            *([Choice(prompt_text, "text", prompt_text, key="t")] if prompt_text else []),
            Choice(_prompt_python(uri, url), "Python", f"load_prompt({uri!r})", key="p"),
            Choice(_curl(subject, url), "curl", "the registry's JSON", key="c"),
        ]
    return [
        Choice(subject.uri, "models:/ URI", subject.uri, key="u"),
        Choice(subject.name, "name", subject.name, key="m"),
        Choice(_python(subject, url), "Python", f"load_model({_loaded(subject)!r})", key="p"),
        Choice(_curl(subject, url), "curl", "the registry's JSON", key="c"),
    ]


def _python(subject: Subject, url: str) -> str:
    uri = _loaded(subject)
    return f"import mlflow\n\nmlflow.set_registry_uri({url!r})\nmodel = mlflow.pyfunc.load_model({uri!r})\n"


def _loaded(subject: Subject) -> str:
    """The URI of a version: of a model, that of its latest one."""
    return subject.uri if subject.version else f"{subject.uri}/latest"


def _prompt_python(uri: str, url: str) -> str:
    return f"import mlflow\n\nmlflow.set_registry_uri({url!r})\nprompt = mlflow.genai.load_prompt({uri!r})\n"


def _curl(subject: Subject, url: str) -> str:
    noun = "registered-models" if subject.version is None else "model-versions"
    fields = {"name": subject.name} | ({"version": subject.version} if subject.version else {})
    parameters = " ".join(f"--data-urlencode {shlex.quote(f'{key}={value}')}" for key, value in fields.items())
    return (
        f'curl --get --header "Authorization: Bearer $TUI_REGISTRY_TOKEN" {parameters} {url}/api/2.0/mlflow/{noun}/get'
    )
