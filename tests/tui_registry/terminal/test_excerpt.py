"""What is cut from lines that have no room, and what is still seen of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_registry.terminal.excerpt import Part, clip_around, clip_middle, differing

OLD = "s3://fraud-ml-artifacts/338/76c4c5eb2d8b69288a5bd72e1279ba47/artifacts/model"
NEW = "s3://fraud-ml-artifacts/338/f7b40af9e24cf3532ef69623c895f14a/artifacts/model"
LINES = st.text(st.sampled_from("ab/-. 需é"), max_size=60)


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (76, (OLD, NEW)),
        (
            50,
            (
                "…/76c4c5eb2d8b69288a5bd72e1279ba47/artifacts/model",
                "…/f7b40af9e24cf3532ef69623c895f14a/artifacts/model",
            ),
        ),
        (40, ("…/338/76c4c5eb2d8b69288a5bd72e1279ba47/…", "…/338/f7b40af9e24cf3532ef69623c895f14a/…")),
        (30, ("…76c4c5eb2d8b69288a5bd72e1279…", "…f7b40af9e24cf3532ef69623c895…")),
        (10, ("…76c4c5eb…", "…f7b40af9…")),
    ],
)
def test_what_differs_is_seen_of_two_lines(width: int, shown: tuple[str, str]) -> None:
    found = [
        clip_around(text, width, part).rstrip() for text, part in zip((OLD, NEW), differing(OLD, NEW), strict=True)
    ]
    assert tuple(found) == shown


@pytest.mark.parametrize(
    ("one", "other", "parts"),
    [
        ("run 1", "run 2", ("1", "2")),
        ("model-10", "model-12", ("10", "12")),
        ("a/b/c", "a/b", ("b/c", "b")),
        ("", "", ("", "")),
        ("", "x", ("", "x")),
        ("month of may", "month of march", ("may", "march")),
    ],
)
def test_the_words_that_differ_are_found(one: str, other: str, parts: tuple[str, str]) -> None:
    found = differing(one, other)
    assert (one[slice(*found[0])], other[slice(*found[1])]) == parts


@given(LINES, LINES, st.integers(0, 80))
def test_lines_fill_their_width_and_differ_where_they_can(one: str, other: str, width: int) -> None:
    parts = differing(one, other)
    shown = [clip_around(text, width, part) for text, part in zip((one, other), parts, strict=True)]
    assert all(cell_len(each) == width for each in (*shown, clip_middle(one, width)))
    for text, part, seen in zip((one, other), parts, shown, strict=True):
        assert text[part.start : part.end] in seen or cell_len(text[part.start : part.end]) > width - 2


def test_names_are_cut_in_their_middle() -> None:
    assert clip_middle("mlflow.source.git.repoURL", 25) == "mlflow.source.git.repoURL"
    assert clip_middle("mlflow.source.git.repoURL", 20) == "mlflow.sourc…repoURL"
    assert clip_middle("demand-forecast-eu", 7) == "demand…"
    assert clip_around("short", 8, Part(2, 3)) == "short   "
    assert clip_around("0.7717", 6, Part(2, 6)) == "0.7717"
