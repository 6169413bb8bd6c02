"""The table on its own: it draws what is seen, however much there is, and keeps its cursor and marks on their rows."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.strip import Strip

from tui_registry.session.arrangement import Arrangement, Sort
from tui_registry.widgets.columns import Needed, lay_out
from tui_registry.widgets.row import Instant, Value
from tui_registry.widgets.table import Column, Row, Table

MANY = 200_000
COLUMNS = (
    Column("NAME", 10, grow=1),
    Column("STAGE", 8, priority=1),
    Column("WHO", 8, priority=2),
    Column("WHY", 20, priority=3, grow=1),
)


class Watched(Table):
    """Counts the lines that it draws."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, empty="Nothing here.\nTry later.", id="table")
        self.drawn = 0

    def render_line(self, y: int) -> Strip:
        self.drawn += 1
        return super().render_line(y)


class TableApp(App[None]):
    CSS = "Table { height: 1fr; scrollbar-size-vertical: 1; scrollbar-gutter: stable; overflow-x: hidden; }"

    def __init__(self, rows: Sequence[Row]) -> None:
        super().__init__()
        self.table = Watched()
        self.rows = rows
        self.messages: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.show(self.rows)
        self.table.focus()

    def on_table_highlighted(self, message: Table.Highlighted) -> None:
        self.messages.append(f"highlighted {message.key}")

    def on_table_opened(self, message: Table.Opened) -> None:
        self.messages.append(f"opened {message.key}")

    def on_table_near_end(self, _message: Table.NearEnd) -> None:
        self.messages.append("near end")


def row(key: str, name: str = "", why: str = "because") -> Row:
    return Row(key, ((name or f"name {key}", "bold"), ("Staging", "yellow"), ("ada", ""), (why, "dim")))


def rows(*keys: object) -> list[Row]:
    return [row(str(key)) for key in keys]


@asynccontextmanager
async def showing(
    content: Sequence[Row], size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[Watched, Pilot[None]]]:
    app = TableApp(content)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app.table, pilot


def text(table: Table) -> list[str]:
    return [Table.render_line(table, y).text for y in range(table.size.height)]


@pytest.fixture(scope="module")
def many() -> list[Row]:
    return [row(str(number)) for number in range(MANY)]


async def test_only_lines_that_are_seen_are_drawn(many: list[Row]) -> None:
    async with showing(many) as (table, pilot):
        for key in ("G", "pageup", "k", "g", "pagedown", "j"):
            table.drawn = 0
            await pilot.press(key)
            await pilot.pause()
            assert 1 <= table.drawn <= 3 * table.size.height, key


async def test_keys_move_the_cursor(many: list[Row]) -> None:
    async with showing(many) as (table, pilot):
        page = table.size.height - 2
        for key, reached in [
            ("j", 1),
            ("down", 2),
            ("k", 1),
            ("up", 0),
            ("k", 0),
            ("G", MANY - 1),
            ("j", MANY - 1),
            ("pageup", MANY - 1 - page),
            ("end", MANY - 1),
            ("g", 0),
            ("pagedown", page),
            ("pagedown", 2 * page),
            ("home", 0),
        ]:
            await pilot.press(key)
            await pilot.pause()
            assert table.cursor_key == str(reached), key
            assert any(f"▎ name {reached} " in line for line in text(table)), f"{key}: the cursor is not seen"


async def test_the_last_row_is_on_the_last_line(many: list[Row]) -> None:
    async with showing(many) as (table, pilot):
        await pilot.press("G")
        await pilot.pause()
        assert f"name {MANY - 1}" in text(table)[-1]
        assert "NAME" in text(table)[0]


async def test_cursor_stays_on_its_row_when_others_come_and_go() -> None:
    async with showing(rows(1, 2, 3, 4)) as (table, pilot):
        await pilot.press("j", "j")
        table.show(rows("new", 1, 3, 4, 5))
        assert table.cursor_key == "3"
        table.show(rows(3))
        assert table.cursor_key == "3"


async def test_cursor_stays_on_its_line_when_its_row_goes() -> None:
    async with showing(rows(1, 2, 3, 4)) as (table, pilot):
        await pilot.press("j")
        table.show(rows(1, 3, 4))
        assert table.cursor_key == "3"
        table.show(rows(1))
        assert table.cursor_key == "1"


async def test_an_empty_table_has_no_cursor() -> None:
    async with showing(rows(1, 2)) as (table, pilot):
        await pilot.press("j")
        table.show([])
        await pilot.press("j", "G", "enter", "pagedown", "g")
        assert table.cursor_key is None
        table.show(rows(7, 8))
        assert table.cursor_key == "7"


async def test_cursor_stays_in_sight_when_rows_come_before_it() -> None:
    async with showing(rows(*range(100))) as (table, pilot):
        await pilot.press("pagedown")
        table.show(rows(*range(-500, 100)))
        await pilot.pause()
        assert any("▎" in line for line in text(table))


async def test_marks_stay_on_their_rows() -> None:
    async with showing(rows(1, 2, 3, 4)) as (table, _):
        table.toggle_mark()
        table.toggle_mark()
        assert table.marked == ["1", "2"]
        assert table.cursor_key == "3"
        table.show(rows(4, 3, 2, 0))
        assert table.marked == ["2"]
        assert [line[0] for line in text(table)[1:5]] == [" ", "▎", "●", " "]
        table.clear_marks()
        assert table.marked == []


async def test_a_mark_can_be_taken_back() -> None:
    async with showing(rows(1, 2)) as (table, pilot):
        table.toggle_mark()
        await pilot.press("k")
        table.toggle_mark()
        assert table.marked == []


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (120, ["NAME", "STAGE", "WHO", "WHY"]),
        (32, ["NAME", "STAGE", "WHO", "WHY"]),
        (31, ["NAME", "STAGE", "WHO"]),
        (22, ["NAME", "STAGE"]),
        (17, ["NAME"]),
        (6, ["NA…"]),
    ],
)
async def test_columns_go_where_there_is_no_room(width: int, titles: list[str]) -> None:
    async with showing(rows(1, 2), (width, 10)) as (table, _):
        lines = text(table)
        assert lines[0].split() == titles
        assert {len(line) for line in lines} == {width - 1}  # a cell is the scrollbar's


async def test_resizing_keeps_the_cursor_in_sight() -> None:
    async with showing(rows(*range(50))) as (table, pilot):
        await pilot.press(*("j" * 20))
        await pilot.resize_terminal(30, 6)
        await pilot.pause()
        assert any("▎ name 20" in line for line in text(table))


@pytest.mark.parametrize(
    "name", ["需要予測-関東-店舗別-長い名前", "👩🏽‍🚀🇩🇪" * 9, "e\u0301" * 40, "[/foo][@click=app.quit]", "x" * 10_000]
)
@pytest.mark.parametrize("width", [9, 40, 80])
async def test_every_line_fills_the_width(name: str, width: int) -> None:
    from tui_registry.terminal.sanitize import one_line

    async with showing([row("1", one_line(name), one_line(name))], (width, 6)) as (table, _):
        for y in range(6):
            strip = Table.render_line(table, y)
            assert sum(segment.cell_length for segment in strip) == width - 1


async def test_an_empty_table_says_why() -> None:
    async with showing([]) as (table, _):
        assert [line.strip() for line in text(table)[1:4]] == ["Nothing here.", "Try later.", ""]


async def test_it_tells_what_happens() -> None:
    async with showing(rows(1, 2)) as (table, pilot):
        await pilot.press("j", "enter", "enter")
        table.show(rows(1))
        await pilot.pause()
        assert isinstance(table.app, TableApp)
        assert [message for message in table.app.messages if message != "near end"] == [
            "highlighted 1",
            "highlighted 2",
            "opened 2",
            "opened 2",
            "highlighted 1",
        ]


async def test_it_asks_for_more_before_the_end_only(many: list[Row]) -> None:
    async with showing(many) as (table, pilot):
        assert isinstance(table.app, TableApp)
        await pilot.press("j", "pagedown")
        assert "near end" not in table.app.messages
        await pilot.press("G", "pageup")
        assert "near end" in table.app.messages


async def test_a_click_moves_the_cursor_and_a_double_click_opens() -> None:
    async with showing(rows(*range(100))) as (table, pilot):
        await pilot.press("G")
        await pilot.click(table, offset=(5, 10))
        clicked = table.cursor_key
        assert clicked is not None
        assert f"name {clicked} " in text(table)[10]
        await pilot.double_click(table, offset=(5, 12))
        assert isinstance(table.app, TableApp)
        assert table.app.messages[-1] == f"opened {table.cursor_key}"


def contents(name: str, why: str) -> Row:
    return Row(name, ((name, ""), ("Staging", ""), ("ada", ""), (why, "")))


async def test_columns_are_as_wide_as_their_contents_and_what_tells_least_is_cut_first() -> None:
    name = "n" * 40
    async with showing([contents(name, "why it is so and not otherwise")], (120, 6)) as (table, pilot):
        assert f"{name}  Staging  ada  why it is so and not otherwise" in text(table)[1]
        for width, line in (
            (80, f"{name}  Staging  ada  why it is so and not"),
            (66, f"{name[:31]}…  Staging  ada  why it is so a…"),
        ):
            await pilot.resize_terminal(width, 6)
            await pilot.pause()
            assert line in text(table)[1]


def test_what_one_long_name_needs_is_not_taken_from_what_most_rows_need() -> None:
    given = Column("NAME", 20, grow=4), Column("BY", 12, priority=1, grow=1), Column("WHY", 24, priority=2, grow=4)
    needed = {0: Needed(20, 60), 1: Needed(14, 14), 2: Needed(200, 200)}
    assert lay_out(list(enumerate(given)), needed, 80) == [(0, 38), (1, 14), (2, 24)]


async def test_columns_do_not_jump_while_one_reads(many: list[Row]) -> None:
    async with showing([contents("short", "w"), contents("a longer name", "w")]) as (table, pilot):
        header = text(table)[0]
        table.show([contents("short", "w")])
        await pilot.press("j", "k")
        assert text(table)[0] == header, "narrower than before"
        table.show([contents("a name that is longer still", "w")])
        assert "a name that is longer still" in text(table)[1]
        await pilot.resize_terminal(70, 20)
        await pilot.pause()
        table.show(many[:1])
        await pilot.resize_terminal(71, 20)
        await pilot.pause()
        assert text(table)[0].startswith("  NAME    STAGE"), "as wide as what is there now"


async def test_rows_are_sorted_by_their_values_and_those_without_come_last() -> None:
    values: list[tuple[str, Value]] = [
        ("b-9", Instant(5)),
        ("B-10", Instant(7)),
        ("a", None),
        ("", Instant(6)),
        ("b-9", Instant(7)),
    ]
    given = [
        Row(str(number), ((name, ""), ("x", ""), ("y", ""), ("z", "")), (name, at, "y", "z"))
        for number, (name, at) in enumerate(values)
    ]
    async with showing(given) as (table, pilot):
        for sort, order in (
            ("name asc", "20413"),
            ("name desc", "10423"),
            ("stage desc", "14302"),
            ("stage asc", "03142"),
            ("nothing desc", "01234"),
        ):
            table.arrange_rows(Arrangement(Sort.parse(sort)), sorts_rows=True)
            assert "".join(table.keys) == order, sort
        table.arrange_rows(Arrangement(Sort("who", True), ("why", "who", "nothing")), sorts_rows=True)
        await pilot.pause()
        assert text(table)[0].split() == ["WHY", "WHO", "▼"]
        assert text(table)[1].split() == ["▎", "z", "y"]
