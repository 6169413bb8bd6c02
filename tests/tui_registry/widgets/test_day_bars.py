"""A bar chart in characters."""

from datetime import date, timedelta

from tui_registry.widgets.day_bars import bars

FIRST = date(2026, 11, 13)


def drawn(counts: list[int], width: int, height: int) -> list[str]:
    days = [(FIRST + timedelta(days=number), count) for number, count in enumerate(counts)]
    return [line.rstrip() for line in str(bars(days, width, height)).split("\n")]


def test_numbers_are_above_their_bars_and_dates_below() -> None:
    assert drawn([0, 1, 8, 4], 20, 7) == [
        "Stage transitions per day: 13 in the last 4 days",
        "           8",
        "          ████",
        "          ████  4",
        "      1   ████ ████",
        " 0   ▄▄▄▄ ████ ████",
        " 13   14   15   16",
    ]


def test_days_without_anything_have_no_bars() -> None:
    assert drawn([0, 0], 40, 5)[1:] == ["", "", "   0        0", " Nov 13   Nov 14"]


def test_it_fits() -> None:
    """The newest days remain where there is no room for all, and large numbers are short."""
    for width in range(60):
        for height in range(14):
            lines = drawn([5, 12_345, 0, 10_000], width, height)
            assert len(lines) <= max(1, height)
            assert max(map(len, lines[1:]), default=0) <= width
    assert drawn([1, 2, 3], 8, 9)[-1] == "14  15"
    assert drawn([1, 2, 3], 8, 9)[0] == "Stage transitions per day: 5 in the last 2 days", "those that are shown"
    assert "12k" in "".join(drawn([12_345], 4, 9))
