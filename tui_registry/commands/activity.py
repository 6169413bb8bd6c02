"""``tui-registry activity``: who did what."""

from typing import TYPE_CHECKING

import click

from tui_registry.commands import completers
from tui_registry.commands.output import note, print_json, print_lines, table, wire
from tui_registry.commands.registry import ask, read_all, registry_command, with_token
from tui_registry.commands.time_option import parse_time

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry_server.wire.activity import FeedActivity

DEFAULT_LIMIT = 100  # activities


@registry_command
@click.command()
@click.option(
    "--model", metavar="NAME", default="", shell_complete=completers.models, help="Only activities on this model."
)
@click.option(
    "--version",
    metavar="VERSION",
    default="",
    shell_complete=completers.versions,
    help="Only activities on this version of the model.",
)
@click.option(
    "--user", metavar="NAME", default="", shell_complete=completers.users, help="Only activities of this user."
)
@click.option(
    "--type",
    "parts",
    metavar="PART",
    shell_complete=completers.activity_types,
    multiple=True,
    help="Only activities of a type whose name contains this, such as approved, transition or comment. Repeatable.",
)
@click.option(
    "--since",
    callback=parse_time,
    metavar="TIME",
    help="Start time: a date, or a duration before now (30m, 12h, 7d, 2w).",
)
@click.option("--until", callback=parse_time, metavar="TIME", help="End time, as for --since.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    default=DEFAULT_LIMIT,
    show_default=True,
    help="Maximum number of activities.",
)
def activity(
    *,
    model: str,
    version: str,
    user: str,
    parts: tuple[str, ...],
    since: int | None,
    until: int | None,
    limit: int,
    profile: str | None,
    as_json: bool,
) -> None:
    """List activities, newest first."""
    if version and not model:
        raise click.UsageError("--version requires --model.")
    types = [each for part in parts for each in _types(part)]

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

        return await read_all(page, limit)

    found, token = ask(profile, read)
    if as_json:
        print_json(with_token({"activities": [wire(each) for each in found]}, token))
    elif found:
        headings = ("WHEN", "USER", "ACTION", "MODEL", "VERSION", "STAGES", "COMMENT")
        print_lines(table(headings, [_row(each) for each in found], fixed=("WHEN", "VERSION")))
    else:
        note("There are no matching activities.")
    if token and not as_json:
        note(f"There are more than these {len(found)}: raise --limit.")


def _types(part: str) -> list[str]:
    from tui_registry.queries.search_syntax import matching_types
    from tui_registry_server.wire.activity import ActivityType

    types = matching_types(part)
    if not types:
        raise click.BadParameter(
            f"'{part}' is not part of a type. Types: {', '.join(ActivityType)}.", param_hint="--type"
        )
    return types


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
        "; ".join(text for text in (activity.comment, activity.system_comment) if text),
    ]
