"""Texts of at most so many lines."""

import pytest
from textual.content import Content

from tui_registry.widgets.line_clamp import LineClamp

FACTS = ["14 versions", "2 open requests", "created by ines.carvalho", "@champion = 13", "team=fraud"]
TEXT = "Scores every card payment within 40 ms, and more than that is too late for the customer at the till."


def drawn(width: int, lines: int, *paragraphs: list[str]) -> list[str]:
    clamp = LineClamp([[Content(item) for item in each] for each in paragraphs], lines)
    return clamp._drawn(width).plain.split("\n")


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            40,
            [
                "14 versions  2 open requests",
                "created by ines.carvalho  team=fraud  …",
                "Scores every card payment within 40 ms,…",
            ],
        ),
        (
            80,
            [
                "14 versions  2 open requests  created by ines.carvalho  @champion = 13",
                "team=fraud",
                "Scores every card payment within 40 ms, and more than that is too late for the…",
            ],
        ),
        (200, ["  ".join(FACTS), TEXT]),
    ],
)
def test_what_has_no_room_ends_in_an_ellipsis(width: int, lines: list[str]) -> None:
    found = drawn(width, 3, FACTS, [TEXT])
    assert found == lines
    assert all(len(line) <= width for line in found)


def test_no_item_is_cut_that_is_not_longer_than_a_line() -> None:
    """Which would name version 1 where 13 has the alias, or leave room unused beside it."""
    for width in range(10, 90):
        line = drawn(width, 1, FACTS)[0]
        items = line.removesuffix("…").rstrip().split("  ")
        assert len(line) <= width
        assert items[0] in FACTS or width <= len(FACTS[0]) + len("  …")
        assert all(item in FACTS for item in items[1:])
        left = [item for item in FACTS if item not in items]
        assert not left or line.endswith("…")
        assert all(len(line) + len("  ") + len(item) > width for item in left), "there is room for none of the others"


def test_what_the_first_do_not_need_the_last_has() -> None:
    assert drawn(40, 3, ["1 version"], [TEXT]) == [
        "1 version",
        "Scores every card payment within 40 ms,",
        "and more than that is too late for the…",
    ]


def test_how_to_read_the_rest_is_said_where_there_is_room() -> None:
    clamp = LineClamp([[Content("1 version")], [Content(TEXT)]], 2, "i shows all of it")
    assert clamp._drawn(60).plain.split("\n")[1] == "Scores every card payment within 40 ms, a… i shows all of it"
    assert clamp._drawn(30).plain.split("\n")[1] == "Scores every card payment…"
    assert clamp._drawn(120).plain.split("\n")[1] == TEXT


def test_there_may_be_nothing() -> None:
    assert drawn(40, 3, [], [""]) == [""]
