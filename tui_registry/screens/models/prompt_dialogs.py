"""The dialogs that create prompts, and add versions to them."""

from collections.abc import Mapping

from textual.content import Content

from tui_registry.console import Console
from tui_registry.mutations import prompt as prompts
from tui_registry.mutations.model import taken
from tui_registry.mutations.prompt import Draft
from tui_registry.queries.prompts import (
    CHAT,
    CHAT_EXAMPLE,
    PLAIN,
    besides_text,
    chat_problem,
    editable_chat,
    is_chat,
    name_problem,
    prescribed,
    stored_chat,
    template,
)
from tui_registry.screens.base.new_row import make
from tui_registry.screens.dialogs.choose import Choice, Choose
from tui_registry.screens.dialogs.form import Field, Form
from tui_registry.widgets.new_row_table import NewRowTable
from tui_registry_server.wire.fields import MAX_DESCRIPTION_LENGTH
from tui_registry_server.wire.model_version import ModelVersion

MAX_TEXT_LENGTH = 100_000  # characters, the server's limit of a tag
KINDS = (Choice(PLAIN, "a text", "Hello {{name}}", "t"), Choice(CHAT, "a chat", CHAT_EXAMPLE, "c"))


async def create_prompt(app: Console, table: NewRowTable) -> None:
    """``table`` lists the prompts."""
    if (kind := await app.push_screen_wait(Choose("New prompt", KINDS))) is None:
        return
    is_a_chat = kind == CHAT
    name, text, message, problem = "", "", "", ""
    while not name or problem:  # a text is not lost because its name is taken
        named = Field(
            name="name", label="Name", value=name, hint="letters, digits, - _ .", required=True, check=name_problem
        )
        fields = [named, *_fields(is_a_chat=is_a_chat, text=text, message=message)]
        shown = Content.styled(problem, "$text-error") if problem else None
        if (values := await app.push_screen_wait(Form("New prompt", fields, save="Create", message=shown))) is None:
            return
        name, text, message = values["name"], values["text"], values["commit"]
        if problem := await taken(app.client, name):
            problem = f"{problem[0].upper()}{problem[1:]}"
    make(
        app,
        table,
        prompts.create(app.client, name, _draft(text, message, is_a_chat=is_a_chat)),
        lambda key: key == name,
        then=lambda: app.navigation.open_model(name),
    )


async def add_prompt_version(app: Console, name: str, before: ModelVersion | None, table: NewRowTable) -> None:
    """``before``: the version whose text the new one begins with; it has the same kind, and prescribes the same else.
    ``table`` lists the versions by their numbers."""
    if before is not None:
        is_a_chat = is_chat(before)
    elif (kind := await app.push_screen_wait(Choose(f"Add a version to {name}", KINDS))) is not None:
        is_a_chat = kind == CHAT
    else:
        return
    fields = _fields(is_a_chat=is_a_chat, text=template(before) if before is not None else "")
    form = Form(f"Add a version to {name}", fields, save="Add", message=_beginning(before))
    values = await app.push_screen_wait(form)
    if values is not None:
        kept = prescribed(before) if before is not None else {}
        draft = _draft(values["text"], values["commit"], is_a_chat=is_a_chat, kept=kept)
        mutation, newest = await prompts.add(app.client, name, draft)
        make(app, table, mutation, lambda key: int(key) > newest)


def _fields(*, is_a_chat: bool, text: str, message: str = "") -> list[Field]:
    written = Field(
        name="text",
        label="Messages, as JSON" if is_a_chat else "Text",
        value=editable_chat(text or CHAT_EXAMPLE) if is_a_chat else text,
        hint="Hello {{name}}",
        long=True,
        required=True,
        max_length=MAX_TEXT_LENGTH,
        check=_chat_problem if is_a_chat else None,
    )
    commit = Field(
        name="commit",
        value=message,
        label="Commit message (optional)",
        hint="what is new, and why",
        max_length=MAX_DESCRIPTION_LENGTH,
    )
    return [written, commit]


def _chat_problem(text: str) -> str:
    problem = chat_problem(text)
    if not problem and len(stored_chat(text)) > MAX_TEXT_LENGTH:
        problem = f"The messages are too long: at most {MAX_TEXT_LENGTH:,} characters of JSON."
    return problem


def _draft(text: str, message: str, *, is_a_chat: bool, kept: Mapping[str, str] | None = None) -> Draft:
    return Draft(text=stored_chat(text) if is_a_chat else text, is_chat=is_a_chat, message=message, kept=kept or {})


def _beginning(before: ModelVersion | None) -> Content | None:
    """What the new version has from one before."""
    if before is None:
        return None
    kept = " and ".join(f"its {label}" for label in besides_text(before))
    return Content(f"Begins with the text of version {before.version}{f', and keeps {kept}' if kept else ''}.")
