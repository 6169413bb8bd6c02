"""Several rows marked: one by one, as a range, all, the others; what is marked is counted, and acted on."""

from tests.tui_registry.console import LARGE, SIZES, Console, console
from tests.tui_registry.samples import Samples
from tests.tui_registry.terminal_process import terminal

MANY = 20


def marked(shown: Console, *names: str) -> list[bool]:
    return [shown.row(name).lstrip("▎").startswith("●") for name in names]


@SIZES
async def test_what_decides_stays_where_keys_have_no_room(samples: Samples, size: tuple[int, int]) -> None:
    """The keys that mark others go first."""
    names = [samples.pending(f"model-{number}") for number in range(3)]
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows("Inbox (3)")
        for key in ("a approve", "r reject", "x cancel request", "/ filter", "? help"):
            assert f" {key} " in f"{shown.bar} ", key
        await shown.press("space", "space")
        await shown.until(lambda: "approve 2" in shown.bar)
        for key in ("r reject 2", "x cancel 2 requests", "esc unmark 2", "? help"):
            assert f" {key} " in f"{shown.bar} ", key
        await shown.press("escape", "enter")
        await shown.shows(f"Models › {names[0]}")
        for key in ("a approve", "r reject", "t move", "x cancel request", "esc back", "? help"):
            await shown.until(lambda key=key: f" {key} " in f"{shown.bar} ", key)  # type: ignore[misc]


async def test_a_range_goes_where_the_cursor_goes(samples: Samples) -> None:
    names = [samples.pending(f"model-{number}") for number in range(5)][::-1]  # as listed: newest first
    async with console(samples.url, samples.token) as shown:
        await shown.shows("Inbox (5)")
        await shown.press("j", "v", "j", "j")
        await shown.shows("Inbox (5), 3 marked (range)")
        assert shown.row(names[3]).startswith("▎●"), "the cursor is seen on a marked row"
        for key in ("a approve 3", "r reject 3", "x cancel 3 requests", "esc end range", "? help"):
            assert key in shown.bar, key
        await shown.pilot.resize_terminal(*LARGE)
        for key in ("a approve 3", "v end range", "* all", "I invert", "esc end range", "? help"):
            await shown.until(lambda key=key: key in shown.bar, key)  # type: ignore[misc]
        assert marked(shown, *names) == [False, True, True, True, False]
        await shown.press("k")  # a row that the range leaves is not marked any more
        assert marked(shown, *names) == [False, True, True, False, False]
        await shown.press("v", "G")
        await shown.shows("Inbox (5), 2 marked")
        assert "range" not in shown.header
        for key in ("v range", "* all", "I invert", "esc unmark 2"):
            assert key in shown.bar, key
        await shown.press("v", "k", "escape", "g")  # two ranges; Escape ends the second, whose marks stay
        assert marked(shown, *names) == [False, True, True, True, True]
        await shown.press("I")
        assert marked(shown, *names) == [True, False, False, False, False]
        await shown.press("escape")
        assert marked(shown, *names) == [False] * 5
        await shown.press("v", "a")  # a decision ends the range
        await shown.shows("Approve this request?")
        await shown.press("n", "G")
        await shown.shows("Inbox (5), 1 marked")
        assert "range" not in shown.header


@SIZES
async def test_the_pane_below_the_inbox_lists_what_is_decided(samples: Samples, size: tuple[int, int]) -> None:
    """And not the request under the cursor, about which the decision is not."""
    churn, other = samples.pending("churn", "Production"), samples.pending("other")
    samples.version(churn, "Production")
    alone = samples.model("alone")
    samples.ask(alone, samples.version(alone, "Production"), "Archived")
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows("Inbox (3)", f"{alone} version 1")
        await shown.press("space")
        await shown.shows("1 marked, decided in place of the row under the cursor:")
        await shown.press("k")
        await shown.shows("Production is left EMPTY: no other version is there.")
        await shown.press("j", "j", "space", "k")
        await shown.shows("2 marked, decided together:", f"• {alone} version 1   Production → Archived")
        await shown.shows(f"• {churn} version 1   None → Production   displaces version 2", "Production is left EMPTY")
        assert f"{other} version" not in shown.text, "the one under the cursor"
        await shown.press("escape")
        await shown.shows(f"{other} version 1", "requested by")
        assert "decided together" not in shown.text


async def test_a_long_name_is_cut_before_the_count_of_the_marked(samples: Samples) -> None:
    model = samples.pending("a-model-with-quite-a-long-name-as-they-have-in-large-houses")
    samples.pending("other")
    async with console(samples.url, samples.token, (60, 20)) as shown:
        await shown.shows("Inbox (2)", "● live")
        await shown.press("G", "space", "k")
        await shown.shows(f"  • {model[:40]}")  # not the bullet alone, above the name
        await shown.press("escape", "G", "enter")
        await shown.shows("1 version", "1 open request")
        await shown.press("space")
        await shown.shows("… (1), 1 marked")
        assert f"… › {model[:9]}" in shown.header, "more of the name, rather than of what it is below"


async def test_all_are_those_that_are_shown(samples: Samples) -> None:
    """Nothing that a filter hides is decided."""
    for number in range(3):
        samples.pending(f"churn-{number}")
    other = samples.pending("other")
    async with console(samples.url, samples.token) as shown:
        await shown.shows("Inbox (4)")
        await shown.press("asterisk")
        await shown.shows("Inbox (4), 4 marked")
        await shown.press("slash")
        await shown.type("churn")
        await shown.shows("Inbox matching “churn” (3), 3 marked")
        await shown.press("enter", "asterisk")
        await shown.shows("Inbox matching “churn” (3) ")
        await shown.press("asterisk", "a")
        await shown.shows("Approve 3 requests?")
        await shown.press("y")
        await shown.shows("Inbox matching “churn” (0)")
    assert samples.stage(other) == "None"


async def test_marked_versions_are_decided_where_versions_are_listed(samples: Samples) -> None:
    for number in range(3):
        samples.pending(f"model-{number}")
    async with console(samples.url, samples.token, (120, 40)) as shown:
        await shown.shows("Inbox (3)", "● live")
        await shown.press("3")
        await shown.shows("Board", "None 3")
        await shown.press("left")
        await shown.press("asterisk")
        await shown.shows("Board, 3 marked")
        await shown.press("G", "space", "a")
        await shown.shows("Approve 2 requests?")
        await shown.press("y")
        await shown.shows("None 1", "Staging 2")
        await shown.press("1")
        await shown.shows("Inbox (1)")
        await shown.press("enter", "asterisk")
        await shown.shows("Models › model-", ", 1 marked")


@SIZES
def test_twenty_requests_are_approved_by_four_keys_and_a_word(samples: Samples, size: tuple[int, int]) -> None:
    models = [samples.pending(f"model-{number}", "Production") for number in range(MANY)]
    with terminal(variables={"TUI_REGISTRY_URL": samples.url, "TUI_REGISTRY_TOKEN": samples.token}, size=size) as shown:
        shown.shows(f"Inbox ({MANY})", "● live")
        before = shown.pressed
        shown.press("*")
        shown.shows(f"Inbox ({MANY}), {MANY} marked")
        shown.press("a")
        shown.shows(f"Approve {MANY} requests?", "Type production")
        shown.press("y")
        shown.type("production")
        shown.shows("production ")
        shown.press("enter")
        shown.shows("No open requests", f"{MANY} approved, 0 failed")
        assert shown.pressed - before - len("production") <= 4
        shown.press("q")
        assert shown.ends() == 0
    assert {samples.stage(model) for model in models} == {"Production"}
