"""``tui-registry models``: list, show, create, describe, tag, rename and delete registered models."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Unpack

import click

from tui_registry.commands import completers, describing
from tui_registry.commands.changes import How, PlannedChange, change, destroying_command, text_argument, writing_command
from tui_registry.commands.output import facts, note, print_json, print_lines, table, wire
from tui_registry.commands.registry import ask, read_all, registry_command, with_token
from tui_registry.commands.requests import open_requests, request_table
from tui_registry.commands.versions import tag_list, version_table, versions_of

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry_server.wire.model_version import ModelVersion
    from tui_registry_server.wire.registered_model import RegisteredModel, RegisteredModelDatabricks
    from tui_registry_server.wire.transition_request import InboxRequest


@click.group()
def models() -> None:
    """List, show, create, change and delete models."""


@registry_command
@models.command("list")
@click.argument("words", metavar="[FILTER]...", nargs=-1, shell_complete=completers.only_models)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Maximum number of models; default: all.")
def list_models(*, words: tuple[str, ...], limit: int | None, profile: str | None, as_json: bool) -> None:
    """List the models that you may read, by name.

    FILTER is one or more words that the name contains, as in the console's search, or, after "=", a filter in MLflow's
    grammar. With words, exact matches and names that start with them come first:

    \b
      tui-registry models list churn eu
      tui-registry models list "= tags.team = 'risk'"
    """
    from tui_registry.queries.model_search import exact, ranked
    from tui_registry.queries.search_syntax import is_words, models_filter

    typed = " ".join(words)
    filter_text = models_filter(typed)

    async def read(client: "RegistryClient") -> "tuple[list[RegisteredModel], str]":
        async def page(size: int, token: str) -> "tuple[list[RegisteredModel], str | None]":
            answer = await client.models.search(filter_text=filter_text, max_results=size, page_token=token)
            return answer.registered_models, answer.next_page_token

        found, token = await read_all(page, limit)
        if not is_words(typed):
            return found, token
        named = await exact(client.models, typed) if token else []
        names = {model.name for model in named}
        return ranked([*named, *(model for model in found if model.name not in names)], typed)[:limit], token

    found, token = ask(profile, read)
    if as_json:
        print_json(with_token({"registered_models": [wire(model) for model in found]}, token))
    elif found:
        headings = ("MODEL", "CREATED BY", "UPDATED", "STAGES", "TAGS", "DESCRIPTION")
        print_lines(table(headings, [_listed(each) for each in found], fixed=("UPDATED",)))
    else:
        note("There are no matching models." if words else "There are no models.")
    if token and not as_json:
        note(f"There are more than these {len(found)}: raise --limit.")


@registry_command
@models.command("show")
@click.argument("name", shell_complete=completers.models)
def show_model(*, name: str, profile: str | None, as_json: bool) -> None:
    """Show a model: its details, your permission level, its versions and open requests."""
    found = ask(profile, lambda client: _read(client, name))
    if as_json:
        print_json(
            {
                "registered_model_databricks": wire(found.model),
                "model_versions": [wire(version) for version in found.versions],
                "requests": [wire(request) for request in found.requests],
            }
        )
    else:
        print_lines(_describe(found))


@writing_command
@models.command("create")
@click.argument("name")
@click.option("--description", metavar="TEXT", default="", help='Its description; "-" reads standard input.')
def create_model(*, name: str, description: str, **how: Unpack[How]) -> None:
    """Create the model NAME, without versions."""
    text = text_argument(description)

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import model as changes
        from tui_registry.mutations.subject import Subject

        return PlannedChange(
            mutations=[changes.create(client, name, text)],
            read=lambda: describing.read_subject(client, Subject(name)),
        )

    change(plan, **how)


@writing_command
@models.command("describe")
@click.argument("name", shell_complete=completers.models)
@click.argument("text")
def describe_model(*, name: str, text: str, **how: Unpack[How]) -> None:
    """Replace the description of the model NAME by TEXT.

    "-" reads it from standard input; an empty one clears it."""
    from tui_registry.mutations.subject import Subject

    describing.describe(Subject(name), text, **how)


@writing_command
@models.command("tag")
@click.argument("name", shell_complete=completers.models)
@click.argument("tags", metavar="KEY=VALUE...", nargs=-1, required=True)
def tag_model(*, name: str, tags: tuple[str, ...], **how: Unpack[How]) -> None:
    """Set tags of the model NAME."""
    from tui_registry.mutations.subject import Subject

    describing.tag(Subject(name), tags, **how)


@writing_command
@models.command("untag")
@click.argument("name", shell_complete=completers.models)
@click.argument("keys", metavar="KEY...", nargs=-1, required=True, shell_complete=completers.tags)
def untag_model(*, name: str, keys: tuple[str, ...], **how: Unpack[How]) -> None:
    """Delete tags of the model NAME."""
    from tui_registry.mutations.subject import Subject

    describing.untag(Subject(name), keys, **how)


@writing_command
@models.command("rename")
@click.argument("name", shell_complete=completers.models)
@click.argument("new_name")
def rename_model(*, name: str, new_name: str, **how: Unpack[How]) -> None:
    """Rename the model NAME to NEW_NAME. Clients that use the old name no longer find it."""

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import model as changes
        from tui_registry.mutations.subject import Subject

        await client.models.get(name)
        return PlannedChange(
            mutations=[changes.rename(client, name, new_name)],
            read=lambda: describing.read_subject(client, Subject(new_name)),
        )

    change(plan, **how)


@destroying_command
@models.command("delete")
@click.argument("name", shell_complete=completers.models)
def delete_model(*, name: str, **how: Unpack[How]) -> None:
    """Delete the model NAME with all its versions, comments and permissions."""

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import model as changes
        from tui_registry.queries.serving import serving_of
        from tui_registry.queries.version_page import version_page
        from tui_registry.terminal.sanitize import visible

        found = await client.models.get(name)
        page = await version_page(client, name)
        number = len(page.model_versions)
        more = "or more " if page.next_page_token else ""
        count = f"{number} {more}version{'' if number == 1 else 's'}"
        serving = await serving_of(client, name)
        warning = [f"{visible(name)} with {count} will be deleted.", *serving, "This cannot be undone."]
        return PlannedChange(mutations=[changes.delete(client, name, found.id)], warning=" ".join(warning))

    change(plan, **how)


@dataclass(frozen=True, slots=True)
class _Found:
    """``versions``: newest first."""

    model: "RegisteredModelDatabricks"
    versions: "list[ModelVersion]"
    requests: "list[InboxRequest]"


async def _read(client: "RegistryClient", name: str) -> _Found:
    import asyncio

    model = await client.models.get(name)
    (versions, _), requests = await asyncio.gather(versions_of(client, name), open_requests(client, name))
    return _Found(model, versions, requests)


def _listed(model: "RegisteredModel") -> list[str]:
    from tui_registry.queries.prompts import own_tags
    from tui_registry.terminal.sanitize import visible
    from tui_registry.widgets.ages import moment

    return [
        visible(model.name),
        model.user_id or "-",
        moment(model.last_updated_timestamp),
        ", ".join(f"{each.current_stage} {each.version}" for each in model.latest_versions) or "-",
        tag_list(own_tags(model.tags)) or "-",
        model.description or "",
    ]


def _describe(found: _Found) -> list[str]:
    from tui_registry.queries.prompts import own_tags
    from tui_registry.terminal.sanitize import visible
    from tui_registry.widgets.ages import moment

    model = found.model
    aliases: dict[str, list[str]] = {}
    for alias in model.aliases:
        aliases.setdefault(alias.version, []).append(alias.alias)
    lines = facts(
        [
            ("Model", visible(model.name)),
            ("Your level", model.permission_level),
            ("Created by", model.user_id or ""),
            ("Created", moment(model.creation_timestamp)),
            ("Updated", moment(model.last_updated_timestamp)),
            ("Tags", tag_list(own_tags(model.tags))),
            ("Aliases", ", ".join(f"@{alias.alias} = {alias.version}" for alias in model.aliases)),
            ("Latest", ", ".join(f"{each.current_stage} {each.version}" for each in model.latest_versions)),
            ("Description", model.description or ""),
        ]
    )
    if found.versions:
        lines += ["", "Versions", *version_table(found.versions, aliases)]
    if found.requests:
        lines += ["", "Open requests", *request_table(found.requests)]
    return lines
