"""``tui-registry follow``, ``unfollow`` and ``follows``: be notified of changes of a model, or of open requests."""

from typing import TYPE_CHECKING, Any, Unpack

import click

from tui_registry.commands import completers
from tui_registry.commands.changes import How, PlannedChange, change, writing_command
from tui_registry.commands.exit_codes import Exit, Failure
from tui_registry.commands.output import note, print_json, print_lines, table, wire
from tui_registry.commands.registry import ask, registry_command

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry_server.wire.follow import Follow

requests_option = click.option("--requests", is_flag=True, help="The requests that you may decide, of all models.")
model_argument = click.argument("model", required=False, shell_complete=completers.models)


def _target(model: str | None, *, requests: bool) -> str | None:
    """The model, or None for the requests."""
    if (model is None) is not requests:
        raise click.UsageError("Give either MODEL or --requests.")
    return model


@writing_command
@click.command()
@model_argument
@requests_option
@click.option("--digest", type=click.Choice(["hourly", "daily"]), help="One message of all since the last.")
@click.option("--now", is_flag=True, help="A message for each change, at once; the default.")
@click.option("--email", default="", metavar="ADDRESS", help="To this address instead of your own.")
@click.option("--slack", default="", metavar="URL", help="To this incoming webhook of Slack.")
def follow(
    *,
    model: str | None,
    requests: bool,
    digest: str | None,
    now: bool,
    email: str,
    slack: str,
    **how: Unpack[How],
) -> None:
    """Be notified of what others do with MODEL, or of requests that wait for you; or change how."""
    target = _target(model, requests=requests)
    if digest and now:
        raise click.UsageError("Either --digest or --now.")
    if email and slack:
        raise click.UsageError("Either --email or --slack.")
    made: list[Follow] = []

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import follow as changes
        from tui_registry_server.wire.follow import Digest

        async def read() -> dict[str, Any]:
            return {"follow": wire(made[-1])} if made else {}

        how_often = Digest((digest or "now").upper())
        before = await client.follows.of(target)
        return PlannedChange(
            mutations=[changes.follow(client, target, how_often, slack or email, before, made.append)], read=read
        )

    change(plan, **how)


@writing_command
@click.command()
@model_argument
@requests_option
def unfollow(*, model: str | None, requests: bool, **how: Unpack[How]) -> None:
    """No longer be notified of MODEL, or of requests."""
    target = _target(model, requests=requests)

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import follow as changes

        if (before := await client.follows.of(target)) is None:
            raise Failure(Exit.NOT_FOUND, f"You do not follow {changes.about(target)}: see tui-registry follows.")
        return PlannedChange(mutations=[changes.unfollow(client, before)])

    change(plan, **how)


@registry_command
@click.command()
def follows(*, profile: str | None, as_json: bool) -> None:
    """List what you follow, how often and where you are notified, and whether it arrives."""
    found = ask(profile, lambda client: client.follows.own())
    if as_json:
        print_json({"follows": [wire(each) for each in found]})
    elif found:
        from tui_registry.mutations.follow import receiver_of

        rows = [
            [each.model_name or "(requests)", each.digest.value.lower(), receiver_of(each), each.problem or ""]
            for each in found
        ]
        print_lines(table(("FOLLOWED", "NOTIFIED", "TO", "PROBLEM"), rows, fixed=("NOTIFIED",)))
    else:
        note("You do not follow anything.")
