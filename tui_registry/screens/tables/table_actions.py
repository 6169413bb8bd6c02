"""What can be done with every table: sort it, choose its columns, show a row in full, export the rows, keep them as a
view. The dialogs are imported when they are opened: a place that has tables is the first one displayed."""

import asyncio
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from textual.content import Content
from textual.widgets import Input

from tui_registry.keys import names as key_names
from tui_registry.keys.action import Action
from tui_registry.keys.view_actions import key_problem
from tui_registry.mutations.result import Verdict
from tui_registry.screens.base.arranged import Arranged
from tui_registry.session.arrangement import Arrangement, Sort
from tui_registry.session.messages import LivenessChanged
from tui_registry.session.saved_view import SavedView, ViewName
from tui_registry.session.settings import SettingsError, config_file, keep_view
from tui_registry.terminal.sanitize import one_line
from tui_registry.widgets.columns import BY_TEXT, Column
from tui_registry.widgets.row import full_text
from tui_registry.widgets.table import Table

OWN_ORDER = ""  # as a choice
NEED_ROWS = {"sort", "columns", "show_row", "export"}
"""Actions for which there must be rows."""


class TableActions(Arranged):
    """A place with these actions; a mixin of its class."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        needs_more = action in NEED_ROWS | {"save_view"} and action in self._impossible
        return False if needs_more else super().check_action(action, parameters)

    @property
    def live_actions(self) -> list[Action]:
        impossible = self._impossible
        return [action for action in super().live_actions if action.id not in impossible]

    @property
    def _impossible(self) -> set[str]:
        """The actions that lack what they need."""
        lacking = set() if self.app.screen_stack[0] is self else {"save_view"}  # the other places are opened by a key
        return lacking if any(table.row_count for table in self.listed_tables) else lacking | NEED_ROWS

    def action_sort(self) -> None:
        self.console_app.mutations.prepare(self._choose_sort)

    async def _choose_sort(self) -> None:
        from tui_registry.screens.dialogs.choose import Choice, Choose

        sort = self.sort
        columns = {column.name: column for column in self.known_columns if column.sorting is not None}
        choices = [
            Choice(name, column.title, _directions(column, sort), key=str(number) if number < 10 else "")
            for number, (name, column) in enumerate(columns.items(), 1)
        ]
        if self.arrangement.sort is not None:
            choices.append(Choice(OWN_ORDER, "none", "the default order", key="0"))
        chosen = await self.app.push_screen_wait(Choose("Sort by", choices, current=sort.column if sort else ""))
        if chosen is None:
            return
        if chosen == OWN_ORDER:
            self._keep(replace(self.arrangement, sort=None))
            return
        is_descending = (columns[chosen].sorting or BY_TEXT).is_descending_first
        if sort is not None and sort.column == chosen:
            is_descending = not sort.is_descending
        self._keep(replace(self.arrangement, sort=Sort(chosen, is_descending)))

    def action_columns(self) -> None:
        self.console_app.mutations.prepare(self._choose_columns)

    async def _choose_columns(self) -> None:
        from tui_registry.screens.dialogs.choose_columns import ChooseColumns

        titles = {column.name: column.title for column in self.known_columns}
        shown = [column.name for _, column in self.current_table.shown_columns]
        chosen = await self.app.push_screen_wait(
            ChooseColumns(self.place, titles, shown, self.current_table.drawn_columns)
        )
        if chosen is not None and chosen != tuple(shown):
            self._keep(replace(self.arrangement, columns=chosen or None))

    def _keep(self, arrangement: Arrangement) -> None:
        """Use an arrangement, now and from the next start on. Keys act again while it is written to its file, which is
        begun at once: the console may be left."""
        self.use_arrangement(arrangement)
        keep = self.console_app.arrangements.keep
        written = asyncio.get_running_loop().run_in_executor(None, keep, self.place, arrangement)
        self.run_worker(self._report_unwritten(written), name="arrangement")

    async def _report_unwritten(self, written: asyncio.Future[None]) -> None:
        try:
            await written
        except OSError as error:
            self._report("Not kept", Verdict.REFUSED, f"It holds for this session: {error.strerror}.")

    def action_show_row(self) -> None:
        """Show the whole row under the cursor, also what is in columns that are not displayed."""
        from tui_registry.screens.dialogs.row_text import RowText

        table = self.current_table
        if (row := table.cursor_row) is not None:
            shown = [index for index, _ in table.shown_columns]
            order = [*shown, *(index for index in range(len(table.columns)) if index not in shown)]
            texts = [(table.columns[index].title, full_text(row.value(index))) for index in order]
            self.app.push_screen(RowText(texts, self.console_app.copy))

    def action_save_view(self) -> None:
        self.console_app.mutations.prepare(self._save_view)

    async def _save_view(self) -> None:
        from tui_registry.screens.dialogs.confirm import Confirm, Question
        from tui_registry.screens.dialogs.form import Field, Form

        app = self.console_app
        columns = list(self.arrangement.columns or ())
        sort = str(self.arrangement.sort) if self.arrangement.sort else ""
        typed = self.query_one("#filter", Input).value.strip()
        if not (columns or sort or typed):
            hint = "filter the list, sort it or choose its columns first."
            self._report("There is nothing to save as a view", Verdict.REFUSED, hint)
            return
        view = SavedView(place=self.place, filter=typed, sort=sort, columns=columns)
        about = [one_line(view.description), *([f"columns: {one_line(', '.join(columns))}"] if columns else [])]
        fields = [
            Field(name="name", label="Name", required=True, hint="letters, digits, - and _", check=_name_problem),
            Field(name="key", label="Key (optional)", hint="such as F6", check=self._key_problem),
        ]
        values = await self.app.push_screen_wait(Form("Save this view", fields, message=Content("\n".join(about))))
        if values is None:
            return
        name = values["name"]
        view.key = values["key"]
        if name in app.views:
            message = [Content(f"Currently: {one_line(app.views[name].description)}")]
            question = Question(f"Replace the view {name}?", message, "Replace")
            if await self.app.push_screen_wait(Confirm(question)) is None:
                return
        try:
            await asyncio.to_thread(keep_view, name, view)
        except SettingsError as error:
            self._report("Not saved", Verdict.REFUSED, str(error))
            return
        app.add_view(name, view)
        where = f"In {config_file()}. Its key, the help and the finder open it."
        self._report(f"View {name} saved", Verdict.DONE, where)
        self.post_message(LivenessChanged())

    def _report(self, title: str, verdict: Verdict, message: str) -> None:
        """In the status line: a notification would cover rows."""
        self.console_app.mutations.report(title, verdict, message)

    def _key_problem(self, typed: str) -> str:
        return key_problem(self.console_app.keymap, key_names.named(typed))

    def action_export(self) -> None:
        self.console_app.mutations.prepare(self._export)

    async def _export(self) -> None:
        from tui_registry.screens.dialogs.choose import Choice, Choose
        from tui_registry.screens.dialogs.form import Field, Form
        from tui_registry.screens.tables.export import Format, exported

        choices = [
            Choice(Format.CSV, "CSV", "for spreadsheets", "1"),
            Choice(Format.JSON_LINES, "JSON Lines", "for programs: one object a line", "2"),
        ]
        table = self.current_table
        what = self._exported_rows(table)
        chosen = await self.app.push_screen_wait(Choose(f"Export {what}", choices))
        if chosen is None:
            return
        columns = {column.name: index for index, column in table.shown_columns}
        text = await asyncio.to_thread(exported, table.rows, columns, Format(chosen))
        name = f"{self.place.replace(' ', '-')}-{datetime.now().astimezone():%Y%m%d-%H%M%S}.{chosen}"
        message = Content(f"{what}\nColumns: {one_line(', '.join(columns))}\nFolder: {one_line(str(Path.cwd()))}")
        problem = ""
        while True:
            field = Field(name="file", label="File", value=name, required=True)
            shown = Content.assemble(message, "\n", (problem, "$text-error")) if problem else message
            values = await self.app.push_screen_wait(Form("Export", [field], save="Write", message=shown))
            if values is None:
                return
            name = values["file"]
            try:
                file = await self._write(name, text)
            except (OSError, ValueError, RuntimeError) as error:  # no folder, no permission; no such user's home
                reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                problem = one_line(f"{name}: {reason}.")
                continue
            if file is not None:
                self._report("Exported", Verdict.DONE, f"{file}  {what}. Readable only by you.")
                return
            problem = ""

    async def _write(self, name: str, text: str) -> Path | None:
        """Write a file, over one that is there only if the user wants that, else return None."""
        from tui_registry.screens.dialogs.confirm import Confirm, Question
        from tui_registry.screens.tables.export import write

        try:
            return await asyncio.to_thread(partial(write, name, text, overwrite=False))
        except FileExistsError:
            message = [Content(one_line(name)), Content("Its contents will be lost.")]
            if await self.app.push_screen_wait(Confirm(Question("Overwrite the file?", message, "Overwrite"))) is None:
                return None
            return await asyncio.to_thread(partial(write, name, text, overwrite=True))

    def _exported_rows(self, table: Table) -> str:
        rows = f"{table.row_count:,} row{'' if table.row_count == 1 else 's'}"
        if self.has_all_rows:
            return f"{rows}: the whole list"
        return f"{rows}: those loaded; there are more"


def _name_problem(name: str) -> str:
    try:
        TypeAdapter(ViewName).validate_python(name)
    except ValidationError:
        return "Start with a letter, followed by at most 30 letters, digits, - and _."
    return ""


def _directions(column: Column, sort: Sort | None) -> str:
    """What choosing the column does."""
    sorting = column.sorting or BY_TEXT
    if sort is None or sort.column != column.name:
        return sorting.direction(is_descending=sorting.is_descending_first)
    now, then = (sorting.direction(is_descending=each) for each in (sort.is_descending, not sort.is_descending))
    return f"{column.arrow(is_descending=sort.is_descending)} {now}; again: {then}"
