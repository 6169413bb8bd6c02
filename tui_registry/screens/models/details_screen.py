"""The details of one model or version: a list of facts, and the full text of the one under the cursor."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from markdown_it import MarkdownIt
from textual import on
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Markdown, Static

from tui_registry.mutations.subject import Subject
from tui_registry.queries.prompts import besides_text, is_prompt, readable
from tui_registry.screens.models.edit_actions import EditActions
from tui_registry.session.messages import LivenessChanged
from tui_registry.terminal.sanitize import LONGEST, lines, one_line, plain
from tui_registry.widgets.row import Span
from tui_registry.widgets.table import Column, Row, Table
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.tag import Tag

WIDE_MARKDOWN_TABLE = re.compile(r"^.*\|.*[^\s|]{60}|(\|[^|\n]*){10}", re.MULTILINE)
"""Tables too wide for the screen: Textual overflows columns that have no cell left."""

DialogAction = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One row of the details.

    key: unique among the rows. label, value: the two columns. full_text: displayed beside the list; the value, if None.
    markdown: whether the full text is Markdown. style: the value's Rich style; spans: those of parts of it.
    open, edit, delete: what Enter, e and D do, each None if unavailable.
    """

    key: str
    label: str
    value: str
    full_text: str | None = None
    markdown: bool = False
    style: str = ""
    spans: tuple[Span, ...] = ()
    open: Callable[[], None] | None = None
    edit: DialogAction | None = None
    delete: DialogAction | None = None


def prompt_facts(version: ModelVersion) -> list[Fact]:
    """The text of a version of a prompt, and what else it prescribes; empty for that of a model."""
    if not is_prompt(version.tags):
        return []
    return [
        Fact(key="text", label=f"text of {version.version}", value=readable(version)),
        *(Fact(key=label, label=label, value=value) for label, value in besides_text(version).items()),
    ]


class DetailsScreen(EditActions):
    """Subclasses define ``read_facts``."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (Column("", 13, max_width=20), Column("", 20, grow=1))

    def __init__(self, *breadcrumbs: str) -> None:
        super().__init__(*breadcrumbs)
        self._breadcrumbs = breadcrumbs
        self.table = Table(self.COLUMNS, empty="Loading…", id="facts", show_titles=False)
        self._text = Static("", markup=False, id="text")
        self._markdown = Markdown(id="markdown", open_links=False, parser_factory=self._parser)
        self.facts: dict[str, Fact] = {}
        self._rendered_markdown: str | None = None

    def description_fact(self, subject: Subject, description: str, *, can_edit: bool) -> Fact:
        """The description, editable if ``can_edit``."""
        first = next(
            (line for line in lines(plain(description[: 2 * LONGEST])) if line.strip()),
            "none (press e to add one)" if can_edit else "none",
        )
        label = self.description_label(subject).casefold()
        return Fact(
            key="description",
            label=label,
            value=first,
            full_text=description or f"No {label}.",
            markdown=True,
            edit=partial(self._edit_description, subject, description) if can_edit else None,
        )

    def tag_fact(self, subject: Subject, tag: Tag, *, can_edit: bool) -> Fact:
        """A tag, editable and removable if ``can_edit``."""
        return Fact(
            key=f"tag {tag.key}",
            label="tag",
            value=f"{tag.key} = {tag.value}",
            edit=partial(self.set_tag, subject, tag.key, tag.value) if can_edit else None,
            delete=partial(self.remove_tag, subject, tag.key, tag.value) if can_edit else None,
        )

    def _parser(self) -> MarkdownIt:
        parser = MarkdownIt("gfm-like")
        return parser.disable("table") if WIDE_MARKDOWN_TABLE.search(self._rendered_markdown or "") else parser

    async def read_facts(self) -> Sequence[Fact]:
        """Read the facts from the server."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield self.header
        with Container(id="body"):
            yield self.table
            with VerticalScroll(id="full-text", can_focus=False):
                yield self._text
                yield self._markdown
        yield self.bar

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.table)

    async def load(self) -> None:
        facts = await self.read_facts()
        if self.noun == "prompt":
            self.header.show_breadcrumbs("Prompts", *self._breadcrumbs[1:])
        self.facts = {fact.key: fact for fact in facts}
        self.table.show(
            [
                Row(each.key, ((each.label, "dim"), (one_line(each.value, 500), each.style)), spans=each.spans)
                for each in facts
            ]
        )
        self.show_full_text()

    def show_problem(self, problem: str) -> None:
        if not self.facts:
            self.table.show([], empty=problem)

    @property
    def fact(self) -> Fact | None:
        """The fact under the cursor."""
        return self.facts.get(self.table.cursor_key or "")

    def is_live(self, action: str) -> bool:
        fact = self.fact
        if action == "open":
            return fact is not None and fact.open is not None
        if action == "edit":
            return fact is not None and fact.edit is not None
        if action == "delete":
            return fact is not None and fact.delete is not None
        return True

    def action_open(self) -> None:
        if self.fact is not None and self.fact.open is not None:
            self.fact.open()

    def action_edit(self) -> None:
        if self.fact is not None and self.fact.edit is not None:
            self.console_app.mutations.prepare(self.fact.edit)

    def action_delete(self) -> None:
        if self.fact is not None and self.fact.delete is not None:
            self.console_app.mutations.prepare(self.fact.delete)

    def action_back(self) -> None:
        self.app.pop_screen()

    def action_read_on(self, by: int) -> None:
        panel = self.query_one("#full-text")
        panel.scroll_relative(y=by * max(1, panel.size.height // 2), animate=False)

    @on(Table.Opened)
    def _opened(self) -> None:
        self.action_open()

    @on(Table.Highlighted)
    def _highlighted(self) -> None:
        self.show_full_text()
        self.post_message(LivenessChanged())

    def show_full_text(self) -> None:
        """Display the full text of the fact under the cursor."""
        fact = self.fact
        full_text = "" if fact is None else fact.value if fact.full_text is None else fact.full_text
        is_markdown = fact is not None and fact.markdown
        self._text.display, self._markdown.display = not is_markdown, is_markdown
        text = "\n".join(lines(full_text))
        if is_markdown and text != self._rendered_markdown:
            self._rendered_markdown = text
            self._markdown.update(text.replace("![", "["))  # an image would be drawn as a character of ambiguous width
        elif not is_markdown:
            self._text.update(Content(text))
        self.query_one("#full-text").scroll_home(animate=False)
