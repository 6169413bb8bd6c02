"""Times as people read and write them."""

import pytest

from tui_registry.ages import duration, moment


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("90s", 90), ("30m", 1800), ("12h", 43_200), ("7d", 604_800), ("2w", 1_209_600), ("1y", 31_536_000)],
)
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert duration(text) == seconds * 1000


@pytest.mark.parametrize("text", ["", "d", "7", "7 d", "-7d", "1.5h", "7D", "7months", "9999999d", "٧d7", "²d"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time such as"):
        duration(text)


def test_a_moment_that_no_calendar_has_is_shown_all_the_same() -> None:
    assert moment(2**63 - 1) == "?"
    assert moment(0).startswith(("1970-01-01", "1969-12-31"))
