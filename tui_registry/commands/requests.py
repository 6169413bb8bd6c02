"""``tui-registry requests``: list, approve and reject transition requests."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from tui_registry.commands.exits import Exit, Failure, exit_of
from tui_registry.commands.output import note, print_json, print_lines, table, whole, wire
from tui_registry.commands.registry import ask, read_all, registry_command
from tui_registry_server.wire.stage import EXCLUSIVE_STAGES, Stage

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry.mutations.decision import Decision
    from tui_registry_server.wire.activity import FeedActivity
    from tui_registry_server.wire.transition_request import InboxRequest

STAGE = click.Choice([stage.value for stage in Stage], case_sensitive=False)
HEADINGS = ("MODEL", "VERSION", "FROM", "TO", "BY", "AGE", "DISPLACES", "COMMENT")
FIXED = ("VERSION", "FROM", "TO", "AGE", "DISPLACES")


@click.group()
def requests() -> None:
    """List, approve and reject transition requests."""


@registry_command
@requests.command("list")
@click.option("--model", metavar="NAME", help="Only requests on this model.")
def list_requests(*, model: str | None, profile: str | None, as_json: bool) -> None:
    """List the open requests, newest first."""

    async def read(client: "RegistryClient") -> "list[InboxRequest]":
        if model is not None:
            await client.models.get(model)  # an error if it does not exist
        return await open_requests(client, model)

    found = ask(profile, read)
    if as_json:
        print_json({"requests": [wire(request) for request in found]})
    elif found:
        print_lines(request_table(found))
    else:
        note("Nothing is pending.")


@registry_command
@requests.command("approve")
@click.argument("model")
@click.argument("version")
@click.argument("stage", metavar="STAGE", type=STAGE)
@click.option("--comment", default="", help="A comment on the decision.")
@click.option(
    "--archive/--no-archive",
    default=True,
    help="Whether to archive the other versions in Staging or Production. Default: archive.",
)
def approve_request(
    *, model: str, version: str, stage: str, comment: str, archive: bool, profile: str | None, as_json: bool
) -> None:
    """Approve the requests to move VERSION of MODEL to STAGE."""
    from tui_registry.mutations.decision import Decision

    _decide(Decision.APPROVE, model, version, Stage(stage), comment, archive=archive, profile=profile, as_json=as_json)


@registry_command
@requests.command("reject")
@click.argument("model")
@click.argument("version")
@click.argument("stage", metavar="STAGE", type=STAGE)
@click.option("--comment", default="", help="A comment on the decision.")
def reject_request(*, model: str, version: str, stage: str, comment: str, profile: str | None, as_json: bool) -> None:
    """Reject the requests to move VERSION of MODEL to STAGE."""
    from tui_registry.mutations.decision import Decision

    _decide(Decision.REJECT, model, version, Stage(stage), comment, archive=False, profile=profile, as_json=as_json)


async def open_requests(client: "RegistryClient", model: str | None) -> "list[InboxRequest]":
    """All open requests, or those of one model."""

    async def page(size: int, token: str) -> "tuple[list[InboxRequest], str | None]":
        answer = await client.requests.inbox(name=model or "", max_results=size, page_token=token)
        return answer.requests, answer.next_page_token

    found, _ = await read_all(page, None)
    return found


def request_table(requests: "Sequence[InboxRequest]") -> list[str]:
    """A table of requests, as lines."""
    from tui_registry.mutations.decision import displaced
    from tui_registry.terminal.sanitize import visible
    from tui_registry.widgets.ages import age

    rows = [
        [
            visible(request.name),
            request.version,
            request.from_stage,
            request.to_stage,
            request.user_id,
            age(request.creation_timestamp),
            ", ".join(displaced(request)) or "-",
            request.comment or "",
        ]
        for request in requests
    ]
    return table(HEADINGS, rows, fixed=FIXED)


def _decide(
    decision: "Decision",
    model: str,
    version: str,
    stage: Stage,
    comment: str,
    *,
    archive: bool,
    profile: str | None,
    as_json: bool,
) -> None:
    from tui_registry.client.errors import CallError
    from tui_registry.mutations.decision import ACTIVITY_TYPES, NEEDED_ACTIONS, Target, decide
    from tui_registry.mutations.mutation import run
    from tui_registry.mutations.result import Verdict
    from tui_registry.terminal.sanitize import visible

    async def work(client: "RegistryClient") -> "tuple[str, FeedActivity | None]":
        pending = [each for each in await client.requests.of_version(model, version) if each.to_stage is stage]
        if not pending:
            raise Failure(
                Exit.NOT_FOUND, f"There is no open request to move {visible(model)} version {version} to {stage}."
            )
        request = pending[0]
        if NEEDED_ACTIONS[decision] not in request.available_actions:
            raise Failure(Exit.NOT_ALLOWED, f"You may not {decision} this request: nothing was sent.")
        target = Target.of(request, (each.user_id for each in pending[1:]))
        archives = archive and stage in EXCLUSIVE_STAGES
        result = await run(decide(client, target, decision, archive_existing_versions=archives, comment=comment))
        if result.verdict is Verdict.UNKNOWN:
            raise Failure(Exit.UNKNOWN, result.message)
        if result.verdict is Verdict.REFUSED:
            raise Failure(exit_of(result.error), result.message)
        outcome = f"{target}: {result.message}"
        try:
            page = await client.activities.search(
                name=model, version=version, activity_type=[ACTIVITY_TYPES[decision].value], max_results=1
            )
        except CallError:
            return outcome, None
        return outcome, next(iter(page.activities), None)

    outcome, activity = ask(profile, work, writes=True)
    if as_json:
        document: dict[str, Any] = {"activity": wire(activity)} if activity else {}
        print_json(document)
    else:
        print_lines([whole(outcome)])
