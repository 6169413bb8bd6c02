"""A form with texts and choices, such as a name, a description, a level.

Enter moves to the next field and, on the last one, saves; ctrl+s saves from any field; Tab moves; Escape cancels, and
has to be pressed twice if input would be lost. ctrl+o opens a long text in the user's own editor.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, cast

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Offset
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from tui_registry.client.errors import CallError
from tui_registry.console import Console
from tui_registry.screens.dialogs.choose import Choice
from tui_registry.styles import DEFERRED_STYLES
from tui_registry.terminal import editor
from tui_registry.terminal.sanitize import lines, one_line
from tui_registry.widgets.hint import Hint
from tui_registry.widgets.table import Column, Row, Table

HIDDEN_CHARACTERS = "Some characters cannot be displayed in a terminal. They are lost if you edit this text."
MAX_SUGGESTIONS = 5
MAX_VISIBLE_CHOICES = 7
MAX_CHOICE_CELLS = 40  # of a choice's label
DEBOUNCE_SECONDS = 0.05  # after the last key, before suggestions are requested

Suggest = Callable[[str], Awaitable[Sequence[str]]]
"""Returns the completions of what is typed so far. May raise CallError: then there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One input of a form.

    value: the initial value. hint: the placeholder. long: a text of several lines. max_length: of a value, in
    characters. choices: the values to choose from.
    hidden: whether what is typed is not displayed, as a password. is_replaced: whether what is typed first replaces the
    initial value.
    suggest: completes what is typed; with ``suggested_only`` only completions are valid, and Enter takes the only one
    left. check: what is wrong with a value, empty if nothing.
    """

    name: str
    label: str
    value: str = ""
    hint: str = ""
    long: bool = False
    max_length: int | None = None
    required: bool = False
    choices: Sequence[Choice] = ()
    suggest: Suggest | None = None
    suggested_only: bool = False
    hidden: bool = False
    is_replaced: bool = False
    check: Callable[[str], str] | None = None


class LongText(TextArea):
    def scroll_cursor_visible(self, center: bool = False, animate: bool = False) -> Offset:
        """Undoing, Textual may scroll to the cursor before it has moved the cursor back into the shorter text, and then
        fails."""
        if self.cursor_location[0] >= self.document.line_count:
            return Offset()
        return super().scroll_cursor_visible(center, animate)


class Form(ModalScreen[dict[str, str] | None]):
    """Returns the values by the fields' names, or None."""

    CSS_PATH = DEFERRED_STYLES
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-lowest"), (24, "-low"), (34, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", show=False, priority=True),
        Binding("ctrl+o", "open_editor", show=False, priority=True),
        Binding("escape", "leave", show=False),
        Binding("down", "suggestion(1)", show=False, priority=True),
        Binding("up", "suggestion(-1)", show=False, priority=True),
    ]

    def __init__(
        self, title: str, fields: Sequence[Field], *, save: str = "Save", message: Content | None = None
    ) -> None:
        """``message`` is displayed above the fields."""
        super().__init__()
        self._title = title
        self._fields = tuple(fields)
        self._save = save
        self._message = message
        self._leave_requested = False
        self._displayed = {field.name: field.value if field.choices else editable(field.value) for field in fields}
        self._originals = {field.name: field.value for field in fields}
        self._has_hidden_characters = any(
            self._displayed[field.name] != field.value.replace("\r\n", "\n") for field in fields
        )
        self._completed: dict[str, str] = {}  # by field, what was typed when its completions were requested

    def compose(self) -> ComposeResult:
        with Vertical(id="form", classes="several" if len(self._fields) > 1 else ""):
            yield Static(Content(one_line(self._title)), id="title")
            with VerticalScroll(id="fields", can_focus=False):
                if self._message is not None:
                    yield Static(self._message, id="message")
                if self._has_hidden_characters:
                    yield Static(Content.styled(HIDDEN_CHARACTERS, "$text-warning"), id="warning")
                for field in self._fields:
                    yield Static(Content(field.label), classes="label")
                    yield from _field_widgets(field, self._displayed[field.name])
            yield Static("", id="error", markup=False)
            yield Hint(*self._hints)

    def on_mount(self) -> None:
        for field in self._fields:
            if field.choices:
                table = self.query_one(f"#{field.name}", Table)
                rows = [Row(each.value, ((each.label, "bold"), (one_line(each.help), "dim"))) for each in field.choices]
                table.show(rows)
                table.move_to(field.value)
            elif field.long:
                text = self.query_one(f"#{field.name}", TextArea)
                text.move_cursor(text.document.end)
        self.set_focus(self._widget(self._fields[0]))
        # Its label is above it, and the cursor of a table below has scrolled.
        self.call_after_refresh(lambda: self.query_one("#fields").scroll_home(animate=False))

    @property
    def _hints(self) -> tuple[str, str]:
        save = self._save.lower()
        edit = "ctrl+o editor" if self._long_field is not None and self.console_app.can_release_terminal else ""
        keys: tuple[str, ...]
        short: tuple[str, ...]
        if len(self._fields) > 1:
            keys = ("⏎ or tab next", f"ctrl+s {save}", edit, "esc close")
            short = ("tab next", f"ctrl+s {save}", "esc close")
        elif self._fields[0].long:
            keys = ("⏎ new line", f"ctrl+s {save}", edit, "esc close")
            short = (f"ctrl+s {save}", edit, "esc close")
        else:
            keys = short = (f"⏎ {save}", "esc close")
        return "   ".join(filter(None, keys)), "  ".join(filter(None, short))

    @property
    def console_app(self) -> Console:
        return cast("Console", self.app)

    @property
    def _long_field(self) -> Field | None:
        """The field to open in an editor: the one with the focus, or else the first one, among those of long texts."""
        focused = self.focused.id if isinstance(self.focused, TextArea) else None
        return next((each for each in self._fields if each.long and focused in {None, each.name}), None)

    @property
    def values(self) -> dict[str, str]:
        """The current values of the fields."""
        return {field.name: self._value(field) for field in self._fields}

    def _widget(self, field: Field) -> Widget:
        return self.query_one(f"#{field.name}")

    def _value(self, field: Field) -> str:
        widget = self._widget(field)
        if isinstance(widget, Table):
            return widget.cursor_key or ""
        typed = widget.text if isinstance(widget, TextArea) else widget.value if isinstance(widget, Input) else ""
        if typed == self._displayed[field.name]:
            return self._originals[field.name]  # unchanged, including characters that cannot be displayed
        return typed if field.long else typed.strip()

    def action_save(self) -> None:
        values = self.values
        for field in self._fields:
            value = values[field.name]
            problem = f"{field.label} is required." if field.required and not value else ""
            problem = problem or _length_problem(field, value)
            problem = problem or (field.check(value) if field.check and value else "")
            if problem:
                self._show_error(problem)
                self.set_focus(self._widget(field))
                return
        self.dismiss(values)

    def action_open_editor(self) -> None:
        """Take a long text from the user's editor; it is not saved yet."""
        if (field := self._long_field) is None:
            return
        area = self.query_one(f"#{field.name}", TextArea)
        before = self._value(field)
        given = area.text if editor.has_controls(before) else before
        try:
            if self.console_app.mutations.is_running:
                raise editor.EditorError("A change is being sent: wait for its answer.")
            after = editor.edit(given, self.console_app.run_in_terminal, os.environ)
        except editor.EditorError as error:
            self._show_error(str(error))
            return
        if after == given:
            self._show_error("The editor saved no change. One with a window must wait, as with: EDITOR='code --wait'")
            return
        self._leave_requested = False
        self._displayed[field.name], self._originals[field.name] = editable(after), after
        area.replace(self._displayed[field.name], (0, 0), area.document.end)  # ctrl+z brings the text before back
        self.set_focus(area)
        self._show_error(_length_problem(field, after))

    def action_leave(self) -> None:
        changed = any(self.values[field.name] != field.value for field in self._fields if not field.choices)
        if changed and not self._leave_requested:
            self._leave_requested = True
            self._show_error("Press esc again to discard your changes, or ctrl+s to save them.")
            return
        self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "suggestion":
            return isinstance(self.focused, Input) and self._suggestions(self.focused.id or "") is not None
        return True

    def action_suggestion(self, by: int) -> None:
        """Move through the completions, and put the chosen one into the input."""
        line = self.focused
        table = self._suggestions(line.id or "") if isinstance(line, Input) else None
        if not isinstance(line, Input) or table is None or not table.row_count:
            return
        if table.cursor_key == line.value:
            table.action_move(by)
        chosen = table.cursor_key or ""
        with line.prevent(Input.Changed):
            line.value = chosen
        line.cursor_position = len(chosen)

    def _suggestions(self, name: str) -> Table | None:
        return next(iter(self.query(f"#{name}-suggestions").results(Table)), None)

    def _show_error(self, problem: str) -> None:
        self.query_one("#error", Static).update(Content(one_line(problem)))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self._complete_only_match(event.input)
        self._advance(event.input.id or "")

    def _complete_only_match(self, line: Input) -> None:
        """Put the only completion into the input, if only completions are valid."""
        field = next(field for field in self._fields if field.name == line.id)
        table, typed = self._suggestions(field.name), line.value.strip()
        if not field.suggested_only or table is None or table.row_count != 1 or not typed:
            return
        found = table.cursor_key or ""
        before = self._completed.get(field.name, "")
        if before and typed.startswith(before) and typed.casefold() in found.casefold():
            with line.prevent(Input.Changed):
                line.value = found

    @on(Table.Opened)
    def _opened(self, event: Table.Opened) -> None:
        self._advance((event.table.id or "").removesuffix("-suggestions"))

    def _advance(self, name: str) -> None:
        names = [field.name for field in self._fields]
        following = names.index(name) + 1
        if following == len(names):
            self.action_save()
        else:
            self.set_focus(self._widget(self._fields[following]))

    @on(TextArea.Changed)
    def _text_changed(self) -> None:
        self._clear_error()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._clear_error()
        field = next(field for field in self._fields if field.name == event.input.id)
        if field.suggest is not None:
            work: Callable[[], Awaitable[None]] = partial(self._complete, field, field.suggest, event.value.strip())
            self.run_worker(work, group=field.name, exclusive=True, exit_on_error=False)

    def _clear_error(self) -> None:
        if self._leave_requested:
            self._leave_requested = False
            self._show_error("")

    async def _complete(self, field: Field, suggest: Suggest, typed: str) -> None:
        await asyncio.sleep(DEBOUNCE_SECONDS)
        try:
            found = list(await suggest(typed))[:MAX_SUGGESTIONS]
        except CallError:
            found = []
        table = self._suggestions(field.name)
        if table is not None:
            self._completed[field.name] = typed
            table.show([Row(each, ((one_line(each), ""),)) for each in found if each != typed])
            table.action_first()
            table.display = table.row_count > 0
            table.styles.height = table.row_count


def _length_problem(field: Field, value: str) -> str:
    if field.max_length is None or len(value) <= field.max_length:
        return ""
    return f"{field.label} is too long: {len(value):,} characters, at most {field.max_length:,}."


def editable(value: str) -> str:
    """A text without the characters that must not be sent to the terminal."""
    return "\t".join("\n".join(lines(part, len(value))) for part in value.split("\t"))


def _field_widgets(field: Field, value: str) -> ComposeResult:
    if field.choices:
        widest = max(cell_len(each.label) for each in field.choices)
        columns = (Column("", widest, max_width=MAX_CHOICE_CELLS), Column("", 10, priority=1, grow=1))
        table = Table(columns, empty="", id=field.name, show_titles=False)
        table.styles.height = min(MAX_VISIBLE_CHOICES, len(field.choices))
        yield table
    elif field.long:
        yield LongText(value, id=field.name, compact=True, show_line_numbers=False, placeholder=field.hint)
    else:
        yield Input(
            value,
            placeholder=field.hint,
            password=field.hidden,
            id=field.name,
            compact=True,
            select_on_focus=field.is_replaced,
        )
        if field.suggest is not None:
            suggestions = Table((Column("", 20, grow=1),), empty="", id=f"{field.name}-suggestions", show_titles=False)
            suggestions.can_focus = False
            suggestions.display = False
            yield suggestions
