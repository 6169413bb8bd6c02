"""Asking for texts and choices: a name, a description, a level.

Enter goes on to the next field and, on the last, saves; ctrl+s saves from anywhere; Tab moves; Escape leaves, and asks
again if what was typed would be lost.
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

PARTLY = "Some characters of this cannot be shown in a terminal. What you change is saved without them."
SUGGESTED = 5  # rows of what completes a field
CHOICES = 7  # rows of a choice that are seen at once
WIDEST = 40  # cells of a choice's name
PAUSE = 0.05  # seconds that typing must rest before completions are asked for

Suggest = Callable[[str], Awaitable[Sequence[str]]]
"""Makes what could be meant by what is typed so far. May raise CallError: then there are no suggestions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing asked for.

    value: what is there to begin with. hint: stands where nothing is typed. long: a text of many lines.
    choices: it is one of these. suggest: completes what is typed; if it is ``suggested_only``, nothing else can be
    meant, and Enter takes the completion that is left. check: what is wrong with a value, empty if nothing.
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
    """Answers the values by the fields' names, or None."""

    CSS_PATH = DEFERRED_STYLES
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-lowest"), (24, "-low"), (34, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", show=False, priority=True),
        Binding("escape", "leave", show=False),
        Binding("down", "suggestion(1)", show=False, priority=True),
        Binding("up", "suggestion(-1)", show=False, priority=True),
    ]

    def __init__(self, title: str, fields: Sequence[Field], *, save: str = "Save", told: Content | None = None) -> None:
        """``told`` stands above the fields."""
        super().__init__()
        self._title = title
        self._fields = tuple(fields)
        self._save = save
        self._told = told
        self._leaving = False
        self._begun = {field.name: field.value if field.choices else editable(field.value) for field in fields}
        self._partly = any(self._begun[field.name] != field.value.replace("\r\n", "\n") for field in fields)
        self._completed: dict[str, str] = {}  # by the fields' names, what was typed when their completions were found

    def compose(self) -> ComposeResult:
        with Vertical(id="form", classes="several" if len(self._fields) > 1 else ""):
            yield Static(Content(one_line(self._title)), id="title")
            with VerticalScroll(id="fields", can_focus=False):
                if self._told is not None:
                    yield Static(self._told, id="told")
                if self._partly:
                    yield Static(Content.styled(PARTLY, "$text-warning"), id="partly")
                for field in self._fields:
                    yield Static(Content(field.label), classes="label")
                    yield from _made(field, self._begun[field.name])
            yield Static("", id="complaint", markup=False)
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
            return f"⏎ or tab next   ctrl+s {save}   esc leave", f"tab next  ctrl+s {save}  esc leave"
        if self._fields[0].long:
            return f"⏎ new line   ctrl+s {save}   esc leave", f"ctrl+s {save}  esc leave"
        return f"⏎ {save}   esc leave", f"⏎ {save}  esc leave"

    @property
    def values(self) -> dict[str, str]:
        """What the fields hold now."""
        return {field.name: self._value(field) for field in self._fields}

    def _widget(self, field: Field) -> Widget:
        return self.query_one(f"#{field.name}")

    def _value(self, field: Field) -> str:
        widget = self._widget(field)
        if isinstance(widget, Table):
            return widget.cursor_key or ""
        typed = widget.text if isinstance(widget, TextArea) else widget.value if isinstance(widget, Input) else ""
        if typed == self._begun[field.name]:
            return field.value  # as it is, with what cannot be shown of it
        return typed if field.long else typed.strip()

    def action_save(self) -> None:
        values = self.values
        for field in self._fields:
            value = values[field.name]
            problem = f"{field.label} is needed." if field.required and not value else ""
            problem = problem or (field.check(value) if field.check and value else "")
            if problem:
                self._complain(problem)
                self.set_focus(self._widget(field))
                return
        self.dismiss(values)

    def action_leave(self) -> None:
        changed = any(self.values[field.name] != field.value for field in self._fields if not field.choices)
        if changed and not self._leaving:
            self._leaving = True
            self._complain("Press esc once more to throw away what you typed, or ctrl+s to keep it.")
            return
        self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "suggestion":
            return isinstance(self.focused, Input) and self._suggestions(self.focused.id or "") is not None
        return True

    def action_suggestion(self, by: int) -> None:
        """Choose among the completions; what is chosen is put in the line at once."""
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

    def _complain(self, problem: str) -> None:
        self.query_one("#complaint", Static).update(Content(one_line(problem)))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self._take_only(event.input)
        self._go_on(event.input.id or "")

    def _take_only(self, line: Input) -> None:
        """Put the only completion of what is typed in the line, if nothing else can be meant."""
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
        self._go_on((event.table.id or "").removesuffix("-suggestions"))

    def _go_on(self, name: str) -> None:
        names = [field.name for field in self._fields]
        following = names.index(name) + 1
        if following == len(names):
            self.action_save()
        else:
            self.set_focus(self._widget(self._fields[following]))

    @on(TextArea.Changed)
    def _written(self) -> None:
        self._forget_complaint()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._forget_complaint()
        field = next(field for field in self._fields if field.name == event.input.id)
        if field.suggest is not None:
            work: Callable[[], Awaitable[None]] = partial(self._complete, field, field.suggest, event.value.strip())
            self.run_worker(work, group=field.name, exclusive=True, exit_on_error=False)

    def _forget_complaint(self) -> None:
        if self._leaving:
            self._leaving = False
            self._complain("")

    async def _complete(self, field: Field, suggest: Suggest, typed: str) -> None:
        await asyncio.sleep(PAUSE)
        try:
            found = list(await suggest(typed))[:SUGGESTED]
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
    """What of a text can stand in a line that is typed in: it goes to the terminal, too."""
    return "\t".join("\n".join(lines(part, len(value))) for part in value.split("\t"))


def _made(field: Field, value: str) -> ComposeResult:
    if field.choices:
        widest = max(cell_len(each.label) for each in field.choices)
        columns = (Column("", min(WIDEST, widest)), Column("", 10, priority=1, grow=1))
        table = Table(columns, empty="", id=field.name, titled=False)
        table.styles.height = min(CHOICES, len(field.choices))
        yield table
    elif field.long:
        yield TextArea(value, id=field.name, compact=True, show_line_numbers=False, placeholder=field.hint)
    else:
        yield Input(value, placeholder=field.hint, id=field.name, compact=True, select_on_focus=False)
        if field.suggest is not None:
            suggestions = Table((Column("", 20, grow=1),), empty="", id=f"{field.name}-suggestions", titled=False)
            suggestions.can_focus = False
            suggestions.display = False
            yield suggestions
