"""``tui-registry versions``: list, show, create, move, describe, tag and delete model versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import click

from tui_registry.commands import completers, describing
from tui_registry.commands.arguments import STAGE, archive_option, archives, transition_arguments, version_arguments
from tui_registry.commands.changes import How, PlannedChange, change, destroying_command, text_argument, writing_command
from tui_registry.commands.output import facts, note, print_json, print_lines, table, wire
from tui_registry.commands.registry import ask, read_all, registry_command, with_token
from tui_registry.commands.requests import request_table
from tui_registry_server.wire.stage import Stage

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry_server.wire.model_version import ModelVersion
    from tui_registry_server.wire.tag import Tag
    from tui_registry_server.wire.transition_request import InboxRequest


@click.group()
def versions() -> None:
    """List, show, create, move, change and delete versions."""


@registry_command
@versions.command("list")
@click.argument("model", shell_complete=completers.models)
@click.option(
    "--stage", metavar="STAGE", type=STAGE, shell_complete=completers.stages, help="Only versions in this stage."
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Maximum number of versions; default: all.")
def list_versions(*, model: str, stage: str | None, limit: int | None, profile: str | None, as_json: bool) -> None:
    """List the versions of MODEL, newest first."""

    async def read(client: "RegistryClient") -> "tuple[list[ModelVersion], str]":
        await client.models.get(model)  # an error if it does not exist
        return await versions_of(client, model, stage=stage, limit=limit)

    found, token = ask(profile, read)
    if as_json:
        print_json(with_token({"model_versions": [wire(version) for version in found]}, token))
    elif found:
        print_lines(version_table(found))
    else:
        note("There are no matching versions." if stage else "There are no versions.")
    if token and not as_json:
        note(f"There are more than these {len(found)}: raise --limit.")


@registry_command
@versions.command("show")
@version_arguments()
def show_version(*, model: str, version: str, profile: str | None, as_json: bool) -> None:
    """Show VERSION of MODEL and its open requests."""

    async def read(client: "RegistryClient") -> _Found:
        found = await client.versions.get(model, version)
        return _Found(found, await client.requests.of_version(model, version))

    found = ask(profile, read)
    if as_json:
        print_json({"model_version": wire(found.version), "requests": [wire(each) for each in found.requests]})
    else:
        print_lines(_describe(found))


@writing_command
@versions.command("create")
@click.argument("model", shell_complete=completers.models)
@click.argument("source")
@click.option("--description", metavar="TEXT", default="", help='Its description; "-" reads standard input.')
@click.option("--run-id", metavar="ID", default="", help="The MLflow run that produced it.")
@click.option("--run-link", metavar="URL", default="", help="Where that run can be seen.")
def create_version(
    *, model: str, source: str, description: str, run_id: str, run_link: str, **how: Unpack[How]
) -> None:
    """Add the artifacts at the URI SOURCE as the next version of MODEL."""
    text = text_argument(description)

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import version as changes

        await client.models.get(model)
        newest = await changes.newest_of(client, model)
        mutation = changes.add(client, model, source, newest=newest, description=text, run_id=run_id, run_link=run_link)

        async def read() -> dict[str, Any]:
            found, _ = await versions_of(client, model, limit=5)
            own = [each for each in found if int(each.version) > newest and each.source == source]
            return {"model_version": wire(own[-1])} if own else {}

        return PlannedChange(mutations=[mutation], read=read)

    change(plan, **how)


@writing_command
@versions.command("transition")
@transition_arguments()
@archive_option(default=False)
def transition_version(
    *, model: str, version: str, stage: str, comment: str, archive: bool | None, **how: Unpack[How]
) -> None:
    """Move VERSION of MODEL to STAGE at once. If you may not, request it: tui-registry requests create."""
    to_stage = Stage(stage)
    archive_existing = archives(archive, to_stage, default=False)

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations.subject import Subject
        from tui_registry.mutations.transition import closed_by, emptied_by, others_in, transition

        found = await client.versions.get(model, version)
        displaced = await others_in(client, model, version, to_stage) if archive_existing else []
        mutation = transition(
            client,
            found,
            to_stage,
            displaces=displaced,
            archive_existing_versions=archive_existing,
            comment=comment,
        )
        is_there = found.current_stage is to_stage and not displaced
        closed = "" if is_there else await closed_by(client, model, version, to_stage)
        return PlannedChange(
            mutations=[] if is_there else [mutation],
            details=[f"Closes {closed}."] if closed else [],
            already=f"{Subject(model, version)} is already in {to_stage}." if is_there else "",
            notice=await emptied_by(client, found, to_stage),
            read=lambda: describing.read_subject(client, Subject(model, version)),
        )

    change(plan, **how)


@writing_command
@versions.command("describe")
@version_arguments()
@click.argument("text")
def describe_version(*, model: str, version: str, text: str, **how: Unpack[How]) -> None:
    """Replace the description of VERSION of MODEL by TEXT.

    "-" reads it from standard input; an empty one clears it."""
    from tui_registry.mutations.subject import Subject

    describing.describe(Subject(model, version), text, **how)


@writing_command
@versions.command("tag")
@version_arguments()
@click.argument("tags", metavar="KEY=VALUE...", nargs=-1, required=True)
def tag_version(*, model: str, version: str, tags: tuple[str, ...], **how: Unpack[How]) -> None:
    """Set tags of VERSION of MODEL."""
    from tui_registry.mutations.subject import Subject

    describing.tag(Subject(model, version), tags, **how)


@writing_command
@versions.command("untag")
@version_arguments()
@click.argument("keys", metavar="KEY...", nargs=-1, required=True, shell_complete=completers.tags)
def untag_version(*, model: str, version: str, keys: tuple[str, ...], **how: Unpack[How]) -> None:
    """Delete tags of VERSION of MODEL."""
    from tui_registry.mutations.subject import Subject

    describing.untag(Subject(model, version), keys, **how)


@destroying_command
@versions.command("delete")
@version_arguments()
def delete_version(*, model: str, version: str, **how: Unpack[How]) -> None:
    """Delete VERSION of MODEL, with its comments, tags and requests."""

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import version as changes
        from tui_registry.mutations.subject import Subject
        from tui_registry.mutations.transition import emptied_by

        found = await client.versions.get(model, version)
        emptied = await emptied_by(client, found, None)
        loss = f"{Subject(model, version)}, in {found.current_stage}, will be deleted. This cannot be undone."
        warning = f"{loss} {emptied}".rstrip()
        return PlannedChange(mutations=[changes.delete(client, found)], warning=warning)

    change(plan, **how)


@dataclass(frozen=True, slots=True)
class _Found:
    version: "ModelVersion"
    requests: "list[InboxRequest]"


async def versions_of(
    client: "RegistryClient", model: str, *, stage: str | None = None, limit: int | None = None
) -> "tuple[list[ModelVersion], str]":
    """The versions of a model, newest first, and the token of the next page, empty at the end."""
    from tui_registry.queries.version_page import version_page

    async def page(size: int, token: str) -> "tuple[list[ModelVersion], str | None]":
        answer = await version_page(client, model, stage=stage, max_results=size, page_token=token)
        return answer.model_versions, answer.next_page_token

    return await read_all(page, limit)


def version_table(found: "Sequence[ModelVersion]", aliases: Mapping[str, Sequence[str]] | None = None) -> list[str]:
    """A table of versions, as lines. ``aliases``: by version, if not the versions' own."""
    from tui_registry.queries.prompts import own_tags
    from tui_registry.widgets.ages import moment

    rows = [
        [
            version.version,
            version.current_stage,
            moment(version.last_updated_timestamp),
            version.user_id or "-",
            ", ".join(
                f"@{alias}" for alias in (version.aliases if aliases is None else aliases.get(version.version, ()))
            )
            or "-",
            version.source or "-",
            tag_list(own_tags(version.tags)) or "-",
            version.description or "",
        ]
        for version in found
    ]
    headings = ("VERSION", "STAGE", "UPDATED", "CREATED BY", "ALIASES", "SOURCE", "TAGS", "DESCRIPTION")
    return table(headings, rows, fixed=("VERSION", "STAGE", "UPDATED"))


def tag_list(tags: "Sequence[Tag]") -> str:
    """Tags in one line."""
    return ", ".join(f"{tag.key}={tag.value}" for tag in tags)


def text_lines(version: "ModelVersion") -> list[str]:
    """The text of a version of a prompt, below a title; nothing for that of a model."""
    from tui_registry.queries.prompts import is_prompt, readable
    from tui_registry.terminal.sanitize import lines

    if not is_prompt(version.tags):
        return []
    text = readable(version)
    return ["", f"Text of version {version.version}", *(f"  {line}".rstrip() for line in lines(text, len(text)))]


def _describe(found: _Found) -> list[str]:
    from tui_registry.queries.prompts import own_tags
    from tui_registry.terminal.sanitize import visible
    from tui_registry.widgets.ages import moment

    version = found.version
    lines = facts(
        [
            ("Model", visible(version.name)),
            ("Version", version.version),
            ("Stage", version.current_stage),
            ("By", version.user_id or ""),
            ("Created", moment(version.creation_timestamp)),
            ("Updated", moment(version.last_updated_timestamp)),
            ("Source", version.source or ""),
            ("Run", version.run_id or ""),
            ("Run link", version.run_link or ""),
            ("Tags", tag_list(own_tags(version.tags))),
            ("Aliases", ", ".join(f"@{alias}" for alias in version.aliases)),
            ("Description", version.description or ""),
        ]
    )
    lines += text_lines(version)
    return [*lines, "", "Open requests", *request_table(found.requests)] if found.requests else lines
