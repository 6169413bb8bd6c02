"""What can be copied for a model, prompt or version: its name, its URI, and code that loads it."""

import shlex
from dataclasses import dataclass

from tui_registry.mutations.subject import Subject
from tui_registry.screens.dialogs.choose import Choice
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.workspace_name import HEADER


@dataclass(frozen=True, slots=True)
class Origin:
    """The URL of the registry, and the workspace, None for the default one."""

    url: str
    workspace: str | None

    @property
    def python(self) -> str:
        """With which Python code begins."""
        chosen = f"mlflow.set_workspace({self.workspace!r})\n" if self.workspace else ""
        return f"import mlflow\n\nmlflow.set_registry_uri({self.url!r})\n{chosen}"


def snippets(
    subject: Subject, origin: Origin, prompt_text: str | None = None, *, is_in_production: bool = False
) -> list[Choice]:
    """The snippets, each with its text as the value; the most useful one first. ``prompt_text``: the text of a prompt,
    empty if it is not known; None for a model. ``is_in_production``: whether one of the model's versions is."""
    if prompt_text is not None:
        uri = f"prompts:/{subject.name}{f'/{subject.version}' if subject.version else '@latest'}"
        return [
            Choice(uri, "prompts:/ URI", uri, key="u"),
            Choice(subject.name, "name", subject.name, key="m"),
            *([Choice(prompt_text, "text", prompt_text, key="t")] if prompt_text else []),
            Choice(_prompt_python(uri, origin), "Python", f"load_prompt({uri!r})", key="p"),
            Choice(_curl(subject, origin), "curl", "the registry's JSON", key="c"),
        ]
    uri = _loaded(subject, is_in_production=is_in_production)
    return [
        Choice(uri, "models:/ URI", uri, key="u"),
        Choice(subject.name, "name", subject.name, key="m"),
        Choice(_python(uri, origin), "Python", f"load_model({uri!r})", key="p"),
        Choice(_curl(subject, origin), "curl", "the registry's JSON", key="c"),
    ]


def _python(uri: str, origin: Origin) -> str:
    return f"{origin.python}model = mlflow.pyfunc.load_model({uri!r})\n"


def _loaded(subject: Subject, *, is_in_production: bool) -> str:
    """The URI of a version: of a model, that of the one in Production or, if there is none, of its latest one."""
    if subject.version:
        return subject.uri
    return f"{subject.uri}/{Stage.PRODUCTION if is_in_production else 'latest'}"


def _prompt_python(uri: str, origin: Origin) -> str:
    return f"{origin.python}prompt = mlflow.genai.load_prompt({uri!r})\n"


def _curl(subject: Subject, origin: Origin) -> str:
    noun = "registered-models" if subject.version is None else "model-versions"
    fields = {"name": subject.name} | ({"version": subject.version} if subject.version else {})
    parameters = " ".join(f"--data-urlencode {shlex.quote(f'{key}={value}')}" for key, value in fields.items())
    workspace = f"--header {shlex.quote(f'{HEADER}: {origin.workspace}')} " if origin.workspace else ""
    return (
        f'curl --get --header "Authorization: Bearer $TUI_REGISTRY_TOKEN" {workspace}{parameters} '
        f"{shlex.quote(f'{origin.url}/api/2.0/mlflow/{noun}/get')}"
    )
