"""The dialogs that create, rename and delete models, and add versions."""

from textual.content import Content

from tui_registry.console import Console
from tui_registry.mutations import model as models
from tui_registry.mutations import version as versions
from tui_registry.queries.prompts import is_prompt, newest
from tui_registry.screens.base.new_row import make
from tui_registry.screens.dialogs.confirm import Confirm, Question, word_for
from tui_registry.screens.dialogs.form import Field, Form
from tui_registry.terminal.sanitize import visible
from tui_registry.widgets.new_row_table import NewRowTable
from tui_registry_server.wire.fields import MAX_DESCRIPTION_LENGTH


async def create_model(app: Console, table: NewRowTable) -> None:
    """``table`` lists the models."""
    fields = [
        Field(name="name", label="Name", required=True, check=model_name_problem),
        Field(name="description", label="Description (Markdown)", long=True, max_length=MAX_DESCRIPTION_LENGTH),
    ]
    values = await app.push_screen_wait(Form("New model", fields, save="Create"))
    if values is not None:
        name = values["name"]
        make(
            app,
            table,
            models.create(app.client, name, values["description"]),
            lambda key: key == name,
            then=lambda: app.navigation.open_model(name),
        )


async def rename_model(app: Console, name: str, *, noun: str = "model") -> None:
    """``noun``: what it is, a model or a prompt."""
    field = Field(name="name", label="New name", value=name, required=True, check=model_name_problem)
    warning = Content("Jobs that load it by its old name will fail.")
    values = await app.push_screen_wait(Form(f"Rename {name}", [field], save="Rename", message=warning))
    if values is None or values["name"] == name:
        return
    question = Question(
        title=f"Rename this {noun}?",
        message=[
            Content(f"• {visible(name)} → {visible(values['name'])}\n  {noun}s:/{visible(name)}/… will no longer work.")
        ],
        verb="Rename",
    )
    if await app.push_screen_wait(Confirm(question)) is not None:
        app.mutations.start(models.rename(app.client, name, values["name"]))


async def delete_model(app: Console, name: str) -> None:
    """Raises CallError if the model cannot be read first."""
    model = await app.client.models.get(name)
    last = newest(model)
    noun = "prompt" if is_prompt(model.tags) else "model"
    latest = ", ".join(f"{each.version} in {each.current_stage}" for each in model.latest_versions)
    message = f"• {visible(name)}\n  "
    message += f"With its versions, up to {last.version}; latest: {latest}." if last else "It has no versions."
    message += "\n  Its tags, aliases, comments, open requests and permissions are deleted, too."
    question = Question(
        title=f"Permanently delete this {noun}?",
        message=[Content(message)],
        verb="Delete",
        word=word_for(name, "delete"),
        why_word="this cannot be undone",
    )
    if await app.push_screen_wait(Confirm(question)) is not None:
        app.mutations.start(models.delete(app.client, name, model.id))


async def add_version(app: Console, name: str, table: NewRowTable) -> None:
    """``table`` lists the versions by their numbers."""
    fields = [
        Field(name="source", label="Source (URI of the artifacts)", hint="s3://bucket/path", required=True),
        Field(name="description", label="Description (Markdown)", long=True, max_length=MAX_DESCRIPTION_LENGTH),
        Field(name="run_id", label="Run ID (optional)", hint="of the MLflow run that produced it"),
        Field(name="run_link", label="Run link (optional)", hint="https://…"),
    ]
    values = await app.push_screen_wait(Form(f"Add a version to {name}", fields, save="Add"))
    if values is not None:
        newest = await versions.newest_of(app.client, name)
        added = versions.add(
            app.client,
            name,
            values["source"],
            newest=newest,
            description=values["description"],
            run_id=values["run_id"],
            run_link=values["run_link"],
        )
        make(app, table, added, lambda key: int(key) > newest)


def model_name_problem(name: str) -> str:
    """What is wrong with a model's name; empty if nothing."""
    bad = sorted({character for character in name if character in "/:"})
    return f"A name cannot contain {' or '.join(bad)}." if bad else ""
