"""Which columns of a table fit, and how wide each is."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tui_registry.widgets.columns import GAP_CELLS, Column, Needed, lay_out

TITLES = ("A", "STAGE", "REQUESTED BY", "DESCRIPTION")
COLUMNS = st.lists(
    st.builds(
        Column,
        st.sampled_from(TITLES),
        st.integers(1, 30),
        priority=st.integers(0, 4),
        grow=st.integers(0, 4),
        max_width=st.integers(5, 60),
        least=st.integers(0, 20),
        short_title=st.sampled_from(["", "S"]),
    ),
    min_size=1,
    max_size=8,
)
CONTENTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 300)), min_size=8, max_size=8)


def needs(columns: list[Column], contents: list[tuple[int, int]]) -> dict[int, Needed]:
    found = {}
    for index, (column, (typical, more)) in enumerate(zip(columns, contents, strict=False)):
        short = len(column.short_title or column.title)
        found[index] = Needed(max(typical, short), max(typical + more, short), len(column.title))
    return found


@settings(max_examples=300, deadline=None)
@given(COLUMNS, CONTENTS, st.integers(1, 260))
def test_more_room_never_has_fewer_columns(columns: list[Column], contents: list[tuple[int, int]], room: int) -> None:
    needed = needs(columns, contents)
    narrow, wide = (lay_out(list(enumerate(columns)), needed, each) for each in (room, room + 1))
    assert {index for index, _ in narrow} <= {index for index, _ in wide}
    for laid_out, cells in ((narrow, room), (wide, room + 1)):
        assert sum(width for _, width in laid_out) + GAP_CELLS * (len(laid_out) - 1) <= cells
        assert laid_out


INBOX = (
    Column("MODEL", 16, grow=3, max_width=48),
    Column("TRANSITION", 21),
    Column("REQUESTED BY", 12, grow=2, max_width=28, short_title="BY"),
    Column("DISPLACES", 6, short_title="DISPL."),
    Column("COMMENT", 24, priority=3, grow=4),
)
NEEDED = {0: Needed(19, 40), 1: Needed(20, 20), 2: Needed(13, 14), 3: Needed(6, 6), 4: Needed(150, 200)}
TITLED = {
    index: Needed(each.typical, each.most, len(INBOX[index].title))
    for index, each in ((index, NEEDED[index]) for index in NEEDED)
}


def test_titles_are_short_before_what_tells_most_is_cut() -> None:
    assert lay_out(list(enumerate(INBOX)), TITLED, 69) == [(0, 20), (1, 20), (2, 14), (3, 9)]
    assert lay_out(list(enumerate(INBOX)), TITLED, 66) == [(0, 20), (1, 20), (2, 14), (3, 6)]


def test_texts_make_room_for_names_but_not_for_what_they_must_show() -> None:
    given_columns = (Column("NAME", 20, grow=1), Column("DETAILS", 16, priority=1, grow=1, least=13))
    needed = {0: Needed(40, 40), 1: Needed(100, 100)}
    assert lay_out(list(enumerate(given_columns)), needed, 45) == [(0, 30), (1, 13)]


def test_a_transition_is_not_cut_where_a_name_can_be() -> None:
    assert dict(lay_out(list(enumerate(INBOX)), TITLED, 56))[1] == 20
