"""``tui-registry requests``: list, create, approve, reject and cancel transition requests."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

import click

from tui_registry.commands import completers
from tui_registry.commands.arguments import archive_option, archives, transition_arguments
from tui_registry.commands.changes import How, PlannedChange, change, writing_command
from tui_registry.commands.exit_codes import Exit, Failure
from tui_registry.commands.output import note, print_json, print_lines, table, wire
from tui_registry.commands.registry import ask, read_all, registry_command
from tui_registry_server.wire.names import name_key
from tui_registry_server.wire.stage import Stage

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry.mutations.decision import Decision
    from tui_registry_server.wire.transition_request import InboxRequest

HEADINGS = ("MODEL", "VERSION", "FROM", "TO", "REQUESTED BY", "AGE", "DISPLACES", "COMMENT")
FIXED = ("VERSION", "FROM", "TO", "AGE", "DISPLACES")


@click.group()
def requests() -> None:
    """List, create, decide and cancel transition requests."""


@registry_command
@requests.command("list")
@click.option("--model", metavar="NAME", shell_complete=completers.models, help="Only requests on this model.")
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
        note("There are no open requests.")


@writing_command
@requests.command("create")
@transition_arguments()
def create_request(*, model: str, version: str, stage: str, comment: str, **how: Unpack[How]) -> None:
    """Request to move VERSION of MODEL to STAGE, for somebody who may decide it."""
    to_stage = Stage(stage)

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations.transition import request

        user = await client.caller.name()
        found = await client.versions.get(model, version)

        async def read() -> dict[str, Any]:
            own = [each for each in await _requests_for(client, model, version, to_stage) if each.user_id == user]
            return {"request": wire(own[0])} if own else {}

        return PlannedChange(mutations=[request(client, found, to_stage, user=user, comment=comment)], read=read)

    change(plan, **how)


@writing_command
@requests.command("approve")
@transition_arguments(completers.requested_versions)
@archive_option(default=True)
def approve_request(
    *, model: str, version: str, stage: str, comment: str, archive: bool | None, **how: Unpack[How]
) -> None:
    """Approve the requests to move VERSION of MODEL to STAGE."""
    from tui_registry.mutations.decision import Decision

    to_stage = Stage(stage)
    archive_existing = archives(archive, to_stage, default=True)
    _decide(Decision.APPROVE, model, version, to_stage, comment, archive=archive_existing, how=how)


@writing_command
@requests.command("reject")
@transition_arguments(completers.requested_versions)
def reject_request(*, model: str, version: str, stage: str, comment: str, **how: Unpack[How]) -> None:
    """Reject the requests to move VERSION of MODEL to STAGE."""
    from tui_registry.mutations.decision import Decision

    _decide(Decision.REJECT, model, version, Stage(stage), comment, how=how)


@writing_command
@requests.command("cancel")
@transition_arguments(completers.requested_versions)
@click.option("--user", metavar="NAME", shell_complete=completers.users, help="Whose request; default: your own.")
def cancel_request(*, model: str, version: str, stage: str, comment: str, user: str | None, **how: Unpack[How]) -> None:
    """Cancel a request to move VERSION of MODEL to STAGE."""
    from tui_registry.mutations.decision import Decision

    _decide(Decision.CANCEL, model, version, Stage(stage), comment, user=user, how=how)


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


async def _requests_for(client: "RegistryClient", model: str, version: str, stage: Stage) -> "list[InboxRequest]":
    return [each for each in await client.requests.of_version(model, version) if each.to_stage is stage]


def _decide(
    decision: "Decision",
    model: str,
    version: str,
    stage: Stage,
    comment: str,
    *,
    archive: bool = False,
    user: str | None = None,
    how: How,
) -> None:
    """``user``: whose request is cancelled, by default the caller's. The other decisions settle everybody's."""
    from tui_registry.mutations.decision import ACTIVITY_TYPES, NEEDED_ACTIONS, Decision, Target, decide
    from tui_registry.mutations.effect import PRODUCTION_LEFT_EMPTY, numbered, requests_by
    from tui_registry.terminal.sanitize import visible

    async def plan(client: "RegistryClient") -> PlannedChange:
        pending = await _requests_for(client, model, version, stage)
        if decision is Decision.CANCEL:
            whose = name_key(user or await client.caller.name())
            pending = [each for each in pending if name_key(each.user_id) == whose]
        if not pending:
            by = f" by {user or 'you'}" if decision is Decision.CANCEL else ""
            raise Failure(
                Exit.NOT_FOUND, f"There is no open request{by} to move {visible(model)} version {version} to {stage}."
            )
        if NEEDED_ACTIONS[decision] not in pending[0].available_actions:
            raise Failure(Exit.NOT_ALLOWED, f"You may not {decision} this request: nothing was sent.")
        target = Target.of(pending[0], pending[1:])
        mutation = decide(client, target, decision, archive_existing_versions=archive, comment=comment)

        async def read() -> dict[str, Any]:
            page = await client.activities.search(
                name=model, version=version, activity_type=[ACTIVITY_TYPES[decision].value], max_results=1
            )
            return {"activity": wire(page.activities[0])} if page.activities else {}

        return PlannedChange(
            mutations=[replace(mutation, title=str(target))],
            details=[
                *([f"Settles {requests_by(pending)}."] if len(pending) > 1 else []),
                *([f"Archives {numbered(target.displaces)}."] if archive and target.displaces else []),
            ],
            notice=PRODUCTION_LEFT_EMPTY if decision is Decision.APPROVE and target.leaves_empty else "",
            read=read,
        )

    change(plan, **how)
