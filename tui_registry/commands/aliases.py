"""``tui-registry aliases``: the names that point to versions of a model."""

from typing import TYPE_CHECKING, Any, Unpack

import click

from tui_registry.commands import completers
from tui_registry.commands.changes import How, PlannedChange, change, writing_command
from tui_registry.commands.exit_codes import Exit, Failure
from tui_registry.commands.output import note, print_json, print_lines, table, wire
from tui_registry.commands.registry import ask, registry_command

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient


@click.group()
def aliases() -> None:
    """List, set and delete aliases of model versions."""


@registry_command
@aliases.command("list")
@click.argument("model", shell_complete=completers.models)
def list_aliases(*, model: str, profile: str | None, as_json: bool) -> None:
    """List the aliases of MODEL."""
    found = ask(profile, lambda client: client.models.get(model)).aliases
    if as_json:
        print_json({"aliases": [wire(alias) for alias in found]})
    elif found:
        print_lines(table(("ALIAS", "VERSION"), [[alias.alias, alias.version] for alias in found]))
    else:
        note("There are no aliases.")


@writing_command
@aliases.command("set")
@click.argument("model", shell_complete=completers.models)
@click.argument("alias", shell_complete=completers.aliases)
@click.argument("version", shell_complete=completers.versions)
def set_alias(*, model: str, alias: str, version: str, **how: Unpack[How]) -> None:
    """Point ALIAS to VERSION of MODEL, away from the version that has it."""
    _change(model, alias, version, **how)


@writing_command
@aliases.command("delete")
@click.argument("model", shell_complete=completers.models)
@click.argument("alias", shell_complete=completers.aliases)
def delete_alias(*, model: str, alias: str, **how: Unpack[How]) -> None:
    """Delete ALIAS of MODEL. The version stays."""
    _change(model, alias, None, **how)


def _change(model: str, alias: str, after: str | None, **how: Unpack[How]) -> None:
    """Point an alias to a version, or to none."""
    word = alias.removeprefix("@")

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import alias as changes

        found = (await client.models.get(model)).aliases
        before = next((each.version for each in found if each.alias == word), None)
        if after is None and before is None:
            raise Failure(Exit.NOT_FOUND, f"{model} has no alias @{word}.")

        async def read() -> dict[str, Any]:
            return {"aliases": [wire(each) for each in (await client.models.get(model)).aliases]}

        is_same = before == after
        return PlannedChange(
            mutations=[] if is_same else [changes.alias(client, model, word, before, after)],
            already=f"@{word} already points to version {after}." if is_same else "",
            details=[f"@{word} points to version {before} now."] if before and not is_same else [],
            read=read,
        )

    change(plan, **how)
