"""The driver for slow lines: whatever it leaves out, a terminal shows the same as if everything had been sent."""

import pyte
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tui_registry.samples import Samples
from tests.tui_registry.terminal_process import terminal
from tui_registry.terminal.diff_driver import TerminalMemory

COLUMNS, LINES = 24, 6
STYLES = ("0", "1;31", "2;39;49", "7;34;49", "38;2;1;2;3", "1;7;32;44")
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a loaded machine
CHARACTERS = "ab  –▎●é漢字🙂"


@st.composite
def drawn(draw: st.DrawFn) -> str:
    """A line's piece as Textual draws it: where, in which styles, and which characters, none beyond the edge."""
    row, column = draw(st.integers(1, LINES)), draw(st.integers(1, COLUMNS))
    parts, left = [f"\x1b[{row};{column}H"], COLUMNS - column + 1
    for style, text in draw(st.lists(st.tuples(st.sampled_from(STYLES), st.text(CHARACTERS, max_size=12)), max_size=3)):
        fitting = ""
        for character in text:
            width = 2 if character in "漢字🙂" else 1
            if left - width < 0:
                break
            left -= width
            fitting += character
        parts.append(f"\x1b[{style}m{fitting}\x1b[0m")
    return "".join(parts)


OTHERS = st.sampled_from(
    [
        "\x1b[2J",
        "\x1b[H",
        "\x1b[?2026h",
        "\x1b[?25l",
        "\x1b[1;1H\r\nnext",
        "\x1b[3;1H\x1b[K",
        "\x07",
        "\x1b]22;text\x07",
    ]
)


def shown(screen: pyte.Screen) -> list[list[pyte.screens.Char]]:
    return [[screen.buffer[line][column] for column in range(COLUMNS)] for line in range(LINES)]


@UNHURRIED
@given(writes=st.lists(st.lists(st.one_of(drawn(), drawn(), drawn(), OTHERS), max_size=6).map("".join), max_size=8))
def test_a_terminal_shows_the_same(writes: list[str]) -> None:
    a_terminal_shows_the_same(writes)


def a_terminal_shows_the_same(writes: list[str]) -> None:
    memory = TerminalMemory(COLUMNS, LINES)
    whole, spared = pyte.Screen(COLUMNS, LINES), pyte.Screen(COLUMNS, LINES)
    streams = pyte.Stream(whole), pyte.Stream(spared)
    for screen in (whole, spared):
        screen.reset_mode(pyte.modes.DECAWM)  # Textual turns wrapping off
    for write in writes:
        streams[0].feed(write)
        streams[1].feed(memory.reduce(write))
        assert shown(whole) == shown(spared)


@st.composite
def scrolled(draw: st.DrawFn) -> list[str]:
    """Frames of a list whose cursor moves, in part of the columns, and of what else is on the screen."""
    texts = draw(st.lists(st.text("ab–漢" if draw(st.booleans()) else "ab–", max_size=5), min_size=LINES, max_size=12))
    width, height = draw(st.sampled_from([8, COLUMNS])), draw(st.integers(4, LINES))
    beside = draw(st.lists(drawn(), max_size=3)) if draw(st.booleans()) else []
    blank = [f"\x1b[{line};1H\x1b[0;49m{' ' * COLUMNS}" for line in range(1, LINES + 1)]
    frames = ["".join(blank[: draw(st.sampled_from([2, LINES]))] + beside)]
    offset = cursor = 0
    for step in draw(st.lists(st.sampled_from([1, 1, 1, -1, -1, 2, -5]), min_size=2, max_size=12)):
        cursor = min(max(cursor + step, 0), len(texts) - 1)
        offset = min(max(offset, cursor - height + 1), cursor)
        rows = []
        for line, text in enumerate(texts[offset : offset + height]):
            style = "7;34;49" if offset + line == cursor else "0;39;49"
            padded = text + " " * (width - len(text) - text.count("漢"))
            rows.append(f"\x1b[{line + 1};1H\x1b[{style}m{padded}\x1b[0m")
        frames.append("".join([*rows, *([draw(drawn())] if draw(st.booleans()) else [])]))
    return frames


@settings(UNHURRIED, max_examples=60)
@given(frames=scrolled())
def test_a_terminal_shows_the_same_list_where_it_scrolls(frames: list[str]) -> None:
    a_terminal_shows_the_same(frames)


def test_a_list_that_moves_by_a_row_is_scrolled_by_the_terminal() -> None:
    memory = TerminalMemory(len("model-00000000"), 24)
    names = [f"model-{number * 7919:08}" for number in range(20)]

    def frame(offset: int) -> str:
        shown = enumerate(names[offset : offset + 8], 2)
        return "".join(f"\x1b[{line};1H\x1b[39;49m{name}\x1b[0m" for line, name in shown)

    memory.reduce(frame(0))
    assert names[8] in (sent := memory.reduce(frame(1)))
    assert not any(name[-4:] in sent for name in names[:8])
    assert len(memory.reduce(frame(0))) < 60


def test_rows_that_are_known_in_part_are_not_scrolled() -> None:
    """Else what is beside them would move with them."""
    beside = [f"\x1b[{line};9H\x1b[39;49mbeside {line}\x1b[0m" for line in range(1, LINES + 1)]
    a_terminal_shows_the_same([*beside, "\x1b[?1049h"[:0], *(_rows(offset) for offset in range(3))])
    memory = TerminalMemory(COLUMNS, LINES)
    for line in beside:
        memory.reduce(line)
    memory.forget()
    memory.reduce(_rows(0))
    assert "\n" not in memory.reduce(_rows(1))


def _rows(offset: int) -> str:
    return "".join(f"\x1b[{line + 1};1H\x1b[39;49mrow {line + offset:03}\x1b[0m" for line in range(LINES))


def test_what_is_there_already_is_not_sent() -> None:
    memory = TerminalMemory(80, 24)
    line = "\x1b[2;1H\x1b[1;31mname\x1b[0m\x1b[39m   1   \x1b[0m"
    assert memory.reduce(line) == "\x1b[2;1H\x1b[1;31mname\x1b[0;39m   1   \x1b[0m"
    assert memory.reduce(line) == ""
    pointer = "\x1b]22;default\x07"  # Textual sets the mouse pointer's shape when a screen is shown
    assert memory.reduce(pointer + line) == pointer
    assert "2" in memory.reduce(line.replace("1   ", "2   "))
    assert "name" not in memory.reduce(line.replace("1   ", "3   "))
    memory.forget()
    assert "name" in memory.reduce(line)


def test_over_ssh_everything_is_seen_and_resized_and_redrawn(samples: Samples) -> None:
    """In a real terminal, with what another program writes over it."""
    model = samples.pending("churn")
    variables = {"TUI_REGISTRY_URL": samples.url, "TUI_REGISTRY_TOKEN": samples.token, "SSH_TTY": "/dev/pts/0"}
    with terminal(variables=variables) as seen:
        seen.shows(model, "None → Staging", "● live")
        seen.press("2")
        seen.shows("Models (1)", model)
        seen.press("1", "?")
        seen.shows("Keyboard shortcuts")
        seen.press("escape")
        seen.until(lambda: "What the keys" not in seen.text, "the help is gone")
        seen.shows(model, "None → Staging")
        seen.resize(100, 30)
        seen.shows(model, "None → Staging", "? help")
        seen.write_over("Broadcast message from root: going down")
        assert "Broadcast" in seen.text
        seen.press("f5")
        seen.until(lambda: "Broadcast" not in seen.text, "what was written over it is gone")
        seen.shows(model, "None → Staging", "? help")
        seen.press("q")
        assert seen.ends() == 0
