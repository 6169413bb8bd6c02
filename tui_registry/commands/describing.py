"""What models and versions share: descriptions and tags."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

import click

from tui_registry.commands.changes import How, PlannedChange, change, text_argument
from tui_registry.commands.exit_codes import Exit, Failure
from tui_registry.commands.output import wire

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry.mutations.subject import Subject


async def read_subject(client: "RegistryClient", subject: "Subject") -> dict[str, Any]:
    """The model or version as JSON."""
    if subject.version is None:
        return {"registered_model_databricks": wire(await client.models.get(subject.name))}
    return {"model_version": wire(await client.versions.get(subject.name, subject.version))}


def describe(subject: "Subject", text: str, **how: Unpack[How]) -> None:
    """Replace the description; "-" reads it from standard input."""
    after = text_argument(text)

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import description

        before = (await subject.read(client)).description
        mutation = description.describe(client, subject, before, after)
        is_same = before == after
        return PlannedChange(
            mutations=[] if is_same else [mutation],
            already=f"{subject} already has this description." if is_same else "",
            read=lambda: read_subject(client, subject),
        )

    change(plan, **how)


def tag(subject: "Subject", pairs: Sequence[str], **how: Unpack[How]) -> None:
    """Set the tags given as ``KEY=VALUE``. Raises BadParameter."""
    given: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise click.BadParameter(f"'{pair}' is not KEY=VALUE.", param_hint="TAG")
        given[key] = value

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import tag as tags

        before = (await subject.read(client)).tags
        same = [key for key, value in given.items() if before.get(key) == value]
        return PlannedChange(
            mutations=[
                tags.tag(client, subject, key, before.get(key), value)
                for key, value in given.items()
                if key not in same
            ],
            already=f"{subject} already has this value of: {', '.join(same)}." if same else "",
            read=lambda: read_subject(client, subject),
        )

    change(plan, **how)


def untag(subject: "Subject", keys: Sequence[str], **how: Unpack[How]) -> None:
    """Delete these tags. Fails if there is no such one."""

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import tag as tags

        before = (await subject.read(client)).tags
        if missing := [key for key in keys if key not in before]:
            raise Failure(Exit.NOT_FOUND, f"{subject} has no tag {', '.join(missing)}.")
        return PlannedChange(
            mutations=[tags.tag(client, subject, key, before[key], None) for key in dict.fromkeys(keys)],
            read=lambda: read_subject(client, subject),
        )

    change(plan, **how)
