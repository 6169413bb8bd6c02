"""``tui-registry activity``: who did what."""

import time
from typing import TYPE_CHECKING

import click

from tui_registry.commands.output import note, print_json, print_lines, table, wire
from tui_registry.commands.registry import all_of, ask, registry_command, with_token

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry_server.wire.activity import FeedActivity

LIMIT = 100  # activities, if nothing is said


def _moment(_context: click.Context, _option: click.Parameter, value: str | None) -> int | None:
    from tui_registry.queries.filters import parse_moment

    if value is None:
        return None
    meant = parse_moment(value, time.time())
    if meant is None:
        raise click.BadParameter(f"'{value}' is neither a length of time, such as 30m, 12h, 7d or 2w, nor a date.")
    return meant


@registry_command
@click.command()
@click.option("--model", metavar="NAME", default="", help="What happened to one model.")
@click.option("--version", metavar="VERSION", default="", help="What happened to one version of that model.")
@click.option("--user", metavar="NAME", default="", help="What one person did.")
@click.option(
    "--type",
    "kinds",
    metavar="PART",
    multiple=True,
    help="Of which kind: a part of a kind's name, such as approved, transition or comment. May be given several times.",
)
@click.option(
    "--since", callback=_moment, metavar="TIME", help="From then on: so long ago (30m, 12h, 7d, 2w) or a date."
)
@click.option("--until", callback=_moment, metavar="TIME", help="Before then.")
@click.option("--limit", type=click.IntRange(1), metavar="N", default=LIMIT, show_default=True, help="At most so many.")
def activity(
    *,
    model: str,
    version: str,
    user: str,
    kinds: tuple[str, ...],
    since: int | None,
    until: int | None,
    limit: int,
    profile: str | None,
    as_json: bool,
) -> None:
    """List who did what, newest first."""
    if version and not model:
        raise click.UsageError("Give the model's name (--model) with the version.")
    types = [kind for part in kinds for kind in _kinds(part)]

    async def read(client: "RegistryClient") -> "tuple[list[FeedActivity], str]":
        async def page(size: int, token: str) -> "tuple[list[FeedActivity], str | None]":
            answer = await client.activities.search(
                name=model,
                version=version,
                user=user,
                activity_type=types,
                since=since,
                until=until,
                max_results=size,
                page_token=token,
            )
            return answer.activities, answer.next_page_token

        return await all_of(page, limit)

    found, token = ask(profile, read)
    if as_json:
        print_json(with_token({"activities": [wire(each) for each in found]}, token))
    elif found:
        headings = ("WHEN", "WHO", "DID", "MODEL", "VERSION", "STAGES", "WHAT")
        print_lines(table(headings, [_row(each) for each in found], fixed=("WHEN", "VERSION")))
    else:
        note("Nothing that matches has happened.")
    if token and not as_json:
        note(f"There are more than these {len(found)}.")


def _kinds(part: str) -> list[str]:
    from tui_registry.queries.filters import matching_types
    from tui_registry_server.wire.activity import ActivityType

    kinds = matching_types(part)
    if not kinds:
        raise click.BadParameter(f"'{part}' is no part of {', '.join(ActivityType)}.", param_hint="--type")
    return kinds


def _row(activity: "FeedActivity") -> list[str]:
    from tui_registry.terminal.sanitize import visible
    from tui_registry.widgets.ages import moment

    stages = [stage.value for stage in (activity.from_stage, activity.to_stage) if stage is not None]
    return [
        moment(activity.creation_timestamp),
        activity.user_id or "-",
        activity.activity_type,
        visible(activity.name) or "-",
        activity.version or "-",
        " → ".join(stages) or "-",
        "; ".join(said for said in (activity.comment, activity.system_comment) if said),
    ]
