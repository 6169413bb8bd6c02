"""One change of the registry: checked, sent once, and read back.

A mutation is frozen when the user is asked about it. Before it is sent, the server is asked whether things are still as
they were then; it is sent once and never again; if its answer is lost, the server is read until it shows what happened.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from tui_registry.client.errors import CallError, LostAnswer, Misunderstood, ReadOnly, Refused
from tui_registry.mutations import lost_answer
from tui_registry.mutations.result import Result, Verdict


async def _unchanged() -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One change. The functions may raise CallError.

    title: what it is about, such as "churn version 3". progress: "moving". done: "Moved to Staging.".
    action: what it does, in the journal: "move churn version 3 → Staging"; without it, the title and the progress.
    check: what is no longer as it was when the user was asked, in words; empty if nothing.
    send: sends it. happened: whether the server shows it done, or shows that something else came first.
    read_back: which of the two, and what is true now; without it, it is DONE, with ``done`` as the message.
    inverse: the mutation that takes exactly this one back, if there is one. rest: what is run after an inverse to
    complete it. undo_note: a sentence about what an undo does not restore or, without an inverse, why there is none.
    touches_production: whether it changes what is in Production.
    subject: what must not be changed by two mutations at once, such as a request's id; empty if anything may.
    count: how many things it settles, such as requests, where several are reported as a sum.
    """

    title: str
    progress: str
    done: str
    send: Callable[[], Awaitable[object]]
    happened: Callable[[], Awaitable[bool]]
    check: Callable[[], Awaitable[str]] = _unchanged
    read_back: Callable[[], Awaitable[Result]] | None = None
    inverse: "Mutation | None" = None
    rest: "Mutation | None" = None
    undo_note: str = ""
    touches_production: bool = False
    subject: str = ""
    count: int = 1
    action: str = ""


async def run(mutation: Mutation, show_progress: Callable[[str], None] = lambda _: None) -> Result:
    """Never raises a CallError: whatever happens is the result. ``show_progress`` is given what is being done."""
    show_progress(mutation.progress)
    try:
        if problem := await mutation.check():
            return Result(Verdict.REFUSED, f"Nothing was sent: {problem}")
    except CallError as error:
        return Result(Verdict.REFUSED, _not_sent(error), error)
    try:
        await mutation.send()
    except CallError as error:
        if _may_have_happened(error):
            show_progress("answer lost, checking")
            return await lost_answer.resolve(mutation.happened, partial(_read_back, mutation))
        return Result(Verdict.REFUSED, str(error) if isinstance(error, Refused) else _not_sent(error), error)
    try:
        return await _read_back(mutation)
    except CallError:
        return Result(Verdict.DONE, f"{mutation.done} It could not be read back.")


async def _read_back(mutation: Mutation) -> Result:
    return await mutation.read_back() if mutation.read_back else Result(Verdict.DONE, mutation.done)


def _not_sent(error: CallError) -> str:
    return str(error) if isinstance(error, ReadOnly) else f"Nothing was sent: {error}"


def _may_have_happened(error: CallError) -> bool:
    """Whether the server may have done it despite the error: what answers in its place, such as a proxy whose deadline
    has passed, does not know."""
    return isinstance(error, LostAnswer | Misunderstood) or (isinstance(error, Refused) and error.status >= 500)
