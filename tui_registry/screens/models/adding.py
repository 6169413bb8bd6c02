"""Making models and versions, and what can be done to a model as a whole."""

from textual.content import Content

from tui_registry.console import Console
from tui_registry.mutations import model as models
from tui_registry.mutations import version as versions
from tui_registry.screens.dialogs.confirm import Confirm, Question, word_for
from tui_registry.screens.dialogs.form import Field, Form
from tui_registry.terminal.sanitize import visible


async def create_model(app: Console) -> None:
    fields = [
        Field(name="name", label="Name", required=True, check=is_model_name),
        Field(name="description", label="Description, in Markdown", long=True),
    ]
    values = await app.push_screen_wait(Form("New model", fields, save="Create"))
    if values is not None:
        name = values["name"]
        app.mutations.start(
            models.create(app.client, name, values["description"]), then=lambda: app.navigation.open_model(name)
        )


async def rename_model(app: Console, name: str) -> None:
    field = Field(name="name", label="New name", value=name, required=True, check=is_model_name)
    told = Content("Jobs that load it by its former name fail from then on.")
    values = await app.push_screen_wait(Form(f"Rename {name}", [field], save="Rename", told=told))
    if values is None or values["name"] == name:
        return
    question = Question(
        title="Rename this model?",
        told=[
            Content(f"• {visible(name)} → {visible(values['name'])}\n  models:/{visible(name)}/… fails from then on.")
        ],
        verb="Rename",
    )
    if await app.push_screen_wait(Confirm(question)) is not None:
        app.mutations.start(models.rename(app.client, name, values["name"]))


async def delete_model(app: Console, name: str) -> None:
    """Raises CallError if it cannot be read first."""
    model = await app.client.models.get(name)
    newest = await versions.newest_of(app.client, name)
    held = ", ".join(f"{each.version} in {each.current_stage}" for each in model.latest_versions)
    told = f"• {visible(name)}\n  "
    told += f"Its versions up to {newest} go with it: {held}." if newest else "It has no versions."
    told += "\n  So do its tags, aliases, comments, open requests and permissions."
    question = Question(
        title="Delete this model for good?",
        told=[Content(told)],
        verb="Delete",
        word=word_for(name, "delete"),
        why_word="this cannot be undone",
    )
    if await app.push_screen_wait(Confirm(question)) is not None:
        app.mutations.start(models.delete(app.client, name, model.id))


async def add_version(app: Console, name: str) -> None:
    fields = [
        Field(name="source", label="Source: the URI of its artifacts", hint="s3://bucket/path", required=True),
        Field(name="description", label="Description, in Markdown", long=True),
        Field(name="run_id", label="Run id", hint="of the MLflow run that made it, if any"),
        Field(name="run_link", label="Link to the run", hint="https://…"),
    ]
    values = await app.push_screen_wait(Form(f"Add a version to {name}", fields, save="Add"))
    if values is not None:
        newest = await versions.newest_of(app.client, name)
        app.mutations.start(
            versions.add(
                app.client,
                name,
                values["source"],
                newest=newest,
                description=values["description"],
                run_id=values["run_id"],
                run_link=values["run_link"],
            )
        )


def is_model_name(name: str) -> str:
    """What is wrong with a name; empty if nothing."""
    bad = sorted({character for character in name if character in "/:"})
    return f"A name cannot have {' or '.join(bad)} in it: URIs use them." if bad else ""
