"""The workspaces: opening one leaves the one that is open, and all that the console knows of it."""

from contextlib import suppress
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from tui_registry.client.errors import Refused, UnknownEndpoint
from tui_registry.keys.actions import WHILE_TYPING, bindings
from tui_registry.mutations import workspace as changes
from tui_registry.queries.serving import serving_in
from tui_registry.screens.access.section import Section
from tui_registry.screens.base.new_row import make
from tui_registry.screens.dialogs.confirm import Confirm, Question
from tui_registry.screens.dialogs.form import Field, Form
from tui_registry.session.arrangement import Sort
from tui_registry.terminal.sanitize import one_line, summary, visible
from tui_registry.widgets.columns import BY_NUMBER
from tui_registry.widgets.table import Column, Row
from tui_registry_server.wire.workspace import Workspace
from tui_registry_server.wire.workspace_name import DEFAULT_NAME, MAX_NAME_LENGTH, is_workspace_name

OTHERS = "These are the workspaces that you may use: members of the group admins create them."
INVALID = "A name has 2 to 63 characters: a to z, 0 to 9, and -, which cannot be first or last."
MAX_DESCRIPTION = 200  # characters, in the list


class Workspaces(Section):
    place = "workspaces"
    list_title = "Workspaces"
    empty_message = "No workspaces: this server has none."
    no_match = "No matching workspaces."
    placeholder = "name or description"
    is_section = False
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("workspaces"), *WHILE_TYPING]
    COLUMNS = (
        Column("WORKSPACE", 20, grow=2, max_width=MAX_NAME_LENGTH, is_cut_in_middle=True),
        Column("", 4, sorting=None, key="open"),
        Column("MODELS+PROMPTS", 14, sorting=BY_NUMBER, priority=1, key="models"),
        Column("YOUR LEVEL", 12, priority=2),
        Column("DESCRIPTION", 20, grow=3, priority=1),
    )

    own_order = Sort("workspace")

    def __init__(self) -> None:
        super().__init__(self.list_title)
        self._workspaces: dict[str, Workspace] = {}
        self._has_been_opened = False  # with its rows

    async def load(self) -> None:
        with suppress(UnknownEndpoint):  # of an older server
            found = await self.console_app.client.workspaces.all(details=True)
            self._workspaces = {each.name: each for each in found}
            self.console_app.connection.note_workspaces(are_several=len(found) > 1)
        await super().load()
        if not self._has_been_opened:
            self._has_been_opened = self.table.row_count > 0
            self.table.move_to(self._open)

    async def read_me(self) -> None:
        """In a workspace that was deleted, nothing can be read but the workspaces."""
        with suppress(Refused):
            await super().read_me()

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        """All that match: there are a thousand at most."""
        words = typed.casefold().split()
        found = [
            each
            for each in self._workspaces.values()
            if all(word in f"{each.name} {each.description or ''}".casefold() for word in words)
        ]
        return [self._row(each) for each in found], ""

    def _row(self, workspace: Workspace) -> Row:
        is_open, level = workspace.name == self._open, workspace.permission_level or ""
        count, description = workspace.model_count or 0, workspace.description or ""
        return Row(
            workspace.name,
            (
                (visible(workspace.name), "bold"),
                ("open" if is_open else "", "green"),
                (f"{count:,}", "" if count else "dim"),
                (level or "none", "" if level else "dim"),
                (summary(description, MAX_DESCRIPTION), "dim"),
            ),
            (workspace.name, "open" if is_open else "", count, level, description),
        )

    @property
    def _open(self) -> str:
        """The name of the open workspace."""
        opened = self.console_app.connection.opened
        return (opened.workspace if opened else None) or DEFAULT_NAME

    @property
    def _chosen(self) -> Workspace | None:
        return self._workspaces.get(self.table.cursor_key or "")

    @property
    def note_text(self) -> str:
        return "" if self.is_admin else OTHERS

    def about_row(self, key: str) -> Content:
        workspace = self._workspaces.get(key)
        if workspace is None:  # deleted a moment ago
            return Content("")
        count = workspace.model_count or 0
        inside = _counted(count) if self.is_admin else f"{_counted(count)} that you may read"
        return Content.assemble(
            (visible(key), "bold"), f"  {inside}\n", (one_line(workspace.description or "", 1000), "dim")
        )

    def is_live(self, action: str) -> bool:
        if action == "open_workspace":
            return self._chosen is not None
        return super().is_live(action)

    def is_allowed(self, action: str) -> bool:
        if action == "delete_workspace":
            return self._chosen is not None and self._chosen.name != DEFAULT_NAME
        return action == "new_workspace" or self._chosen is not None

    def open_row(self, key: str) -> None:
        """The open one has its models to show."""
        if key == self._open:
            self.run_worker(self.console_app.navigation.go("models"), exit_on_error=False)
        else:
            self.console_app.open_workspace(key)

    def action_open_workspace(self) -> None:
        self.table.action_open()

    def action_copy(self) -> None:
        if chosen := self._chosen:
            self.console_app.copy(chosen.name)

    def action_new_workspace(self) -> None:
        self.console_app.mutations.prepare(self._make)

    async def _make(self) -> None:
        fields = [
            Field(name="name", label="Name (cannot be changed later)", required=True, check=_problem),
            Field(name="description", label="Description (optional)"),
        ]
        values = await self.app.push_screen_wait(Form("New workspace", fields, save="Create"))
        if values is not None:
            name = values["name"]
            mutation = changes.create(self.console_app.client, name, values["description"])
            make(self.console_app, self.table, mutation, lambda key: key == name)

    def action_edit_workspace(self) -> None:
        if chosen := self._chosen:
            self.console_app.mutations.prepare(partial(self._describe, chosen))

    async def _describe(self, workspace: Workspace) -> None:
        before = workspace.description or ""
        field = Field(name="description", label="Description", value=before, long=True)
        values = await self.app.push_screen_wait(Form(f"Workspace {workspace.name}", [field]))
        if values is not None and values["description"] != before:
            client = self.console_app.client
            self.console_app.mutations.start(changes.describe(client, workspace.name, before, values["description"]))

    def action_delete_workspace(self) -> None:
        if chosen := self._chosen:
            self.console_app.mutations.prepare(partial(self._delete, chosen))

    async def _delete(self, workspace: Workspace) -> None:
        name, count = workspace.name, workspace.model_count or 0
        serving = await serving_in(self.console_app.client, name) if count else []
        question = Question(
            f"Delete workspace {name} of {one_line(self.console_app.connection.name)}?",
            [
                *([] if count else [Content("It has no models or prompts.")]),
                Content("Its permissions, requests, webhooks and follows are deleted, too."),
                Content("Clients that use it will get an error: it does not exist."),
                Content("Artifacts are kept, and the audit log keeps what happened in it."),
                *([Content("The console then opens the default workspace.")] if name == self._open else []),
            ],
            "Delete",
            warnings=[f"{_all(count)} in it will be deleted, with all versions.", *serving] if count else [],
            word=name,
            why_word="this cannot be undone",
        )
        if await self.app.push_screen_wait(Confirm(question)) is not None:
            leave = partial(self.console_app.open_workspace, DEFAULT_NAME) if name == self._open else None
            self.console_app.mutations.start(changes.delete(self.console_app.client, workspace), then=leave)


def _counted(count: int) -> str:
    return f"{count:,} {'model or prompt' if count == 1 else 'models and prompts'}"


def _all(count: int) -> str:
    return f"The {_counted(count)}" if count == 1 else f"All {_counted(count)}"


def _problem(name: str) -> str:
    return "" if is_workspace_name(name) else INVALID
