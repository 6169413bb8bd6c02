"""``tui-registry models``: list models, show a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from tui_registry.commands.output import facts, note, print_json, print_lines, table, wire
from tui_registry.commands.registry import ask, read_all, registry_command, with_token
from tui_registry.commands.requests import open_requests, request_table

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry_server.wire.model_version import ModelVersion
    from tui_registry_server.wire.registered_model import RegisteredModel, RegisteredModelDatabricks
    from tui_registry_server.wire.tag import Tag
    from tui_registry_server.wire.transition_request import InboxRequest


@click.group()
def models() -> None:
    """List and show registered models."""


@registry_command
@models.command("list")
@click.argument("words", metavar="[FILTER]...", nargs=-1)
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
        headings = ("MODEL", "BY", "UPDATED", "STAGES", "TAGS", "DESCRIPTION")
        print_lines(table(headings, [_listed(each) for each in found], fixed=("UPDATED",)))
    else:
        note("There are no matching models." if words else "There are no models.")
    if token and not as_json:
        note(f"There are more than these {len(found)}: raise --limit.")


@registry_command
@models.command("show")
@click.argument("name")
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


@dataclass(frozen=True, slots=True)
class _Found:
    """``versions``: newest first."""

    model: "RegisteredModelDatabricks"
    versions: "list[ModelVersion]"
    requests: "list[InboxRequest]"


async def _read(client: "RegistryClient", name: str) -> _Found:
    import asyncio

    from tui_registry.queries.search_syntax import named

    async def page(size: int, token: str) -> "tuple[list[ModelVersion], str | None]":
        answer = await client.versions.search(
            filter_text=named(name), order_by="version_number DESC", max_results=size, page_token=token
        )
        return answer.model_versions, answer.next_page_token

    model = await client.models.get(name)
    (versions, _), requests = await asyncio.gather(read_all(page, None), open_requests(client, name))
    return _Found(model, versions, requests)


def _listed(model: "RegisteredModel") -> list[str]:
    from tui_registry.terminal.sanitize import visible
    from tui_registry.widgets.ages import moment

    return [
        visible(model.name),
        model.user_id or "-",
        moment(model.last_updated_timestamp),
        ", ".join(f"{each.current_stage} {each.version}" for each in model.latest_versions) or "-",
        _tags(model.tags) or "-",
        model.description or "",
    ]


def _describe(found: _Found) -> list[str]:
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
            ("By", model.user_id or ""),
            ("Created", moment(model.creation_timestamp)),
            ("Updated", moment(model.last_updated_timestamp)),
            ("Tags", _tags(model.tags)),
            ("Aliases", ", ".join(f"@{alias.alias} = {alias.version}" for alias in model.aliases)),
            ("Latest", ", ".join(f"{each.current_stage} {each.version}" for each in model.latest_versions)),
            ("Description", model.description or ""),
        ]
    )
    versions = [
        [
            version.version,
            version.current_stage,
            moment(version.last_updated_timestamp),
            version.user_id or "-",
            ", ".join(f"@{alias}" for alias in aliases.get(version.version, ())) or "-",
            version.source or "-",
            _tags(version.tags) or "-",
            version.description or "",
        ]
        for version in found.versions
    ]
    if versions:
        headings = ("VERSION", "STAGE", "UPDATED", "BY", "ALIASES", "SOURCE", "TAGS", "DESCRIPTION")
        lines += ["", "Versions", *table(headings, versions, fixed=("VERSION", "STAGE", "UPDATED"))]
    if found.requests:
        lines += ["", "Open requests", *request_table(found.requests)]
    return lines


def _tags(tags: "Sequence[Tag]") -> str:
    return ", ".join(f"{tag.key}={tag.value}" for tag in tags)
