"""Tables as their users arrange, read, export and keep them, on the screens that have them."""

import asyncio
import csv
import io
import json
import re
import stat
from pathlib import Path

import pytest

from tests.tui_registry.console import LARGE, SMALL, Console, console
from tests.tui_registry.samples import SECOND_ASKER, Samples
from tui_registry.screens.base import listing
from tui_registry.screens.tables.table_actions import TableActions
from tui_registry.session import settings
from tui_registry.session.saved_view import SavedView
from tui_registry.widgets.row import Instant, sort_key

AGE = re.compile(r"^(?!in )(.* )?\d+[smhdwy]( ago)?$")
HOSTILE = '=HYPERLINK("http://x")\x1b[2J\nsecond, \u202eline'


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and settings of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def first_cells(shown: Console, names: list[str]) -> list[str]:
    """Those of the names with which rows begin, from above."""
    words = [line.strip("▎● ").split("  ")[0] for line in shown.text.split("\n")]
    return [word for word in words if word in names]


async def sort_by(shown: Console, title: str, key: str) -> None:
    await shown.press("s")
    await shown.shows("Sort by", title)
    await shown.press(key)
    await shown.hides("Sort by")


async def test_the_inbox_is_sorted_by_any_column_and_stays_so(samples: Samples) -> None:
    first = samples.pending("b-model", "Production", comment="2")
    second = samples.pending("a-model", "Staging", by=SECOND_ASKER, comment="1")
    async with console(samples.url, samples.token, SMALL) as shown:
        await shown.shows("AGE ▲", first, second)
        assert first_cells(shown, [first, second]) == [second, first]
        await shown.press("j")
        await sort_by(shown, "TRANSITION", "3")
        await shown.shows("TRANSITION ▲")
        assert first_cells(shown, [first, second]) == [second, first]
        await sort_by(shown, "TRANSITION", "3")
        await shown.shows("TRANSITION ▼")
        assert first_cells(shown, [first, second]) == [first, second]
        assert shown.row(first).startswith("▎"), "one reads on from above"
        await sort_by(shown, "COMMENT", "7")
        await shown.shows("Inbox (2, by comment ▲)")  # the column has no room
        assert first_cells(shown, [first, second]) == [second, first]
    async with console(samples.url, samples.token, SMALL) as shown:
        await shown.shows("Inbox (2, by comment ▲)")
        await sort_by(shown, "none", "0")
        await shown.shows("AGE ▲", "Inbox (2) ")


async def test_models_are_sorted_by_the_server_or_else_it_is_told_of_how_many(
    samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "SORTED_ROWS", 100)
    for number in range(105):
        samples.call("POST", "/mlflow/registered-models/create", name=f"many-{number:03}", description=f"{number % 7}")
    try:
        async with console(samples.url, samples.token, LARGE) as shown:
            await shown.press("2")
            await shown.shows("Models (100+)", "MODEL ▲")
            await sort_by(shown, "UPDATED", "6")
            await shown.shows("Models (100+)", "UPDATED ▲", "▎ many-104")
            await sort_by(shown, "MODEL", "1")
            await shown.shows("MODEL ▲", "▎ many-000")
            await sort_by(shown, "MODEL", "1")
            await shown.shows("MODEL ▼", "▎ many-104")
            await shown.press("slash")
            await shown.type("many-00")
            await shown.shows("(10)", "▎ many-009")
            await shown.press("escape")
            await shown.shows("Models (100+)")
            await sort_by(shown, "DESCRIPTION", "7")
            await shown.shows("Models (first 100 only)", "DESCRIPTION ▲", "▎ many-000")
            await shown.press("G", "G")
            await shown.pilot.pause(0.3)
            await shown.shows("Models (first 100 only)")  # more would not be in this order
            await sort_by(shown, "none", "0")
            await shown.shows("Models (100+)")
    finally:
        for number in range(105):
            samples.delete(f"many-{number:03}")


async def test_columns_are_chosen_put_in_order_and_kept(samples: Samples) -> None:
    model = samples.model("churn", tags=[{"key": "team", "value": "risk"}])
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.press("2")
        await shown.shows(model, "PROD  STAGING")
        await shown.press("C")
        await shown.shows("[x]  PROD", "[ ]  TAGS")
        await shown.press("j", "space", "G", "space", *"KKKKKKK", "enter")
        await shown.shows("MODEL ▲", "TAGS", "team=risk")
        titles = next(line for line in shown.text.split("\n") if "MODEL ▲" in line).split()
        assert titles[:4] == ["MODEL", "▲", "TAGS", "STAGING"]
        assert "PROD" not in titles
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.press("2")
        await shown.shows("TAGS", "team=risk")
        await shown.press("C")
        await shown.shows("[ ]  PROD")
        await shown.press("r")
        await shown.shows("PROD  STAGING")
        await shown.hides("TAGS")


async def test_a_chosen_column_without_room_says_so(samples: Samples) -> None:
    model = samples.model("churn", description="Who leaves us. " * 5)
    async with console(samples.url, samples.token, (56, 24)) as shown:
        await shown.press("2")
        await shown.shows(model)
        await shown.press("C")
        await shown.shows("Columns of models", "[x]  DESCRIPTION  in a wider terminal", "r reset")
        assert "MODEL  in a wider" not in shown.text


async def test_a_row_is_read_in_full_and_copied(samples: Samples) -> None:
    comment = " ".join(f"word-{number}" for number in range(300))
    model = samples.pending("churn", "Production", comment=comment)
    async with console(samples.url, samples.token, SMALL) as shown:
        await shown.shows(model)
        await shown.press("V")
        await shown.shows("REQUESTED BY", "DISPLACES", " ago", "word-9")
        assert all(line.startswith("│    word-") for line in shown.text.split("\n") if "word-" in line), "all indented"
        await shown.press("G")
        await shown.shows("word-299")
        await shown.press("y")
        await shown.until(lambda: comment in shown.app._copied, "all of it is copied")
        assert f"MODEL: {model}\n" in shown.app._copied
        await shown.press("V")
        await shown.shows("Inbox (1)", "a approve")


async def test_rows_are_exported_as_they_are_shown(samples: Samples, home: Path) -> None:
    first = samples.model("churn", description=HOSTILE)
    second = samples.model("fraud")
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.press("2")
        await shown.shows(first, second)
        await sort_by(shown, "MODEL", "1")
        await shown.shows("MODEL ▼")
        for chosen, name in (("1", "rows.csv"), ("2", "rows.jsonl")):
            await shown.press("E")
            await shown.shows("Export 2 rows: the whole list", "CSV", "JSON Lines")
            await shown.press(chosen)
            await shown.shows("Folder:", "Columns: model, prod", "models-20")
            await shown.press("ctrl+u")
            await shown.type(name)
            await shown.press("enter")
            await shown.notifies(f"{home / name}", "Readable only by you")
            assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
        table = list(csv.DictReader(io.StringIO((home / "rows.csv").read_text(), newline="")))
        assert [row["model"] for row in table] == [second, first]
        assert table[1]["description"] == '\'=HYPERLINK("http://x")�[2J second, line'
        assert table[1]["updated"].endswith("Z")
        assert table[1]["prod"] == ""
        listed = [json.loads(line) for line in (home / "rows.jsonl").read_text(encoding="ascii").splitlines()]
        assert listed[1]["description"] == HOSTILE
        assert "created" not in listed[0], "only what is displayed"

        await shown.press("E", "1")
        await shown.shows("Columns: model")
        await shown.press("ctrl+u")
        await shown.type("nowhere/rows.csv")
        await shown.press("enter")
        await shown.shows("nowhere/rows.csv: No such file or directory.")
        await shown.press("ctrl+u")
        await shown.type("rows.csv")
        (home / "rows.csv").write_text("mine")
        await shown.press("enter")
        await shown.shows("Overwrite the file?")
        await shown.press("n")
        await shown.shows("Columns: model")
        assert (home / "rows.csv").read_text() == "mine"
        await shown.press("enter")
        await shown.shows("Overwrite the file?")
        await shown.press("y")
        await shown.until(lambda: (home / "rows.csv").read_text().startswith('"model","prod"'), "it is written")
        names = await asyncio.to_thread(lambda: sorted(each.name for each in home.iterdir()))
        assert names == ["rows.csv", "rows.jsonl"]


async def test_a_view_is_saved_beside_what_the_user_wrote_and_opened_by_its_key(samples: Samples) -> None:
    first = samples.model("risk-a", description="z")
    second = samples.model("risk-b", description="y")
    other = samples.model("other")
    file = settings.config_file()
    file.parent.mkdir(parents=True)
    file.write_text('# mine\ntheme = "nord"  # dark\n\n[views.broken]\nplace = "nowhere"\n')
    async with console(samples.url, samples.token, LARGE, settings=settings.read()) as shown:
        await shown.notifies("views.broken: there is no place 'nowhere': use inbox, models, prompts, board")
        await shown.press("2", "S")
        await shown.notifies("There is nothing to save as a view: filter the list")
        await shown.press("slash")
        await shown.shows("Models (3)")
        await shown.type("risk")
        await shown.shows("(2)")
        await shown.press("tab")
        shown.app.screen.set_focus(shown.app.screen.query_one("#list"))
        await sort_by(shown, "DESCRIPTION", "7")
        await shown.press("S")
        await shown.shows("Save this view", "models matching “risk” by description asc")
        await shown.type("risk views")
        await shown.press("ctrl+s")
        await shown.shows("Start with a letter")
        await shown.press("ctrl+u")
        await shown.type("risk")
        await shown.press("enter", "q", "enter")
        await shown.shows("q already is quit: use another key, such as F1")
        await shown.press("ctrl+u", "d", "enter")
        await shown.notifies("View risk saved")
        assert "View risk saved" in shown.text, "in the status line"
        await shown.press("escape", "1")
        await shown.shows("Inbox (0)")
        await shown.press("d")
        await shown.shows("matching “risk” (2)", "DESCRIPTION ▲")
        assert first_cells(shown, [first, second, other]) == [second, first]
        await shown.press("question_mark")
        await shown.type("view risk")
        await shown.shows("Open the view risk: models matching “risk” by des")
    kept = file.read_text()
    assert kept.startswith('# mine\ntheme = "nord"  # dark\n\n[views.broken]\n')
    assert settings.read().views["risk"].key == "d"
    async with console(samples.url, samples.token, LARGE, settings=settings.read()) as shown:
        await shown.shows("Inbox (0)")
        await shown.press("d")
        await shown.shows("matching “risk” (2)", "DESCRIPTION ▲", first, second)


async def test_what_is_wrong_with_the_columns_of_a_view_is_told_with_those_there_are(samples: Samples) -> None:
    model = samples.model("churn")
    views = {"like_run_command": SavedView(place="models", columns=["Model", "owner"], sort="size desc", key="f6")}
    async with console(samples.url, samples.token, LARGE, settings=settings.Settings(views=views)) as shown:
        await shown.press("question_mark")
        await shown.shows("Keyboard shortcuts", "Open the view like_run_command")
        await shown.press("f6")
        await shown.shows("Keyboard shortcuts")  # nothing is opened behind a dialog
        await shown.press("escape", "f6")
        await shown.notifies("models has no column 'owner': use model, prod, staging")
        await shown.notifies("models cannot be sorted by 'size desc': use model, prod")
        await shown.shows(model)
        assert next(line for line in shown.text.split("\n") if "MODEL" in line).split() == ["MODEL", "▲"]
        await shown.until(lambda: shown.messages.count("has no column 'owner'") == 2, "also at the start, once")


async def test_every_place_with_a_table_sorts_it_and_knows_its_values(samples: Samples) -> None:
    model = samples.pending("churn", "Production")
    samples.version(model, "Production")
    samples.version(model, "Staging")
    places = (
        ("1", "Inbox (1)"),
        ("2", "Models (1)"),
        ("enter", f"Models › {model}"),
        ("3", "Board"),
        ("4", "Activity ("),
        ("5", "Access › Permissions"),
        ("tab", "Access › Users"),
        ("tab", "Access › Groups"),
        ("tab", "Access › Service principals"),
        ("tab", "Access › Tokens"),
        ("at", "Changes in this session"),
        ("v", "API calls of this session"),
    )
    async with console(samples.url, samples.registry.admin_token, LARGE) as shown:
        await shown.shows("● live")
        for key, title in places:
            await shown.press(key)
            await shown.shows(title)
            if title.endswith(("Service principals", "Changes in this session")):
                continue  # there are none
            place = shown.app.screen
            assert isinstance(place, TableActions)
            await shown.until(lambda place=place: place.current_table.row_count, f"rows of {title}")  # type: ignore[misc]  # mypy sees no defaults of lambdas
            table = place.current_table
            assert {len(row.values) for row in table.rows} <= {0, len(table.columns)}, title
            for index, column in enumerate(table.columns):
                times = [row.cells[index][0] for row in table.rows if isinstance(row.value(index), Instant)]
                are_ages = any(AGE.search(text) for text in times)
                inverse = column.sorting is not None and column.sorting.is_displayed_inversely
                assert not times or inverse is are_ages, f"the arrow of {column.title} in {title}"
            column = table.shown_columns[0][1]
            await sort_by(shown, column.title, "1")
            await shown.until(
                lambda place=place, column=column: (  # type: ignore[misc]  # as above
                    f"{column.title} ▲" in shown.text or f"{column.title} ▼" in shown.text
                ),
                f"{title} by {column.title}",
            )
            values = [sort_key(row.value(0)) for row in table.rows]
            known = [value for value in values if value is not None]
            assert place.sort is not None
            if place.is_sorted_here:
                assert known == sorted(known, reverse=place.sort.is_descending), title
