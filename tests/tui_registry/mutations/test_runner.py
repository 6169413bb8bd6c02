"""Mutations as the console runs them: several at once, undone without a connection, and with a bug in one of them."""

import asyncio

from tests.tui_registry.console import Console, console
from tests.tui_registry.samples import SECOND_ASKER, Samples
from tui_registry.mutations import tag
from tui_registry.mutations.mutation import Mutation
from tui_registry.mutations.result import Result, Verdict
from tui_registry.mutations.subject import Subject


async def _true() -> bool:
    return True


def waiting(name: str, released: asyncio.Event) -> Mutation:
    return Mutation(
        title=name, progress=f"changing {name}", done="Done.", send=released.wait, happened=_true, subject=name
    )


async def test_the_progress_of_one_stays_when_another_ends(samples: Samples) -> None:
    async with console(samples.url, samples.token) as shown:
        await shown.shows("● live")
        one, other = asyncio.Event(), asyncio.Event()
        shown.app.mutations.start(waiting("one", one))
        shown.app.mutations.start(waiting("other", other))
        await shown.shows("⋯ changing other")
        other.set()
        await shown.shows("⋯ changing one")
        one.set()
        await shown.shows("● live")


async def test_a_subject_is_changing_until_the_last_has_ended(samples: Samples) -> None:
    async with console(samples.url, samples.token) as shown:
        await shown.shows("● live")
        first, second = asyncio.Event(), asyncio.Event()
        shown.app.mutations.start(waiting("same", first))
        shown.app.mutations.start(waiting("same", second))
        await shown.until(lambda: shown.app.mutations.is_changing("same"))
        first.set()
        await shown.notifies("same: Done.")
        assert shown.app.mutations.is_changing("same")
        second.set()
        await shown.until(lambda: not shown.app.mutations.is_changing("same"))


async def test_a_bug_in_one_does_not_keep_the_others_from_being_run(samples: Samples) -> None:
    async def bug() -> str:
        raise ValueError("a bug")

    released = asyncio.Event()
    released.set()
    failing = Mutation(title="bug", progress="", done="", send=_true, happened=_true, check=bug)
    ended: list[Verdict] = []

    def finished(results: list[Result]) -> None:
        ended.extend(result.verdict for result in results)

    async with console(samples.url, samples.token) as shown:
        await shown.shows("● live")
        shown.app.mutations.start_each([failing, waiting("sound", released)], finished, "done")  # type: ignore[arg-type]  # a list is a sequence
        await shown.until(lambda: len(ended) == 2)
        assert ended == [Verdict.UNKNOWN, Verdict.DONE]
        assert "ValueError: a bug" in shown.messages
        shown.app.clear_notifications()  # the fixture takes such a report for a failure


async def test_what_may_have_been_done_is_the_last_change_too(samples: Samples) -> None:
    """An older one is not offered in its place."""

    async def bug() -> bool:
        raise ValueError("a bug")

    model = samples.model("unknown")
    unknown = Mutation(title="the newer one", progress="", done="", send=bug, happened=_true)
    async with console(samples.url, samples.token) as shown:
        await shown.shows("● live")
        shown.app.mutations.start(tag.tag(shown.app.client, Subject(model), "team", None, "risk"))
        await shown.notifies("Tag team set to risk.")
        shown.app.mutations.start(unknown)
        await shown.notifies("the newer one: It is not known")
        await shown.press("u")
        await shown.notifies("It cannot be undone: the newer one", "check before you repeat or undo it")
        shown.app.clear_notifications()  # the fixture takes the report of the bug for a failure


async def test_an_undo_that_was_not_sent_can_be_tried_again(samples: Samples) -> None:
    model = samples.model("undone")
    async with console(samples.url, samples.token) as shown:
        await shown.shows("● live")
        client = shown.app.client
        shown.app.mutations.start(tag.tag(client, Subject(model), "team", None, "risk"))
        await shown.notifies("Tag team set to risk.")
        await undo(shown, read_only=True)
        await shown.notifies("read-only")
        await shown.until(lambda: shown.app.mutations.last_change is not None, "it is still there")
        await undo(shown, read_only=False)
        await shown.notifies("Tag team removed.")
        assert (await client.models.get(model)).tags == []


async def undo(shown: Console, *, read_only: bool) -> None:
    shown.app.client.read_only = read_only
    change = shown.app.mutations.last_change
    assert change is not None
    shown.app.mutations.undo(change)


async def test_requests_that_are_settled_together_are_decided_together(samples: Samples) -> None:
    """While one is decided, the others for the same version and stage cannot be."""
    model = samples.pending("together")
    samples.ask(model, "1", by=SECOND_ASKER)
    async with console(samples.url, samples.token) as shown:
        await shown.shows("Inbox (2)", "a approve")
        released = asyncio.Event()
        shown.app.mutations.start(waiting(f"{model}/1/Staging", released))
        await shown.until(lambda: shown.app.mutations.is_changing(f"{model}/1/Staging"))
        await shown.press("j")
        await shown.until(lambda: "approve" not in shown.bar)
        released.set()
        await shown.shows("a approve")
