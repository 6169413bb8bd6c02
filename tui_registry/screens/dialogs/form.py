"""A form with texts and choices, such as a name, a description, a level.

Enter moves to the next field and, on the last one, saves; ctrl+s saves from any field; Tab moves; Escape cancels, and
has to be pressed twice if input would be lost.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from tui_registry.client.errors import CallError
from tui_registry.screens.dialogs.choose import Choice
from tui_registry.styles import DEFERRED_STYLES
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

    value: the initial value. hint: the placeholder. long: a text of several lines. choices: the values to choose from.
    suggest: completes what is typed; with ``suggested_only`` only completions are valid, and Enter takes the only one
    left. check: what is wrong with a value, empty if nothing.
    """

    name: str
    label: str
    value: str = ""
    hint: str = ""
    long: bool = False
    required: bool = False
    choices: Sequence[Choice] = ()
    suggest: Suggest | None = None
    suggested_only: bool = False
    check: Callable[[str], str] | None = None


class Form(ModalScreen[dict[str, str] | None]):
    """Returns the values by the fields' names, or None."""

    CSS_PATH = DEFERRED_STYLES
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-lowest"), (24, "-low"), (34, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", show=False, priority=True),
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
        self._initial_values = {field.name: field.value if field.choices else editable(field.value) for field in fields}
        self._has_hidden_characters = any(
            self._initial_values[field.name] != field.value.replace("\r\n", "\n") for field in fields
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
                    yield from _field_widgets(field, self._initial_values[field.name])
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

    @property
    def _hints(self) -> tuple[str, str]:
        save = self._save.lower()
        if len(self._fields) > 1:
            return f"⏎ or tab next   ctrl+s {save}   esc cancel", f"tab next  ctrl+s {save}  esc cancel"
        if self._fields[0].long:
            return f"⏎ new line   ctrl+s {save}   esc cancel", f"ctrl+s {save}  esc cancel"
        return f"⏎ {save}   esc cancel", f"⏎ {save}  esc cancel"

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
        if typed == self._initial_values[field.name]:
            return field.value  # unchanged, including characters that cannot be displayed
        return typed if field.long else typed.strip()

    def action_save(self) -> None:
        values = self.values
        for field in self._fields:
            value = values[field.name]
            problem = f"{field.label} is required." if field.required and not value else ""
            problem = problem or (field.check(value) if field.check and value else "")
            if problem:
                self._show_error(problem)
                self.set_focus(self._widget(field))
                return
        self.dismiss(values)

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
        yield TextArea(value, id=field.name, compact=True, show_line_numbers=False, placeholder=field.hint)
    else:
        yield Input(value, placeholder=field.hint, id=field.name, compact=True, select_on_focus=False)
        if field.suggest is not None:
            suggestions = Table((Column("", 20, grow=1),), empty="", id=f"{field.name}-suggestions", show_titles=False)
            suggestions.can_focus = False
            suggestions.display = False
            yield suggestions
