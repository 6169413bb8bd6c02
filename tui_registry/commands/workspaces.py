"""``tui-registry workspaces``: models of the same name may exist in several of them."""

from typing import TYPE_CHECKING, Any, Unpack

import click

from tui_registry.commands import completers
from tui_registry.commands.changes import (
    How,
    PlannedChange,
    change,
    destroying_command,
    text_argument,
    writing_command,
)
from tui_registry.commands.exit_codes import Exit, Failure
from tui_registry.commands.output import print_json, print_lines, table, wire
from tui_registry.commands.registry import ask, registry_command

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry_server.wire.workspace import Workspace


@click.group()
def workspaces() -> None:
    """List, create, describe and delete workspaces."""


@registry_command
@workspaces.command("list")
def list_workspaces(*, profile: str | None, as_json: bool) -> None:
    """List the workspaces that you may use, with your level on all of each, and the models and prompts that you may
    read there."""
    found = ask(profile, lambda client: client.workspaces.all(details=True))
    if as_json:
        print_json({"workspaces": [wire(each) for each in found]})
        return
    rows = [
        [each.name, f"{each.model_count or 0}", each.permission_level or "-", each.description or ""] for each in found
    ]
    print_lines(table(("WORKSPACE", "MODELS", "LEVEL", "DESCRIPTION"), rows))


@writing_command
@workspaces.command("create")
@click.argument("workspace")
@click.option("--description", metavar="TEXT", default="", help='What it is for; "-" reads it from standard input.')
def create_workspace(*, workspace: str, description: str, **how: Unpack[How]) -> None:
    """Create WORKSPACE. Only administrators may use it until others are granted levels in it."""
    text = text_argument(description)

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import workspace as changes

        return PlannedChange(mutations=[changes.create(client, workspace, text)], read=lambda: _read(client, workspace))

    change(plan, **how)


@writing_command
@workspaces.command("describe")
@click.argument("workspace", shell_complete=completers.workspaces)
@click.argument("text")
def describe_workspace(*, workspace: str, text: str, **how: Unpack[How]) -> None:
    """Replace the description of WORKSPACE; "-" reads it from standard input."""
    after = text_argument(text)

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import workspace as changes

        before = (await _found(client, workspace)).description or ""
        is_same = before == after
        return PlannedChange(
            mutations=[] if is_same else [changes.describe(client, workspace, before, after)],
            already=f"{workspace} already has this description." if is_same else "",
            read=lambda: _read(client, workspace),
        )

    change(plan, **how)


@destroying_command
@workspaces.command("delete")
@click.argument("workspace", shell_complete=completers.workspaces)
def delete_workspace(*, workspace: str, **how: Unpack[How]) -> None:
    """Delete WORKSPACE with its models and prompts, their versions, permissions, webhooks and follows. The audit log
    keeps what happened in it."""

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import workspace as changes
        from tui_registry.queries.serving import serving_in

        found = await _found(client, workspace)
        count = found.model_count or 0
        inside = f" with {count} {'model or prompt' if count == 1 else 'models and prompts'}"
        serving = await serving_in(client, found.name) if count else []
        said = [f"Workspace {found.name}{inside} will be deleted.", *serving, "This cannot be undone."]
        return PlannedChange(mutations=[changes.delete(client, found)], warning=" ".join(said))

    change(plan, **how)


async def _found(client: "RegistryClient", name: str) -> "Workspace":
    """Raises Failure."""
    found = next((each for each in await client.workspaces.all(details=True) if each.name == name), None)
    if found is None:
        raise Failure(Exit.NOT_FOUND, f"There is no workspace {name}, or you may not use it.")
    return found


async def _read(client: "RegistryClient", name: str) -> dict[str, Any]:
    return {"workspace": wire(await _found(client, name))}
