"""Importing all models of a source, and comparing them afterwards: a few at a time, each of which may be repeated."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from functools import partial

from tui_registry.client.errors import Misunderstood, Refused, Unauthenticated, UnknownEndpoint
from tui_registry.client.registry import RegistryClient
from tui_registry.transfer.chunks import calls_of
from tui_registry.transfer.comparison import compare
from tui_registry.transfer.report import ModelResult
from tui_registry.transfer.retries import retried
from tui_registry.transfer.source import Source
from tui_registry.transfer.workspace import Workspace
from tui_registry_server.wire.model_import import DifferenceReason, ImportDifference, ModelDocument

AT_ONCE = 4  # models; each is in memory as a whole


async def import_all(
    source: Source,
    client: RegistryClient,
    names: Sequence[str],
    *,
    dry_run: bool = False,
    restore_deleted: bool = False,
) -> AsyncIterator[ModelResult]:
    """Import these models. Raises CallError if going on is of no use, and SourceError; what was done until then can be
    repeated."""

    async def one(name: str) -> ModelResult:
        result = ModelResult(name)
        document = await _read(source, result)
        if document is None:
            return result  # it cannot be read, or was deleted since it was listed
        try:
            for call in calls_of(document, source.identity, dry_run=dry_run, restore_deleted=restore_deleted):
                answer = await retried(partial(client.imports.model, call))
                result.add(answer)
                if answer.id is None and not dry_run:
                    break  # it was not taken, and says why
        except Refused as error:
            if isinstance(error, Unauthenticated | UnknownEndpoint) or error.status not in _OF_ONE_MODEL:
                raise
            result.error = str(error)
        return result

    async for result in _in_turns(names, one):
        yield result


async def verify_all(source: Source, client: RegistryClient, names: Sequence[str]) -> AsyncIterator[ModelResult]:
    """Compare these models on both sides. Raises CallError and SourceError as import_all."""
    here = Workspace(
        client,
        source.identity,
        lists_by_model=True,
        parts=source.parts,
        with_activities=False,
        owns_transport=False,
    )

    async def one(name: str) -> ModelResult:
        result = ModelResult(name)
        theirs = await _read(source, result)
        if result.error:
            return result
        ours = await here.read(name)
        if theirs is not None:
            result.differences = list(compare(theirs, ours))
        elif ours is not None:
            result.differences = [ImportDifference(reason=DifferenceReason.DELETED_AT_SOURCE)]
        return result

    async for result in _in_turns(names, one):
        yield result


async def deleted_at_source(
    client: RegistryClient, source: Source, names: Collection[str]
) -> AsyncIterator[ModelResult]:
    """The models that were imported before, are still here under their names, and are not at the source any more."""
    for each in await retried(partial(client.imports.of_source, source.identity)):
        if each.name in names:
            continue
        try:
            here = await retried(partial(client.models.get, each.name))
        except Refused as error:
            if error.status != 404:
                raise
            continue  # deleted here, too, or renamed
        if here.id == each.id:
            yield ModelResult(each.name, differences=[ImportDifference(reason=DifferenceReason.DELETED_AT_SOURCE)])


async def _in_turns(names: Sequence[str], one: Callable[[str], Awaitable[ModelResult]]) -> AsyncIterator[ModelResult]:
    """The results in the order of the names, AT_ONCE of which are worked on."""
    running: list[asyncio.Task[ModelResult]] = []
    waiting = iter(names)
    try:
        while True:
            while len(running) < AT_ONCE and (name := next(waiting, None)) is not None:
                running.append(asyncio.ensure_future(one(name)))
            if not running:
                return
            yield await running[0]
            running.pop(0)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _read(source: Source, result: ModelResult) -> ModelDocument | None:
    """A model of the source; None with an error in the result, if it is one of this model alone."""
    try:
        return await source.read(result.name)
    except Misunderstood as error:
        result.error = f"The source's answer cannot be read: {error.__cause__ or error}".replace("\n", " ")[:500]
    except Refused as error:
        if isinstance(error, Unauthenticated) or error.status not in {403, *_OF_ONE_MODEL}:
            raise
        result.error = str(error)
    except ValueError as error:
        result.error = f"The source has data that is not valid here: {error}".replace("\n", " ")[:500]
    return None


_OF_ONE_MODEL = {400, 404, 409, 413, 500}
"""Statuses of what may be wrong with one model only."""
