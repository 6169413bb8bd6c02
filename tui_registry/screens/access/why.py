"""What somebody may do on a model or on the whole registry, and the grants that say so."""

from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_registry.access.grants import Seen
from tui_registry.access.principal import Principal
from tui_registry.access.wording import reason_text
from tui_registry.console import Console
from tui_registry.keys.names import legend
from tui_registry.styles import DEFERRED_STYLES
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry_server.wire.permission_reasons import PermissionsExplanation
from tui_registry_server.wire.principal import USERS

GROUPS = 20  # that are listed by name


class Why(ModalScreen[None]):
    CSS_PATH = DEFERRED_STYLES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,w,enter", "close", show=False),
        Binding("down,j", "read_on(1)", show=False),
        Binding("up,k", "read_on(-1)", show=False),
        Binding("y", "copy", show=False),
    ]

    def __init__(self, seen: Seen, why: PermissionsExplanation) -> None:
        super().__init__()
        self._told = explained(seen, why)

    def compose(self) -> ComposeResult:
        with Vertical(id="why"):
            yield Static(self._told[0], id="title")
            with VerticalScroll(id="targets", can_focus=False):
                for told in self._told[1:]:
                    yield Static(told)
            yield Static(Content(legend("esc close   y copy   ↓↑ scroll")), id="hint")

    def action_close(self) -> None:
        self.dismiss(None)

    def action_read_on(self, by: int) -> None:
        self.query_one("#targets").scroll_relative(y=by, animate=False)

    def action_copy(self) -> None:
        cast("Console", self.app).copy("\n".join(told.plain for told in self._told))


def explained(seen: Seen, why: PermissionsExplanation) -> list[Content]:
    """Paragraphs: who may do what, what that means, why, and what else is granted that does not raise it."""
    who, where, level = one_line(str(Principal.of(why.principal))), one_line(str(seen.governed)), why.permission_level
    found = [
        (each.permission_level, one_line(reason_text(each, registry_wide=seen.governed.registry_wide)))
        for each in why.grants
    ]
    told: list[Content] = []
    if level:
        told.append(Content(f"{who} has {level} on {where}"))
        if meaning := seen.meanings.get(level):
            told.append(Content(f"{one_line(meaning)}.\n"))
        told.append(Content.styled("By:", "dim"))
        told += [Content(f"• {words}") for each, words in found if each == level]
        if weaker := [words for each, words in found if each != level]:
            told.append(Content.styled("\nBesides, which adds nothing:", "dim"))
            told += [Content.styled(f"• {words}", "dim") for words in weaker]
    else:
        told.append(Content(f"{who} may do nothing on {where}"))
        told.append(Content("Nothing is granted there by name, nor to any group that they are in."))
    if not why.principal.active:
        told.append(Content.styled("\nThe account is deactivated: no token of it is accepted.", "$text-warning"))
    told.append(Content.styled(f"\n{_groups(why)}", "dim"))
    return told


def _groups(why: PermissionsExplanation) -> str:
    names = sorted(visible(name) for name in why.groups if name != USERS)
    if not names:
        return "In no group."
    more = f" and {len(names) - GROUPS} more" if len(names) > GROUPS else ""
    return f"In {'group' if len(names) == 1 else 'groups'} {', '.join(names[:GROUPS])}{more}."
