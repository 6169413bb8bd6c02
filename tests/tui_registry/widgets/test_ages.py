"""Times as people read and write them."""

import time
from collections.abc import Iterator

import pytest

from tui_registry.queries.search_syntax import parse_moment
from tui_registry.widgets.ages import moment, span

NOW = 1_800_000_000.0  # seconds since the epoch


@pytest.mark.parametrize(
    ("typed", "seconds"), [("0m", 0), ("30m", 1800), ("12h", 43_200), ("7d", 604_800), ("2w", 1_209_600)]
)
def test_so_long_before_now(typed: str, seconds: int) -> None:
    assert parse_moment(typed, NOW) == (NOW - seconds) * 1000


def test_days_and_times() -> None:
    assert parse_moment("2026-11-01T12:00:00+00:00", NOW) == 1_793_534_400_000
    assert parse_moment("2026-11-01", NOW) is not None
    assert parse_moment("99999w", NOW) == 0


@pytest.mark.parametrize("typed", ["", "d", "7", "7 d", "-7d", "1.5h", "7D", "7months", "2026-13-01", "yesterday"])
def test_what_is_no_time(typed: str) -> None:
    assert parse_moment(typed, NOW) is None


def test_the_first_day_of_all_is_no_failure() -> None:
    assert parse_moment("0001-01-01", NOW) in {0, None}


def test_a_moment_that_no_calendar_has_is_shown_all_the_same() -> None:
    assert moment(2**63 - 1) == "?"
    assert moment(0).startswith(("1970-01-01", "1969-12-31"))


@pytest.fixture
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("zone", "january", "july"),
    [
        ("UTC", "2027-01-15 08:00 UTC", "2027-07-15 08:00 UTC"),
        ("Europe/Berlin", "2027-01-15 09:00 +01:00", "2027-07-15 10:00 +02:00"),
        ("America/St_Johns", "2027-01-15 04:30 -03:30", "2027-07-15 05:30 -02:30"),
    ],
    indirect=["zone"],
)
def test_a_moment_names_its_time_zone(zone: None, january: str, july: str) -> None:
    assert moment(1_800_000_000_000) == january
    assert moment(1_815_638_400_000) == july
    assert span(1_800_000_000_000, 1_815_638_400_000) == "2027-01-15 – 2027-07-15"
