"""The documentation tells the truth about itself: its links lead somewhere, its generated tables are up to date."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.readme_tables import COMMAND, ROOT, TABLES, Table

DOCUMENTS = sorted(
    {
        *(ROOT / name for name in ("README.md", "CHANGELOG.md")),
        *(ROOT / ".github").glob("*.md"),
        *(ROOT / "server").rglob("*.md"),
        *(ROOT / "tui_registry").glob("*.md"),
        *(ROOT / "tests").rglob("*.md"),
    }
)
REQUIRED = {
    "README.md",
    "CHANGELOG.md",
    ".github/CONTRIBUTING.md",
    ".github/SECURITY.md",
    "server/README.md",
    "tui_registry/README.md",
    "tests/README.md",
}
MAX_README_BYTES = 8 * 1024
OURS = re.compile(r"(?:tests|server|tui_registry|screenshots|\.ci|\.github)/[\w./-]+")
"""What looks like the path of a file of this repository."""


def name(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


def broken_links(document: Path) -> list[str]:
    """Links and pictures that lead to no file or no heading, and paths in code that are not there."""
    broken = []
    for token in _inline(document):
        target = token.attrs.get("href") or token.attrs.get("src")
        if token.type == "code_inline":
            if OURS.fullmatch(token.content) and not (ROOT / token.content).exists():
                broken.append(token.content)
        elif isinstance(target, str) and not re.match(r"(https?|mailto):", target):
            path, _, anchor = target.partition("#")
            file = (document.parent / path).resolve() if path else document
            if not file.exists() or (anchor and anchor not in _anchors(file)):
                broken.append(target)
    return broken


def _inline(document: Path) -> Iterator[Token]:
    for block in _parsed(document):
        yield from block.children or ()


def _anchors(document: Path) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    anchors: set[str] = set()
    blocks = _parsed(document)
    for heading, title in pairwise(blocks):
        if heading.type == "heading_open":
            text = "".join(child.content for child in title.children or ())
            slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            count = 0
            while (anchor := f"{slug}-{count}" if count else slug) in anchors:
                count += 1
            anchors.add(anchor)
    return anchors


def _parsed(document: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(document.read_text(encoding="utf-8"))


def test_the_documents_are_there() -> None:
    assert {name(document) for document in DOCUMENTS} >= REQUIRED


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_link_and_picture_is_there(document: Path) -> None:
    assert broken_links(document) == []


def test_broken_links_are_found(tmp_path: Path) -> None:
    document = tmp_path / "DOCUMENT.md"
    document.write_text(
        "# One, `two` & three!\n\n# Again\n\n# Again\n\n"
        "[a](#one-two--three) [b](#again-1) [c](DOCUMENT.md#again) [d](https://example.com) `tests/conftest.py`\n\n"
        "[e](#again-2) [f](DOCUMENT.md#two) [g](nowhere.md) ![h](nowhere.png) `tests/nowhere.py`\n\n"
        "| [i](nowhere) |\n|---|\n| [j](#nowhere) |\n"
    )
    assert broken_links(document) == [
        *("#again-2", "DOCUMENT.md#two", "nowhere.md", "nowhere.png", "tests/nowhere.py", "nowhere", "#nowhere")
    ]


def test_the_readme_is_short() -> None:
    assert (ROOT / "README.md").stat().st_size <= MAX_README_BYTES


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_generated_tables_are_up_to_date(table: Table) -> None:
    text = (ROOT / table.readme).read_text(encoding="utf-8")
    assert table.write_into(text) == text, f"run {COMMAND}"


def test_no_table_is_left_behind() -> None:
    """Whoever renames a table renames its markers."""
    marked = {
        (name(document), found)
        for document in DOCUMENTS
        for found in re.findall(rf"<!-- (\S+): written by {COMMAND} -->", document.read_text(encoding="utf-8"))
    }
    assert marked == {(table.readme, table.name) for table in TABLES}
