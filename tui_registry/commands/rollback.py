"""``tui-registry rollback``: put the version that was in Production before back there."""

from typing import TYPE_CHECKING, Any, Unpack

import click

from tui_registry.commands import completers
from tui_registry.commands.arguments import comment_option
from tui_registry.commands.changes import How, PlannedChange, change, writing_command
from tui_registry.commands.exit_codes import Exit, Failure

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry.mutations.rollback import Rollback


@writing_command
@click.command()
@click.argument("model", shell_complete=completers.models)
@click.option(
    "--to",
    default="",
    metavar="VERSION",
    shell_complete=completers.versions,
    help="Another version that was in Production before.",
)
@comment_option
def rollback(*, model: str, to: str, comment: str, **how: Unpack[How]) -> None:
    """Roll back Production of MODEL: the version that was there before takes the place of the one there now, which is
    archived, in one transaction. Without a version in Production, the last that was there is restored.

    A second rollback swaps them back.
    """

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import rollback as rollbacks

        try:
            planned = await rollbacks.plan(client, model, to=to)
        except rollbacks.CannotRollBack as problem:
            code = Exit.NOT_ALLOWED if problem.lacks_permission else Exit.REFUSED
            raise Failure(code, f"{problem} Nothing was sent.") from None
        document = _document(planned)

        async def read() -> dict[str, Any]:
            return document | {"dry_run": False}

        return PlannedChange(
            mutations=[rollbacks.roll_back(client, planned, comment=comment)],
            details=[*map(str, planned.moves), *([f"Closes {planned.closes}."] if planned.closes else [])],
            preview=document,
            read=read,
        )

    change(plan, **how)


def _document(planned: "Rollback") -> dict[str, Any]:
    """The moves by the fields of activities."""
    moves = [
        {"version": move.version, "from_stage": move.from_stage.value, "to_stage": move.to_stage.value}
        for move in planned.moves
    ]
    return {"name": planned.restored.name, "moves": moves}
