"""Commands that change something: shown by --dry-run, confirmed if it cannot be undone, sent once, then reported.

@writing_command
@group.command("create")
@click.argument("name")
def create(*, name: str, **how: Unpack[How]) -> None:
    async def plan(client: RegistryClient) -> PlannedChange: ...
    change(plan, **how)
"""

import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import click

from tui_registry.commands.exit_codes import Exit, Failure, exit_of
from tui_registry.commands.output import note, print_json, print_lines, whole
from tui_registry.commands.registry import Session, opened, registry_command

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry.mutations.mutation import Mutation
    from tui_registry.mutations.result import Result

DRY_RUN = "Dry run: nothing was changed."


class How(TypedDict):
    """The options of a command that writes; ``yes`` of one that asks first."""

    profile: str | None
    as_json: bool
    dry_run: bool
    yes: NotRequired[bool]


def writing_command(command: click.Command) -> click.Command:
    """A command that changes something: adds the options of ``How`` without ``yes``."""
    command.params.append(
        click.Option(["--dry-run"], is_flag=True, help="Show what would be changed, without changing anything.")
    )
    return registry_command(command)


def destroying_command(command: click.Command) -> click.Command:
    """A command whose change cannot be undone: adds the options of ``How``."""
    command.params.append(click.Option(["--yes"], is_flag=True, help="Do not ask for confirmation."))
    return writing_command(command)


async def _nothing() -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """What a command is about to do.

    mutations: run in this order; one that fails ends it. already: what needs no mutation, and why.
    details: what a dry run says besides. notice: an effect that is printed afterwards, too, on stderr. warning: what
    will be lost, for what cannot be undone. preview: what the JSON document of a dry run has besides, in the wire's
    shapes. read: the JSON document to print afterwards. output: the text to print instead of the outcome, which
    goes to stderr then. Both may raise Failure.
    """

    mutations: "Sequence[Mutation]" = ()
    already: str = ""
    details: Sequence[str] = ()
    notice: str = ""
    warning: str = ""
    preview: Mapping[str, Any] = field(default_factory=dict)
    read: Callable[[], Awaitable[dict[str, Any]]] = _nothing
    output: Callable[[], str] | None = None


def change(
    plan: "Callable[[RegistryClient], Coroutine[Any, Any, PlannedChange]]",
    *,
    profile: str | None,
    as_json: bool,
    dry_run: bool,
    yes: bool = False,
) -> None:
    """Plan a change, ask whether to make it, make it, and print the outcome. Raises Failure."""
    with opened(profile, writes=not dry_run) as session:
        planned = session.run(plan(session.client))
        if dry_run:
            session.run(_check(planned.mutations))
            if as_json:
                print_json(_as_json(planned))
            else:
                print_lines([whole(line) for line in _described(planned)])
            return
        if planned.warning and not yes:
            _confirm(planned.warning, planned.details)
        if planned.already:
            (note if as_json else _print_line)(planned.already)
        _make(session, planned, as_json=as_json)


def _make(session: Session, planned: PlannedChange, *, as_json: bool) -> None:
    """Make a change, and print the outcome. Raises Failure."""
    report = note if planned.output else _print_line
    done: list[str] = []
    try:
        for mutation in planned.mutations:
            result = session.run(_carried_out(mutation), writes=True)
            done.append(f"{mutation.title}: {result.message}")
            if not as_json:
                report(done[-1])
        if planned.notice:
            note(planned.notice)
        document = session.run(_read(planned)) if as_json else {}
    except Failure as failure:
        if as_json:  # nothing was printed, but these are done all the same
            for line in done:
                note(line)
        if done and failure.exit_code == Exit.INTERRUPTED:
            raise Failure(Exit.INTERRUPTED, "Interrupted: it is done, but was not read back.") from None
        raise
    if as_json:
        print_json(document)
    elif planned.output:
        print_lines([planned.output()])


def _require_done(result: "Result") -> "Result":
    """The result, if it is done. Raises Failure with the exit code of what is known about it."""
    from tui_registry.mutations.result import Verdict

    if result.verdict is Verdict.UNKNOWN:
        raise Failure(Exit.UNKNOWN, result.message)
    if result.verdict is Verdict.REFUSED:
        raise Failure(exit_of(result.error), result.message)
    return result


def text_argument(text: str) -> str:
    """A text given as an argument; "-" is what standard input holds, without its last line end."""
    if text != "-":
        return text
    try:
        return sys.stdin.read().removesuffix("\n")
    except UnicodeDecodeError:
        raise Failure(Exit.REFUSED, "Standard input is not text in UTF-8.") from None


async def _check(mutations: "Sequence[Mutation]") -> None:
    for mutation in mutations:
        if problem := await mutation.check():
            raise Failure(Exit.REFUSED, f"{mutation.title}: {problem}")


async def _carried_out(mutation: "Mutation") -> "Result":
    from tui_registry.mutations.mutation import run

    return _require_done(await run(mutation))


async def _read(planned: PlannedChange) -> dict[str, Any]:
    from tui_registry.client.errors import CallError

    try:
        return await planned.read()
    except CallError as error:
        note(f"It is done, but could not be read back: {error}")
        return {}


def _described(planned: PlannedChange) -> list[str]:
    changes = [f"{mutation.title}: {mutation.progress}" for mutation in planned.mutations]
    said = [text for text in (planned.already, *changes, *planned.details, planned.notice, planned.warning) if text]
    return [*said, DRY_RUN]


def _as_json(planned: PlannedChange) -> dict[str, Any]:
    changes = [{"subject": each.title, "change": each.progress} for each in planned.mutations]
    document: dict[str, Any] = {"dry_run": True, "changes": changes, "details": list(planned.details)}
    said = {"already": planned.already, "notice": planned.notice, "warning": planned.warning}
    return document | {name: text for name, text in said.items() if text} | dict(planned.preview)


def _confirm(warning: str, details: Sequence[str]) -> None:
    """Ask whether to proceed. Raises Failure if not, or if there is nobody to ask."""
    if not sys.stdin.isatty():
        raise Failure(Exit.REFUSED, f"{warning} Nothing was sent: to proceed without a terminal, add --yes.")
    for line in (*details, warning):
        note(line)
    if not click.confirm("Proceed?", err=True):
        raise Failure(Exit.REFUSED, "Nothing was sent.")


def _print_line(text: str) -> None:
    print_lines([whole(text)])
