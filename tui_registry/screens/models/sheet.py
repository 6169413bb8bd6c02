"""Everything about one thing: a list of facts, and beside it the whole text of the one under the cursor."""

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
from tui_registry.screens.models.editing import EditingPlace
from tui_registry.session.messages import LivenessChanged
from tui_registry.terminal.sanitize import lines, one_line
from tui_registry.widgets.table import Column, Row, Table
from tui_registry_server.wire.tag import Tag

TOO_WIDE = re.compile(r"^.*\|.*[^\s|]{60}|(\|[^|\n]*){10}", re.MULTILINE)
"""Tables with columns for which no cell is left; Textual draws their lines longer than they are."""

Deed = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of a sheet.

    key: unlike that of any other. label, value: its two columns. whole: what is shown beside; the value, if None.
    markdown: whether that is Markdown. style: of the value, in rich's words.
    open, edit, delete: what Enter, e and D do with it, each None if it does nothing.
    """

    key: str
    label: str
    value: str
    whole: str | None = None
    markdown: bool = False
    style: str = ""
    open: Callable[[], None] | None = None
    edit: Deed | None = None
    delete: Deed | None = None


class Sheet(EditingPlace):
    """Subclasses say ``read_facts``."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (Column("", 13, max_width=20), Column("", 20, grow=1))

    def __init__(self, *trail: str) -> None:
        super().__init__(*trail)
        self.table = Table(self.COLUMNS, empty="Loading…", id="facts", show_titles=False)
        self._text = Static("", markup=False, id="text")
        self._markdown = Markdown(id="markdown", open_links=False, parser_factory=self._parser)
        self.facts: dict[str, Fact] = {}
        self._shown: str | None = None

    def description_fact(self, subject: Subject, description: str, *, mine: bool) -> Fact:
        """The description, which may be edited if it is ``mine`` to."""
        first = next((line for line in lines(description) if line.strip()), "none: e writes one" if mine else "none")
        return Fact(
            key="description",
            label="description",
            value=first,
            whole=description or "There is no description.",
            markdown=True,
            edit=partial(self._describe, subject, description) if mine else None,
        )

    def tag_fact(self, subject: Subject, tag: Tag, *, mine: bool) -> Fact:
        """A tag, which may be changed and removed if it is ``mine`` to."""
        return Fact(
            key=f"tag {tag.key}",
            label="tag",
            value=f"{tag.key} = {tag.value}",
            edit=partial(self.set_tag, subject, tag.key, tag.value) if mine else None,
            delete=partial(self.remove_tag, subject, tag.key, tag.value) if mine else None,
        )

    def _parser(self) -> MarkdownIt:
        parser = MarkdownIt("gfm-like")
        return parser.disable("table") if TOO_WIDE.search(self._shown or "") else parser

    async def read_facts(self) -> Sequence[Fact]:
        """Ask the server for all of them."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield self.header
        with Container(id="body"):
            yield self.table
            with VerticalScroll(id="whole", can_focus=False):
                yield self._text
                yield self._markdown
        yield self.bar

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.table)

    async def load(self) -> None:
        facts = await self.read_facts()
        self.facts = {fact.key: fact for fact in facts}
        self.table.show(
            [Row(each.key, ((each.label, "dim"), (one_line(each.value, 500), each.style))) for each in facts]
        )
        self.show_whole()

    def show_problem(self, problem: str) -> None:
        if not self.facts:
            self.table.show([], empty=problem)

    @property
    def fact(self) -> Fact | None:
        """The one under the cursor."""
        return self.facts.get(self.table.cursor_key or "")

    def is_live(self, action: str) -> bool:
        fact = self.fact
        if action == "open":
            return fact is not None and fact.open is not None
        if action == "edit":
            return fact is not None and fact.edit is not None
        if action == "remove":
            return fact is not None and fact.delete is not None
        return True

    def action_open(self) -> None:
        if self.fact is not None and self.fact.open is not None:
            self.fact.open()

    def action_edit(self) -> None:
        if self.fact is not None and self.fact.edit is not None:
            self.console_app.mutations.prepare(self.fact.edit)

    def action_remove(self) -> None:
        if self.fact is not None and self.fact.delete is not None:
            self.console_app.mutations.prepare(self.fact.delete)

    def action_back(self) -> None:
        self.app.pop_screen()

    def action_read_on(self, by: int) -> None:
        whole = self.query_one("#whole")
        whole.scroll_relative(y=by * max(1, whole.size.height // 2), animate=False)

    @on(Table.Opened)
    def _opened(self) -> None:
        self.action_open()

    @on(Table.Highlighted)
    def _highlighted(self) -> None:
        self.show_whole()
        self.post_message(LivenessChanged())

    def show_whole(self) -> None:
        """Show all of the fact under the cursor."""
        fact = self.fact
        whole = "" if fact is None else fact.value if fact.whole is None else fact.whole
        is_markdown = fact is not None and fact.markdown
        self._text.display, self._markdown.display = not is_markdown, is_markdown
        shown = "\n".join(lines(whole))
        if is_markdown and shown != self._shown:
            self._shown = shown
            self._markdown.update(shown.replace("![", "["))  # the sign for an image is of no certain width
        elif not is_markdown:
            self._text.update(Content(shown))
        self.query_one("#whole").scroll_home(animate=False)
