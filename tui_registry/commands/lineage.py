"""``tui-registry lineage``: where versions come from, as the server's tracking server says."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from tui_registry.commands.arguments import version_arguments
from tui_registry.commands.changes import DRY_RUN, writing_command
from tui_registry.commands.exit_codes import Exit, Failure
from tui_registry.commands.output import facts, note, print_json, print_lines, whole, wire
from tui_registry.commands.registry import ask, opened, read_all, registry_command

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry_server.wire.lineage import Lineage
    from tui_registry_server.wire.model_version import ModelVersion

WITHOUT_RUN = "source_path LIKE 'models:/m-%' AND run_id = ''"
"""Versions that were registered by their logged model, and whose run is not known."""
AT_ONCE = 4  # versions that the server is asked about at the same time


@click.group()
def lineage() -> None:
    """Show where versions come from, and have the server ask its tracking server."""


@registry_command
@lineage.command("show")
@version_arguments()
def show_lineage(*, model: str, version: str, profile: str | None, as_json: bool) -> None:
    """Show the run, experiment, metrics, parameters and datasets of VERSION of MODEL."""
    found = ask(profile, lambda client: client.lineage.get(model, version))
    if as_json:
        print_json({"lineage": wire(found)})
    else:
        print_lines(facts(_described(found)))


@writing_command
@lineage.command("backfill")
def backfill(*, profile: str | None, as_json: bool, dry_run: bool) -> None:
    """Have the server find the runs of versions that were registered by a logged model (models:/m-...) without one.

    It can be interrupted: the next time it continues with those that are left. Where a run cannot be found now, the
    server asks again by itself. For administrators: others find only models that they may see, and may ask only for
    those that they may edit."""
    with opened(profile, writes=not dry_run) as session:
        versions = session.run(_without_run(session.client))
        if dry_run:
            _print([_Asked(each.name, each.version) for each in versions], as_json=as_json, dry_run=True)
            return
        asked: list[_Asked] = []

        async def fill() -> None:
            async for each in _ask_all(session.client, versions):
                asked.append(each)
                if not as_json:
                    print_lines([each.line()])

        session.run(fill(), writes=True)
    _print(asked, as_json=as_json, dry_run=False)
    if any(each.outcome is Outcome.NOT_ALLOWED for each in asked):
        raise Failure(Exit.NOT_ALLOWED, "Some versions were left out, as you may not edit them.")


class Outcome(StrEnum):
    FOUND = "found"
    NO_RUN = "without a run"
    LATER = "asked for later"
    NOT_ALLOWED = "not allowed"
    GONE = "deleted meanwhile"


class _Asked(NamedTuple):
    """A version, and the outcome of asking for its run."""

    name: str
    version: str
    outcome: Outcome | None = None
    run_id: str = ""
    problem: str = ""

    def line(self) -> str:
        """What came of it, in one line."""
        said = {Outcome.FOUND: f"run {self.run_id}", Outcome.NO_RUN: "its model was logged without a run"}
        what = said.get(self.outcome, self.problem or self.outcome.value) if self.outcome else "without a run"
        return whole(f"{self.name} {self.version}: {what}")

    def as_json(self) -> dict[str, Any]:
        given = {"outcome": self.outcome and self.outcome.name, "run_id": self.run_id, "problem": self.problem}
        return {"name": self.name, "version": self.version} | {key: value for key, value in given.items() if value}


async def _without_run(client: "RegistryClient") -> "list[ModelVersion]":
    async def read(size: int, token: str) -> "tuple[list[ModelVersion], str | None]":
        page = await client.versions.search(
            filter_text=WITHOUT_RUN, order_by="name ASC", max_results=size, page_token=token
        )
        return page.model_versions, page.next_page_token

    found, _ = await read_all(read, None)
    return sorted(found, key=lambda version: (version.name, int(version.version)))


async def _ask_all(client: "RegistryClient", versions: "Sequence[ModelVersion]") -> AsyncIterator[_Asked]:
    """What came of each, in their order."""
    import asyncio

    for start in range(0, len(versions), AT_ONCE):
        for each in await asyncio.gather(*(_ask_for(client, version) for version in versions[start : start + AT_ONCE])):
            yield each


async def _ask_for(client: "RegistryClient", version: "ModelVersion") -> _Asked:
    from tui_registry.client.errors import Refused
    from tui_registry_server.wire.lineage import LineageStatus

    name, number = version.name, version.version
    try:
        known = await client.lineage.get(name, number)
        if known.status is LineageStatus.READY and not known.run_id:
            return _Asked(name, number, Outcome.NO_RUN)
        found = await client.lineage.retrieve(name, number)
    except Refused as error:
        if error.status not in {403, 404} or error.error_code == "ENDPOINT_NOT_FOUND":
            raise
        return _Asked(name, number, Outcome.GONE if error.status == 404 else Outcome.NOT_ALLOWED, problem=str(error))
    if found.run_id:
        return _Asked(name, number, Outcome.FOUND, found.run_id)
    if found.problem:
        return _Asked(name, number, Outcome.LATER, problem=found.problem)
    return _Asked(name, number, Outcome.NO_RUN)


def _print(asked: Sequence[_Asked], *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        print_json({"dry_run": dry_run, "versions": [each.as_json() for each in asked]})
        return
    if dry_run:
        print_lines([*(each.line() for each in asked), DRY_RUN])
        return
    counted = Counter(each.outcome for each in asked)
    parts = [f"{counted[outcome]} {outcome}" for outcome in Outcome if counted[outcome]]
    note(f"{len(asked)} versions: {', '.join(parts)}." if parts else "Every version has its run already.")


def _described(found: "Lineage") -> list[tuple[str, str]]:
    from tui_registry.widgets.lineage import all_facts

    named = [
        ("status", found.status.value.lower()),
        ("run", found.run_id or ""),
        ("logged model", found.model_id or ""),
    ]
    return [(label[:1].upper() + label[1:], value) for label, value in (*named, *all_facts(found))]
