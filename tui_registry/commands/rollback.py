"""``tui-registry rollback``: put the version that was in Production before back there."""

from typing import TYPE_CHECKING, Any

import click

from tui_registry.commands import completers
from tui_registry.commands.changes import require_done
from tui_registry.commands.exits import Exit, Failure
from tui_registry.commands.output import print_json, print_lines, whole
from tui_registry.commands.registry import ask, registry_command

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry.mutations.rollback import Rollback


@registry_command
@click.command()
@click.argument("model", shell_complete=completers.models)
@click.option(
    "--to",
    default="",
    metavar="VERSION",
    shell_complete=completers.versions,
    help="Another version that was in Production before.",
)
@click.option("--comment", default="", help="A comment on the transition.")
@click.option("--dry-run", is_flag=True, help="Show which versions would be moved, without moving any.")
def rollback(*, model: str, to: str, comment: str, dry_run: bool, profile: str | None, as_json: bool) -> None:
    """Roll back Production of MODEL: the version that was there before takes the place of the one there now, which is
    archived, in one transaction. Without a version in Production, the last that was there is restored.

    A second rollback swaps them back.
    """
    from tui_registry.mutations.mutation import run
    from tui_registry.mutations.rollback import CannotRollBack, plan, roll_back

    async def work(client: "RegistryClient") -> "tuple[Rollback, str]":
        try:
            planned = await plan(client, model, to=to)
        except CannotRollBack as problem:
            code = Exit.NOT_ALLOWED if problem.lacks_permission else Exit.REFUSED
            raise Failure(code, f"{problem} Nothing was sent.") from None
        if dry_run:
            return planned, ""
        result = require_done(await run(roll_back(client, planned, comment=comment)))
        return planned, result.message

    planned, message = ask(profile, work, writes=not dry_run)
    if as_json:
        print_json(_document(planned, dry_run=dry_run))
    elif dry_run:
        print_lines([f"Would move {move}" for move in planned.moves])
    else:
        print_lines([whole(f"{planned.restored.name} version {planned.restored.version}: {message}")])


def _document(planned: "Rollback", *, dry_run: bool) -> dict[str, Any]:
    moves = [
        {"version": move.version, "from_stage": move.from_stage.value, "to_stage": move.to_stage.value}
        for move in planned.moves
    ]
    return {"name": planned.restored.name, "moves": moves, "dry_run": dry_run}
