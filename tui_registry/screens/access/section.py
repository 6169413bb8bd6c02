"""The sections of Access: lists on tabs, each with a note about what the user can change."""

import asyncio

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from tui_registry.access.directory import DirectoryEntry
from tui_registry.client.errors import CallError
from tui_registry.keys.actions import WRITING
from tui_registry.screens.base.listing import Listing
from tui_registry.screens.tables.table_actions import TableActions
from tui_registry.terminal.sanitize import one_line
from tui_registry.widgets.line_clamp import LineClamp
from tui_registry.widgets.tabs import Tabs
from tui_registry_server.wire.principal import ADMINS

SECTIONS = {
    "access": "Permissions",
    "users": "Users",
    "groups": "Groups",
    "service principals": "Service principals",
    "tokens": "Tokens",
    "webhooks": "Webhooks",
}
"""The titles of the places, in the order of the tabs."""

READ_ONLY = "Read-only: only members of the group admins can make changes."


class Section(TableActions, Listing):
    """``about_row`` describes the row under the cursor; ``note_text`` says what the user can change."""

    is_section = True  # whether it is one of the tabs
    about_lines = 2

    def __init__(self, *breadcrumbs: str) -> None:
        super().__init__(*(breadcrumbs or ("Access", SECTIONS[self.place])))
        self.strip = Tabs(id="sections")
        self.note = Static("", id="note", markup=False)
        self.about = Static("", id="about", markup=False)
        self.me: DirectoryEntry | None = None
        self.rights_problem = ""  # why it is not known what the user can change

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.strip
        yield self.note
        yield self.table
        yield self.about
        yield self.filter_input()
        yield self.bar

    def on_mount(self) -> None:
        super().on_mount()
        self.strip.display = self.is_section
        if self.is_section:
            self.strip.show(list(SECTIONS.values()), list(SECTIONS).index(self.place))

    @property
    def is_admin(self) -> bool:
        return self.me is not None and ADMINS in self.me.groups and not self.rights_problem

    async def load(self) -> None:
        """The rows are not displayed before it is known who reads them: keys that change them would do nothing. If that
        cannot be read, they are displayed without these keys."""
        _, pages = await asyncio.gather(self.learn_rights(), self.read_pages())
        self.show_pages(pages)
        self.show_note()

    @property
    def empty_text(self) -> str:
        """Without the key that makes a first one, for who may not."""
        return self.empty_message if self.is_admin else self.empty_message.partition("\n")[0]

    async def learn_rights(self) -> None:
        """Read what the user can change, or note why that cannot be read."""
        try:
            await self.read_me()
        except CallError as error:
            self.rights_problem = f"Could not check what you may change here: {one_line(str(error))}"
        else:
            self.rights_problem = ""

    async def read_me(self) -> None:
        """Read the current user, with groups."""
        self.me = DirectoryEntry.of(await self.console_app.client.users.me())

    @property
    def note_text(self) -> str:
        """What the user cannot change, and what is not listed; empty if there is nothing to say."""
        return "" if self.is_admin else READ_ONLY

    def show_note(self) -> None:
        message = self.rights_problem or self.note_text
        self.note.update(Content(message))
        self.note.display = bool(message)
        self.highlighted()

    def about_row(self, key: str) -> Content:
        """Describe a row in a few lines."""
        raise NotImplementedError

    def highlighted(self) -> None:
        key = self.table.cursor_key
        about = self.about_row(key) if key is not None else Content("")
        self.about.update(LineClamp([[line] for line in about.split()], self.about_lines))

    def is_live(self, action: str) -> bool:
        if action in {"next_section", "previous_section"}:
            return self.is_section
        if action in WRITING:
            return self.is_admin and self.is_allowed(action)
        return super().is_live(action)

    def is_allowed(self, action: str) -> bool:
        """Whether an administrator can do this to the row under the cursor."""
        return True

    async def action_next_section(self) -> None:
        await self._go(1)

    async def action_previous_section(self) -> None:
        await self._go(-1)

    async def _go(self, by: int) -> None:
        places = list(SECTIONS)
        await self.console_app.navigation.go(places[(places.index(self.place) + by) % len(places)])
