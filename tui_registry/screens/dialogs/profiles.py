"""The profiles: open another registry, or allow changes in this one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_registry.session import profiles
from tui_registry.session.profiles import Profile, ProfileError
from tui_registry.styles import DEFERRED_STYLES
from tui_registry.terminal.sanitize import lines, one_line, visible
from tui_registry.widgets.hint import Hint
from tui_registry.widgets.table import Column, Row, Table


@dataclass(frozen=True, slots=True)
class OpenProfile:
    """Open the registry of this profile."""

    name: str


@dataclass(frozen=True, slots=True)
class AllowChanges:
    """Allow changes to this registry in this session, although its profile is read-only."""


ADD = "Add a profile with: tui-registry login URL --profile NAME"


class Profiles(ModalScreen[OpenProfile | AllowChanges | None]):
    """Returns what to do, or None."""

    CSS_PATH = DEFERRED_STYLES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", show=False),
        Binding("w", "allow_changes", show=False),
    ]
    COLUMNS = (Column("PROFILE", 12, grow=1, max_width=24), Column("URL", 20, grow=3), Column("", 9))

    def __init__(self, current: str, *, read_only: bool) -> None:
        super().__init__()
        self._current = current
        self._read_only = read_only
        self._hint = Hint("")
        self._table = Table(self.COLUMNS, empty="No profiles.", id="profiles")
        self._known: Mapping[str, Profile] = {}
        self._message = ADD
        try:
            self._known = profiles.read().profiles
        except ProfileError as error:
            self._message = str(error)

    def compose(self) -> ComposeResult:
        with Vertical(id="choose"):
            yield Static(Content("Profiles"), id="title")
            yield self._table
            yield Static("", id="message", markup=False)
            self._hint.show(*self._hints)
            yield self._hint

    @property
    def _hints(self) -> tuple[str, str]:
        """The keys that do something now: what is open is not opened again."""
        others = self._known.keys() - {self._current}
        opens = ["⏎ open"] if self._table.cursor_key in others else ["↓↑ choose"] if others else []
        allow, short_allow = [f"w allow changes in {visible(self._current)}"], ["w allow changes"]
        if not self._read_only:
            allow = short_allow = []
        return "   ".join([*opens, *allow, "esc close"]), "   ".join([*opens, *short_allow, "esc close"])

    def on_mount(self) -> None:
        known = self._known
        name = visible(self._current)
        is_other = bool(known and self._current) and self._current not in known
        opened = (
            [Row(self._current, ((name, "bold"), ("not a profile", "dim"), ("open", "yellow")))] if is_other else []
        )
        self._table.show(
            [
                *opened,
                *(
                    Row(
                        name,
                        (
                            (visible(name), "bold"),
                            (one_line(profile.url), ""),
                            (", ".join(_marks(profile, is_open=name == self._current)), "yellow"),
                        ),
                    )
                    for name, profile in sorted(known.items())
                ),
            ]
        )
        self._table.styles.max_height = min(12, len(known) + len(opened) + 1) if known else 2
        self._table.move_to(self._current)
        self._show_message()
        self.set_focus(self._table)

    @on(Table.Highlighted)
    def _show_message(self) -> None:
        """What the settings of the profile under the cursor mean, and how to add one."""
        key = self._table.cursor_key or ""
        about = [_meaning(key, self._known[key], is_open=key == self._current)] if key in self._known else []
        if self._current and not about and self._message == ADD:
            about.append(f"{visible(self._current)} is open, and not a profile.")
        self._hint.show(*self._hints)
        text = "\n".join([*about, *([""] if about else []), *lines(self._message)])
        self.query_one("#message", Static).update(Content(text))

    def action_close(self) -> None:
        self.dismiss(None)

    def action_allow_changes(self) -> None:
        if self._read_only:
            self.dismiss(AllowChanges())

    @on(Table.Opened)
    def _opened(self, event: Table.Opened) -> None:
        if event.key is not None and event.key != self._current:
            self.dismiss(OpenProfile(event.key))


def _marks(profile: Profile, *, is_open: bool) -> list[str]:
    return [*(["open"] if is_open else []), *(["read-only"] if profile.read_only else [])]


def _meaning(name: str, profile: Profile, *, is_open: bool) -> str:
    """Whether changes are possible there, how its name is shown, and what else is set."""
    allow = "w allows changes until it is closed" if is_open else "when it is open, w in this dialog allows changes"
    changes = f"read-only: {allow}" if profile.read_only else "for reading and changes"
    sentences = [
        f"{visible(name)} is {changes}.",
        *([f"The header shows its name on {profile.colour}."] if profile.colour else []),
        *([f"Also: {one_line(', '.join(profile.details), 300)}."] if profile.details else []),
    ]
    return " ".join(sentences)
