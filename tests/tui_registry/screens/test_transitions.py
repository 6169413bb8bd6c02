"""Moving versions by keys, at once or by asking; the board over all models; comparing two versions."""

import pytest

from tests.tui_registry.console import LARGE, SIZES, console
from tests.tui_registry.samples import ASKER, Samples
from tui_registry.queries import stage_since


async def test_a_version_moves_from_the_board(samples: Samples) -> None:
    name = samples.model("moved")
    samples.version(name, "Staging")
    async with console(samples.url, samples.token) as shown:
        await shown.press("3")
        await shown.shows("Board", "Staging 1", name)
        await shown.press("t")
        await shown.shows(f"Move {name} version 1 from Staging to", "Production")
        await shown.press("a")  # approves elsewhere
        assert "Move this version?" not in shown.text
        await shown.press("z")
        await shown.shows("Move this version?", "Staging → Archived")
        await shown.press("tab")
        await shown.type("replaced")
        await shown.press("enter", "enter")
        await shown.notifies("Moved from Staging to Archived.")
        await shown.shows("Staging 0", "Archived 1")
        assert samples.activities(name, "APPLIED_TRANSITION")[0]["comment"] == "replaced"
        await shown.press("u")
        await shown.shows("Undo the last change?", "moving it to Staging")
        await shown.press("y")
        await shown.shows("Staging 1", "Archived 0")
    assert samples.stage(name) == "Staging"


async def test_production_asks_for_the_name_and_archives_what_is_there(samples: Samples) -> None:
    name = samples.model("moved")
    holder, incoming = samples.version(name, "Production"), samples.version(name)
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.press("3")
        await shown.shows("None 1", "Production 1")
        await shown.press("left", "t")
        await shown.shows(f"p  Production  displaces version {holder} ", "s  Staging   ")
        await shown.press("p")
        await shown.shows(
            "Move this version?", f"displaces version {holder}", f"Archive version {holder}", f"Type {name}"
        )
        await shown.press("y")
        await shown.type(name)
        await shown.press("enter")
        await shown.notifies(f"Moved from None to Production. Archived version {holder}.")
        assert (samples.stage(name, holder), samples.stage(name, incoming)) == ("Archived", "Production")
        await shown.press("u")
        await shown.shows(
            "Undo the last change?",
            f"{name} version {incoming}: Moved from None to Production. Archived",
            f"{name} version {holder}: moving it to Production, archiving",
            f"{name} version {incoming}: moving it to None",
            "Type production to confirm",
        )
        await shown.press("y")
        await shown.type("production")
        await shown.press("enter")
        await shown.notifies(f"Moved from Archived to Production. Archived version {incoming}.", "Archived to None.")
    assert (samples.stage(name, holder), samples.stage(name, incoming)) == ("Production", "None")


async def test_enter_alone_never_moves_a_version(samples: Samples) -> None:
    """The choice begins on the stage where it is, the confirmation on No; for Production the name has to be typed."""
    name = samples.model("moved")
    samples.version(name, "Staging")
    async with console(samples.url, samples.token) as shown:
        await shown.press("colon")
        await shown.type(name)
        await shown.press("enter")
        await shown.shows(f"Models › {name}", "t move")
        await shown.shows(f"Models › {name} (1)")
        await shown.press("t")
        await shown.shows("▎    Staging     where it is now", "p  Production  asks you to type the name", "z  Archived")
        await shown.press("enter")
        await shown.hides("where it is now")
        assert "Move this version?" not in shown.text
        await shown.press("t", "down", "enter")
        await shown.shows("Move this version?", f"y then type {name}")
        await shown.press("enter")
        await shown.hides("Move this version?")
        await shown.press("t", "down", "enter", "y", "enter", "enter")
        await shown.shows("Move this version?", f"Type {name}")
        assert samples.stage(name) == "Staging"
        await shown.type(name)
        await shown.press("enter")
        await shown.notifies("Moved from Staging to Production.")


@SIZES
async def test_undo_names_the_last_change_even_if_it_cannot_be_undone(samples: Samples, size: tuple[int, int]) -> None:
    """And never an older one in its place."""
    name = samples.model("undone")
    samples.version(name, "Production")
    samples.version(name, "Production")
    samples.version(name, "Archived")
    async with console(samples.url, samples.token, size) as shown:
        await shown.press("3")
        await shown.shows("Archived 1", "Production 2")
        await shown.press("right", "right", "T")
        await shown.type("k")
        await shown.press("tab")
        await shown.type("v")
        await shown.press("ctrl+s")
        await shown.notifies("Tag k set to v.")
        await shown.press("t", "p")
        await shown.shows("displaces versions")
        await shown.press("y")
        await shown.type(name)
        await shown.press("enter")
        await shown.notifies("Moved from Archived to Production.")
        await shown.press("u")
        await shown.notifies("It cannot be undone", "It archived the versions", "now undoes the change before it")
        assert "Undo the last change?" not in shown.text
        await shown.press("u")
        await shown.shows("Undo the last change?", "Tag k set to v.")
        await shown.press("n")
    assert [samples.stage(name, each) for each in "123"] == ["Archived", "Archived", "Production"]


async def test_an_undo_is_refused_once_somebody_else_has_moved_on(samples: Samples) -> None:
    name = samples.model("moved-on")
    holder, incoming = samples.version(name, "Production"), samples.version(name, "Archived")
    third = samples.version(name)
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.press("3")
        await shown.shows("Archived 1", "Production 1")
        await shown.press("right", "right", "t", "p", "y")
        await shown.type(name)
        await shown.press("enter")
        await shown.notifies(f"Archived version {holder}.")
        samples.move(name, third, "Production", archive=True)
        await shown.press("u", "y")
        await shown.type("production")
        await shown.press("enter")
        await shown.notifies(f"Nothing was sent: Production now holds version {third}.")
    assert [samples.stage(name, each) for each in (holder, incoming, third)] == ["Archived", "Archived", "Production"]


@SIZES
async def test_an_approval_is_undone_as_a_whole(samples: Samples, size: tuple[int, int]) -> None:
    name = samples.model("approved")
    holder, incoming = samples.version(name, "Production"), samples.version(name)
    samples.ask(name, incoming, "Production")
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows(name, "a approve")
        await shown.press("enter")
        await shown.shows("None → Production?", "t move")
        await shown.press("t")
        await shown.shows(f"p  Production  displaces version {holder}, closes 1 request ")
        await shown.press("p")
        await shown.shows("Move this version?", f"closes the request by {ASKER}")
        await shown.press("n", "escape")
        await shown.shows("Inbox (1)")
        await shown.press("a", "y")
        await shown.type(name)
        await shown.press("enter")
        await shown.notifies(f"Approved; version {incoming} is now in Production.")
        await shown.press("u")
        await shown.shows("Undo the last change?", "Approved; version", "The request stays closed.")
        await shown.press("y")
        await shown.type("production")
        await shown.press("enter")
        await shown.notifies("Moved from Archived to None.")
    assert (samples.stage(name, holder), samples.stage(name, incoming)) == ("Production", "None")
    assert samples.requests() == []


async def test_a_rejection_is_named_but_not_undone(samples: Samples) -> None:
    name = samples.pending("rejected")
    async with console(samples.url, samples.token) as shown:
        await shown.shows(name, "r reject")
        await shown.press("r", "y")
        await shown.notifies("Rejected;")
        await shown.press("u")
        await shown.notifies("It cannot be undone", "A rejected request cannot be opened again")


@SIZES
async def test_it_is_said_that_production_is_left_empty(samples: Samples, size: tuple[int, int]) -> None:
    name = samples.model("emptied")
    first = samples.version(name, "Production")
    async with console(samples.url, samples.token, size) as shown:
        await shown.press("3")
        await shown.shows("Production 1")
        await shown.press("right", "t")
        await shown.shows(*(f"{each}  Production is left EMPTY" for each in ("None      ", "Staging   ", "Archived  ")))
        await shown.press("z")
        await shown.shows("Production → Archived", "Production is left EMPTY")
        await shown.press("n", "D")
        await shown.shows("Permanently delete this version?", "Production is left EMPTY")
        await shown.press("n")
        second = samples.version(name, "Production")
        await shown.shows("Production 2")
        await shown.press("t", "z")
        await shown.shows("Production → Archived")
        assert "EMPTY" not in shown.text
    assert (samples.stage(name, first), samples.stage(name, second)) == ("Production", "Production")


async def test_who_may_not_move_it_asks(samples: Samples) -> None:
    name = samples.model("asked")
    samples.version(name)
    async with console(samples.url, samples.registry.token(ASKER), LARGE) as shown:
        await shown.press("colon")
        await shown.type(name)
        await shown.press("enter")
        await shown.shows("your level: CAN_READ", "1 version ")
        holder = samples.version(name, "Staging")
        await shown.shows("2 versions ")
        await shown.press("j", "t")
        await shown.shows(f"requires approval, then displaces version {holder}")
        await shown.press("s")
        await shown.shows("Request this transition?", "Your permission level requires approval")
        await shown.press("y")
        await shown.notifies("Requested Staging.")
        await shown.shows("None → Staging?", f"requested by {ASKER}")
        await shown.press("u", "y")
        await shown.notifies("Request cancelled.")
    assert samples.stage(name) == "None"
    assert samples.requests() == []


async def test_the_board_is_narrowed_and_shows_who_waits(samples: Samples) -> None:
    one, other = samples.pending("waiting"), samples.model("other")
    samples.version(other, "Production")
    async with console(samples.url, samples.token) as shown:
        await shown.press("3")
        await shown.shows("None 1", "Production 1")
        await shown.press("slash")
        await shown.type("other")
        await shown.shows("None 0", "Production 1", "matching “other”")
        await shown.press("escape", "left")
        await shown.shows("None 1", one, "→ Staging?", "a approve")
        await shown.press("slash")
        await shown.type("user:nobody")
        await shown.shows("None 0", "Production 0")


async def test_enter_keeps_the_filter_of_the_board(samples: Samples) -> None:
    """It goes to the stage where there are matches, and to no other place."""
    one, other = samples.model("zeppelin-fares-eu"), samples.model("zeppelin-fees")
    samples.version(one, "Production")
    samples.version(other, "Archived", description="out of use")
    async with console(samples.url, samples.token) as shown:
        await shown.press("3")
        await shown.shows("Staging 0", "Production 1", "Archived 1")
        await shown.press("slash")
        await shown.type("zep far ")
        await shown.shows("Board matching “zep far”", "Production 1", "Archived 0")
        await shown.press("enter")
        await shown.shows(f"▎ {one}", "Board matching “zep far”")
        await shown.press("escape")
        await shown.shows("Production 1", "Archived 1")


async def test_two_versions_are_compared(samples: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_since, "MAX_PERIODS", 1)  # others that came to its stage later do not matter
    name = samples.model("compared")
    earlier = samples.version(name)
    samples.version(name, "Production", description="the old one", tags=[{"key": "auc", "value": "0.81"}])
    samples.version(
        name, "Staging", description="the new one", tags=[{"key": "auc", "value": "0.84"}, {"key": "new", "value": "x"}]
    )
    samples.move(name, earlier, "Staging", archive=False)
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.press("2")
        await shown.shows(name)
        await shown.press("enter")
        await shown.shows(f"Models › {name}", "3 versions")
        await shown.press("equals_sign")
        await shown.shows(
            "Compare", f"{name} 2", f"{name} 3", "~ tag auc", "0.81", "0.84", "= source", "in stage since"
        )
        assert "+ tag new" in shown.text, "what the other one has besides the one in Production"
        (since,) = (line for line in shown.text.split("\n") if "in stage since" in line)
        assert since.count(" UTC (") == 2, since
        await shown.press("G")
        await shown.shows("description of", "the old one", "the new one")
        await shown.press("escape")
        await shown.shows("3 versions")


async def test_marked_versions_are_compared(samples: Samples) -> None:
    name = samples.model("compared")
    for number in range(3):
        samples.version(name, description=f"number {number + 1}")
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.press("2")
        await shown.shows(name)
        await shown.press("enter")
        await shown.shows("3 versions")
        await shown.press("space", "j", "space", "equals_sign")
        await shown.shows("Compare", f"{name} 1 with 3", f"{name} 3")
