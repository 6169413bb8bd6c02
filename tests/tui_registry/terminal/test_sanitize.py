"""Nothing harmful passes the sanitizer, however it is written, and what is clipped fills its cells exactly."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_registry.terminal.sanitize import BLANK, LONGEST, MARKS, clip, lines, one_line, plain, summary, visible

HARMFUL = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Categories that control the terminal, hide, reverse, or cannot be drawn."""

NASTY = st.text(
    st.one_of(
        st.characters(codec=None, exclude_categories=()),
        st.sampled_from("\x00\x07\x08\t\n\r\x1b\x7f\x85\x9b\u00ad\u200b\u200d\u200e\u202e\u2028\u2066\ufeff\ufe0f"),
        st.sampled_from("é\u0301\u0489\u20dd漢한ﷺ𒐫👩🏽🇩🇪\u3164\u115f\U000e0041\ue000\ufffe\ud800"),
    ),
    max_size=200,
)


def categories(text: str) -> set[str]:
    return {unicodedata.category(character) for character in text}


@given(NASTY)
def test_nothing_harmful_passes(text: str) -> None:
    assert not categories(one_line(text)) & HARMFUL
    for line in lines(text):
        assert not categories(line) & HARMFUL


@given(NASTY)
def test_what_passed_can_be_sent_to_a_terminal(text: str) -> None:
    one_line(text).encode()


@given(NASTY)
def test_letters_do_not_carry_towers_of_marks(text: str) -> None:
    tower = 0
    for character in one_line(text):
        tower = tower + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        assert tower <= MARKS


def test_towers_cannot_be_joined_by_what_is_not_seen() -> None:
    assert one_line("a" + ("\u0301\u0302\u200d" * 50)).count("\u0302") <= 1


@given(NASTY, st.integers(0, 120))
def test_clipped_text_fills_its_cells_exactly(text: str, width: int) -> None:
    assert cell_len(clip(one_line(text), width)) == width


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)).map(str.strip))
def test_plain_text_passes_as_it_is(text: str) -> None:
    assert one_line(text) == text


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a\tb\nc\r\nd", "a b c d"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("pay\u202eelddim", "payelddim"),
        ("ch\u200burn", "churn"),
        ("需要予測-関東", "需要予測-関東"),
        ("Kreditwu\u0308rdigkeit", "Kreditwürdigkeit"),
        ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
        ("السلام", "السلام"),
    ],
)
def test_text_is_shown_as(written: str, shown: str) -> None:
    assert one_line(written) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("trail", "trail"),
        ("trail ", "trail␣"),
        ("  trail", "␣␣trail"),
        ("a b", "a b"),
        ("a  b", "a␣␣b"),
        ("a\u00a0b", "a␣b"),
        ("a\u3000b", "a␣b"),
        ("a\u200bb\ufeff", "a␣b␣"),
        ("a\tb\n", "a␣b␣"),
        ("a\u3164", "a␣"),
        ("\u2800", "␣"),
        ("a\u200db", "a␣b"),
        ("\u202eab", "␣ab"),
        ("a\u00adb", "a␣b"),
        ("a\ufe0fb", "a␣b"),
        ("\U0001f44d\U0001f3fd", "\U0001f44d␣"),
        ("\x1b[1m", "\ufffd[1m"),
    ],
)
def test_blanks_of_a_name_can_be_seen(name: str, shown: str) -> None:
    assert visible(name) == shown
    assert visible(visible(name)) == shown, "as often as it passes"


@given(NASTY)
def test_a_name_is_as_harmless_as_a_text(text: str) -> None:
    assert not categories(visible(text)) & HARMFUL
    assert BLANK in visible(f"{text[:50]} ")


@pytest.mark.parametrize("character", ["a", "\n", "漢", "\x1b", "\u0301", "\u202e", "👩\u200d"])
def test_long_text_is_cut(character: str) -> None:
    text = character * LONGEST * 2
    assert sum(map(len, lines(text))) <= LONGEST + 1
    assert lines(text)[-1].endswith("…")
    assert cell_len(clip(one_line(text), 40)) == 40


def test_a_summary_is_one_line_without_the_marks_of_headings() -> None:
    assert (
        summary("\n# Card fraud\n\n## Owners\n#1 of 3: not a heading", 100)
        == "Card fraud  Owners #1 of 3: not a heading"
    )
    assert summary("# " + "a" * 50, 10) == "a" * 10 + "…"
    assert summary("##", 10) == ""


@pytest.mark.parametrize(
    ("markdown", "shown"),
    {
        "recall **0.7807**, see `labels.sql`": "recall 0.7807, see labels.sql",
        "Over.\n| | v13 | v14 |\n|---|---|:-:|\n| recall | 0.77 | **0.78** |": "Over. v13 · v14  recall · 0.77 · 0.78",
        "| a | b |\n| --- | --- |\n| 1 | 2 is cut": "a · b  1 · 2 is cut",
        'See [the runbook](https://wiki.example.com/a_b "Run") and ![a plot](p.png).': "See the runbook and a plot.",
        "Fails:\n```python\nraise KeyError\n```\n> *not* ~~now~~": "Fails: raise KeyError not now",
        "a_b_c, __init__.py, 2*3*4, f(*a, *b), [x] (y)": "a_b_c, __init__.py, 2*3*4, f(*a, *b), [x] (y)",
        "before\n---\nafter": "before  after",
        "2 ** 3 ** 4, a * b, x|y, --- and `": "2 ** 3 ** 4, a * b, x|y, --- and `",
        "**\x1b[31mred**": "\ufffd[31mred",
        "**" * 500: "**" * 50 + "…",
    }.items(),
)
def test_a_summary_has_no_marks_of_tables_code_and_emphasis(markdown: str, shown: str) -> None:
    assert summary(markdown, 100) == shown


def test_lines_stay_lines() -> None:
    assert lines("one\ntwo\r\n\nfour\u2028five") == ["one", "two", "", "four", "five"]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "start",
    ["[", "![", "[a](", '[a](b "', "|" + " " * 99_999, "**a ", "`a", "~~a ", "*a ", "| - ", "```", "#", ">", "---"],
)
def test_no_text_takes_long(start: str) -> None:
    """As long as the server takes it: whoever asks for a transition writes it, and whoever decides has it drawn."""
    text = (start * (100_000 // len(start)))[:99_999] + "x"
    assert plain(text).count("x") <= 1
