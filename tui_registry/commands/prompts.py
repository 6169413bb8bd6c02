"""``tui-registry prompts``: list, show and create the prompts of MLflow's prompt registry."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import click

from tui_registry.commands import completers
from tui_registry.commands.changes import How, PlannedChange, change, text_argument, writing_command
from tui_registry.commands.exit_codes import Exit, Failure
from tui_registry.commands.output import facts, note, print_json, print_lines, table, wire
from tui_registry.commands.registry import ask, read_all, registry_command, with_token
from tui_registry.commands.versions import tag_list, text_lines, versions_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_registry.client.registry import RegistryClient
    from tui_registry_server.wire.model_version import ModelVersion
    from tui_registry_server.wire.registered_model import RegisteredModel, RegisteredModelDatabricks


@click.group()
def prompts() -> None:
    """List, show and create prompts."""


@registry_command
@prompts.command("list")
@click.argument("words", metavar="[FILTER]...", nargs=-1, shell_complete=completers.prompts)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Maximum number of prompts; default: all.")
def list_prompts(*, words: tuple[str, ...], limit: int | None, profile: str | None, as_json: bool) -> None:
    """List the prompts that you may read, by name.

    FILTER is as in tui-registry models list.
    """
    from tui_registry.queries.prompts import prompts_filter

    filter_text = prompts_filter(" ".join(words))

    async def read(client: "RegistryClient") -> "tuple[list[RegisteredModel], str]":
        async def page(size: int, token: str) -> "tuple[list[RegisteredModel], str | None]":
            answer = await client.models.search(filter_text=filter_text, max_results=size, page_token=token)
            return answer.registered_models, answer.next_page_token

        return await read_all(page, limit)

    found, token = ask(profile, read)
    if as_json:
        print_json(with_token({"registered_models": [wire(model) for model in found]}, token))
    elif found:
        headings = ("PROMPT", "LATEST", "UPDATED", "ALIASES", "TAGS", "DESCRIPTION")
        print_lines(table(headings, [_listed(each) for each in found], fixed=("LATEST", "UPDATED")))
    else:
        note("There are no matching prompts." if words else "There are no prompts.")
    if token and not as_json:
        note(f"There are more than these {len(found)}: raise --limit.")


@registry_command
@prompts.command("show")
@click.argument("reference", metavar="NAME[@ALIAS|/VERSION]", shell_complete=completers.prompts)
def show_prompt(*, reference: str, profile: str | None, as_json: bool) -> None:
    """Show a prompt: its details, its versions, and the text of one, by default the newest."""
    found = ask(profile, lambda client: _read(client, reference))
    if as_json:
        print_json(
            {
                "registered_model_databricks": wire(found.model),
                "model_version": None if found.version is None else wire(found.version),
                "model_versions": [wire(version) for version in found.versions],
            }
        )
    else:
        print_lines(_describe(found))


@writing_command
@prompts.command("create")
@click.argument("name", shell_complete=completers.prompts)
@click.argument("text")
@click.option("--message", metavar="TEXT", default="", help="The commit message.")
@click.option("--chat", "is_chat", is_flag=True, help="TEXT is a JSON list of messages, each with role and content.")
def create_prompt(*, name: str, text: str, message: str, is_chat: bool, **how: Unpack[How]) -> None:
    """Add TEXT as the next version of the prompt NAME, which is created if there is none.

    "-" reads it from standard input."""
    written = text_argument(text)

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import model as models
        from tui_registry.mutations import prompt as changes
        from tui_registry.queries.prompts import chat_problem, is_prompt, name_problem, stored_chat
        from tui_registry.terminal.sanitize import visible

        if not written:
            raise Failure(Exit.REFUSED, "A prompt needs a text.")
        if is_chat and (problem := chat_problem(written)):
            raise Failure(Exit.REFUSED, problem)
        draft = changes.Draft(text=stored_chat(written) if is_chat else written, is_chat=is_chat, message=message)
        if not await models.exists(client, name):
            if problem := name_problem(name):
                raise Failure(Exit.REFUSED, problem)
            mutations = changes.create(client, name, draft)
        else:
            if not is_prompt((await client.models.get(name)).tags):
                raise Failure(Exit.REFUSED, f"{visible(name)} is a model, not a prompt.")
            mutations = [(await changes.add(client, name, draft))[0]]

        async def read() -> dict[str, Any]:
            from tui_registry.queries.version_page import newest_versions

            found = await newest_versions(client, name, 1)
            return {"model_version": wire(found[0])} if found else {}

        return PlannedChange(mutations=mutations, read=read)

    change(plan, **how)


@dataclass(frozen=True, slots=True)
class _Found:
    """``version``: the one asked for. ``versions``: all, newest first."""

    model: "RegisteredModelDatabricks"
    version: "ModelVersion | None"
    versions: "Sequence[ModelVersion]"


async def _read(client: "RegistryClient", typed: str) -> _Found:
    from tui_registry.queries.prompts import is_prompt, parse_reference
    from tui_registry.terminal.sanitize import visible

    reference = parse_reference(typed)
    model = await client.models.get(reference.name)
    name = visible(model.name)
    if not is_prompt(model.tags):
        raise Failure(Exit.NOT_FOUND, f"{name} is a model, not a prompt. To see it: tui-registry models show.")
    number = reference.version
    if reference.alias:
        number = next((each.version for each in model.aliases if each.alias == reference.alias.lower()), "")
        if not number:
            raise Failure(Exit.NOT_FOUND, f"{name} has no alias {visible(reference.alias)}.")

    versions, _ = await versions_of(client, model.name)
    if not number:
        return _Found(model, versions[0] if versions else None, versions)
    version = next((each for each in versions if each.version == number), None)
    if version is None:
        raise Failure(Exit.NOT_FOUND, f"{name} has no version {visible(number)}.")
    return _Found(model, version, versions)


def _listed(model: "RegisteredModel") -> list[str]:
    from tui_registry.queries.prompts import newest, own_tags
    from tui_registry.terminal.sanitize import visible
    from tui_registry.widgets.ages import moment

    version = newest(model)
    return [
        visible(model.name),
        "-" if version is None else version.version,
        moment(model.last_updated_timestamp),
        ", ".join(f"@{each.alias} = {each.version}" for each in model.aliases) or "-",
        tag_list(own_tags(model.tags)) or "-",
        model.description or "",
    ]


def _describe(found: _Found) -> list[str]:
    from tui_registry.queries.prompts import own_tags
    from tui_registry.terminal.sanitize import visible
    from tui_registry.widgets.ages import moment

    model, version = found.model, found.version
    listed = facts(
        [
            ("Prompt", visible(model.name)),
            ("Your level", model.permission_level),
            ("By", model.user_id or ""),
            ("Created", moment(model.creation_timestamp)),
            ("Updated", moment(model.last_updated_timestamp)),
            ("Tags", tag_list(own_tags(model.tags))),
            ("Description", model.description or ""),
        ]
    )
    if found.versions:
        headings = ("VERSION", "UPDATED", "CREATED BY", "ALIASES", "TAGS", "MESSAGE")
        rows = [
            [
                each.version,
                moment(each.last_updated_timestamp),
                each.user_id or "-",
                ", ".join(f"@{alias}" for alias in each.aliases) or "-",
                tag_list(own_tags(each.tags)) or "-",
                each.description or "",
            ]
            for each in found.versions
        ]
        listed += ["", "Versions", *table(headings, rows, fixed=("VERSION", "UPDATED"))]
    return listed if version is None else listed + text_lines(version)
