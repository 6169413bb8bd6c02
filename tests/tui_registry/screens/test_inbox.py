"""The inbox as its users see it."""

import pytest
from rich.color import Color
from rich.style import Style

from tests.tui_registry.console import LARGE, SIZES, SMALL, Console, console
from tests.tui_registry.samples import ASKER, OWNER, SECOND_ASKER, Samples
from tests.variants import variant
from tui_registry.screens import inbox


@SIZES
async def test_requests_are_shown_with_what_one_needs(samples: Samples, size: tuple[int, int]) -> None:
    model = samples.pending("churn", "Production", comment="Better in every region.")
    holder = samples.version(model, "Production")
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows(
            model,
            "None → Production",
            f"requested by {ASKER}",
            "Better in every region.",
            f"displaces version {holder}",
        )
        assert "Inbox (1)" in shown.header
        assert OWNER in shown.header
        assert f"  {holder}" in shown.row(model)
        for key in ("a approve", "r reject", "x cancel", "? help"):
            assert key in shown.bar
        assert shown.bar.endswith("? help")


@SIZES
async def test_what_the_team_demands_is_beside_what_is_decided(samples: Samples, size: tuple[int, int]) -> None:
    """The beginning of the model's description, what it is called where it is whole, and the key that shows all."""
    short, rules = "Only after two weeks of shadow traffic.", "\n".join(f"rule {number}" for number in range(40))
    one = samples.model("one", description=short)
    samples.ask(one, samples.version(one), comment="Shadowed.")
    other = samples.model("other", description=f"# Rules\n{rules}")
    samples.ask(other, samples.version(other))
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows(
            f"{other} version 1", "description of the model: i shows all of it", "  │ Rules", "  │ rule 0"
        )
        assert "rule 20" not in shown.text
        await shown.press("j")
        await shown.shows(f"{one} version 1", "  │ Shadowed.", f"  │ {short}")
        lines = [line.strip() for line in shown.text.split("\n")]
        assert "description of the model" in lines, "there is no more of it"
        assert lines.index("│ Shadowed.") < lines.index(f"│ {short}")
        await shown.press("a")
        await shown.shows("Approve this request?", "“Shadowed.”", "description of the model:", f"  │ {short}")
        await shown.press("n", "k", "r")
        await shown.shows("Reject this request?", "  │ Rules", "  │ rule 4", "… 35 more lines at the end: ↓")
        await shown.press("n", "3", "left")
        await shown.shows("Board", f"{other} version 1")
        await shown.press("a")  # where no description is loaded
        await shown.shows("Approve this request?", "  │ Rules", "  │ rule 4", "… 35 more lines at the end: ↓")
        await shown.press("n", "1")
        await shown.shows("Inbox (2)")
        await shown.press("i")
        await shown.shows(f"Models › {other} › Details", "rule 5")
        await shown.press("escape", "enter")
        await shown.shows(f"Models › {other}", "  Rules rule 0")
        cut = "… i shows all of it"
        await (shown.hides(cut) if size == LARGE else shown.shows(cut))


@SIZES
async def test_a_description_that_is_cut_says_so_and_looks_like_no_request(
    samples: Samples, size: tuple[int, int]
) -> None:
    """Even if it is far shorter without its marks. Each line of it has a bar, wherever one has scrolled to."""
    spoof = "• x version 1, None → Staging"
    model = samples.model(description=f"{spoof}\n" + "**a** " * 1500 + "\nLAST RULE: never")
    samples.ask(model, samples.version(model))
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows(f"{model} version 1", "description of the model: i shows all of it")
        await shown.press("a")
        for place in ("Inbox", "Board"):
            if place == "Board":
                await shown.press("n", "3", "left")
                await shown.shows("Board", f"{model} version 1")
                await shown.press("a")  # where the whole description is read
            await shown.shows("Approve this request?", f"  │ {spoof}", f"• {model} version 1")
            await shown.press(*["down"] * 20)
            await shown.shows("… there is more: see the model's details")
            assert all(line.startswith("│ a a") for line in _long_lines(shown)), shown.text
        await shown.pilot.resize_terminal(50, 24)
        await shown.until(lambda: len(_long_lines(shown)) > 5, "lines that are broken once more")
        assert all(line.startswith("│ a a") for line in _long_lines(shown)), shown.text


async def test_a_description_as_long_as_what_is_displayed_is_not_cut(samples: Samples) -> None:
    """Two thousand characters."""
    model = samples.model(description="rule" + " x" * 996 + " end")
    samples.ask(model, samples.version(model))
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.shows(f"{model} version 1", "description of the model")
        await shown.press("a")
        await shown.shows("Approve this request?", "description of the model:")
        await shown.press(*["down"] * 60)
        await shown.shows(" end")
        assert "there is more" not in shown.text


def _long_lines(shown: Console) -> list[str]:
    """Those of the description that are in the dialog."""
    region = shown.app.screen.query_one("#targets").content_region
    lines = [line[region.x : region.right].strip() for line in shown.text.split("\n")[region.y : region.bottom]]
    return [line for line in lines if "a a a" in line]


@SIZES
async def test_a_long_comment_pushes_nothing_away(samples: Samples, size: tuple[int, int]) -> None:
    """The requester does not decide what the approver sees."""
    comment = " ".join(f"word-{number}" for number in range(600))
    model = samples.pending("churn", "Production", comment=comment)
    holder = samples.version(model, "Production")
    async with console(samples.url, samples.token, size) as shown:
        facts = [f"displaces version {holder}", f"requested by {ASKER}", "more of the comment is below"]
        if size == LARGE:
            facts.append("created by")
        await shown.shows(*facts)
        assert len([line for line in shown.text.split("\n") if line.startswith("  │ word-")]) == 4, "each has a bar"
        where = [shown.text.index(fact) for fact in facts]
        assert where == sorted(where)
        assert "word-60" not in shown.text[: where[-1]]
        for screen in ("inbox", "model"):
            if screen == "model":
                await shown.press("enter")
                await shown.shows(f"Models › {model}", "more of the comment is below")
            for _ in range(20):
                await shown.press("J")
                if "word-200" in shown.text:
                    break
            await shown.shows("word-200")


@pytest.mark.parametrize(
    "size",
    [
        SMALL,
        variant((100, 30)),
        LARGE,
        variant((200, 50)),
    ],
    ids=["80", "100", "120", "200"],
)
async def test_what_is_displaced_is_listed_at_every_width(samples: Samples, size: tuple[int, int]) -> None:
    model = samples.pending("churn", "Production")
    samples.version(model, "Production")
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows(model, "DISPLACES")


@SIZES
async def test_what_is_requested_has_one_colour_and_displaces_something_or_nothing(
    samples: Samples, size: tuple[int, int]
) -> None:
    """Everywhere the same, and not that of a stage: the version is not there yet."""
    model = samples.pending("churn", "Production")

    def colour(text: str) -> Color | None:
        return Style.parse(shown.style(text)).color

    async with console(samples.url, samples.token, size) as shown:
        await shown.shows(model, "None → Production")
        assert shown.row(model).count(" none") == 1
        holder = samples.version(model, "Production")
        samples.move(model, samples.version(model, "Staging"), "Archived", archive=False)
        await shown.shows(f"displaces version {holder}")
        assert " none" not in shown.row(model)
        requested = colour("None → Production")
        await shown.press("enter")
        await shown.shows("None → Production?")
        assert colour("None → Production") == requested != colour("Production")
        await shown.press("enter")
        await shown.shows("→ Production by")
        assert colour("→ Production by") == requested
        assert colour("None → Production") != colour("description"), "in the history, too, but faint"
        await shown.press("4")
        await shown.shows("Activity", "requested")
        stages = {colour(each) for each in ("Staging", "Production", "Archived")}
        assert requested == colour("None → Production") not in stages
        assert len(stages) == 3, "what was moved has the colours of the stages"
        await shown.press("3")
        await shown.shows("None 1")
        await shown.press("left")
        await shown.shows("→ Production?")
        assert colour("→ Production?") == requested


@SIZES
async def test_an_empty_inbox_says_so(samples: Samples, size: tuple[int, int]) -> None:
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows("No open requests")
        assert "approve" not in shown.bar
        assert "open" not in shown.bar
        await shown.press("a", "r", "x", "enter", "space", "y", "j", "G")
        await shown.shows("Inbox (0)", "No open requests")


async def test_what_is_typed_filters(samples: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    churn = samples.pending("churn", comment="urgent: regulator")
    fraud = samples.pending("fraud", by=SECOND_ASKER)
    async with console(samples.url, samples.token) as shown:
        await shown.shows(churn, fraud, "Inbox (2)")
        await shown.press("slash")
        await shown.type("REGUL")
        await shown.shows("Inbox matching “REGUL” (1)")
        await shown.hides(fraud)
        await shown.press("enter", "j")
        assert shown.app.screen.focused is not None
        assert shown.app.screen.focused.id == "requests"
        await shown.press("slash")
        await shown.type("staging first")
        await shown.shows("No matching requests.", "Inbox matching “staging first” (0)")
        await shown.press("escape")
        await shown.shows(churn, fraud, "Inbox (2)")
        monkeypatch.setattr(inbox, "PAGE_SIZE", 1)
        await shown.press("f5")
        await shown.hides(churn)
        await shown.press("slash")
        await shown.type("staging first")
        await shown.shows("No matching requests.", "Inbox matching “staging first” (0+)")  # of those that are loaded


@pytest.mark.parametrize(
    ("typed", "found"),
    [("second", "fraud"), ("production", "fraud"), ("production → staging", ""), ("chu gul", "churn"), ("2", "")],
)
async def test_the_filter_knows(samples: Samples, typed: str, found: str) -> None:
    """A person, a stage, words of the comment; every word must be there."""
    samples.id = "x"  # so that no digit is in a name
    names = {"churn": samples.pending("churn", comment="regulator"), "": "No matching requests."}
    names["fraud"] = samples.pending("fraud", "Production", by=SECOND_ASKER)
    async with console(samples.url, samples.token) as shown:
        await shown.shows("Inbox (2)")
        await shown.press("slash")
        await shown.type(typed)
        await shown.shows(names[found])
        await shown.hides(*[name for known, name in names.items() if known not in {found, ""}])


async def test_marks_are_cleared_by_escape_and_kept_by_moving(samples: Samples) -> None:
    samples.pending("one")
    two = samples.pending("two")
    async with console(samples.url, samples.token) as shown:
        await shown.shows("Inbox (2)")
        await shown.press("space", "g", "G")
        assert shown.row(two).lstrip("▎").startswith("●")
        await shown.press("escape")
        assert "●" not in shown.text.partition("\n")[2]


async def test_cursor_and_marks_stay_on_their_requests_when_others_come(samples: Samples) -> None:
    older, newer = samples.pending("older"), samples.pending("newer")
    async with console(samples.url, samples.token) as shown:
        await shown.shows("Inbox (2)")
        await shown.press("space")
        assert shown.row(older).startswith("▎")
        samples.pending("newest")
        await shown.shows("Inbox (3)")
        assert shown.row(older).startswith("▎")
        assert shown.row(newer).lstrip("▎").startswith("●")


async def test_enter_opens_the_model_and_escape_comes_back(samples: Samples) -> None:
    model = samples.pending("churn")
    samples.pending("other")
    async with console(samples.url, samples.token) as shown:
        await shown.shows("Inbox (2)")
        await shown.press("j", "enter")
        await shown.shows(f"Models › {model}", "1 version")
        await shown.press("escape")
        await shown.shows("Inbox (2)")
        assert shown.row(model).startswith("▎")


async def test_the_last_of_many_requests_is_a_key_away(samples: Samples) -> None:
    model = samples.model("many")
    for _ in range(30):
        samples.ask(model, samples.version(model))
    async with console(samples.url, samples.token) as shown:
        await shown.shows("Inbox (30)")
        await shown.press("G")
        await shown.shows(f"{model} version 1 ")
        await shown.press("g")
        await shown.shows(f"{model} version 30 ")
