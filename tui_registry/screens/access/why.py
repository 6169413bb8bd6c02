"""The explanation of a principal's level on a model or on the whole registry: the grants that it comes from."""

from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_registry.access.grants import AccessView
from tui_registry.access.principal import Principal
from tui_registry.access.wording import OUTSIDE, reason_text
from tui_registry.console import Console
from tui_registry.keys.names import legend
from tui_registry.styles import DEFERRED_STYLES
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.widgets.fitting import Fitting, Scrolled
from tui_registry.widgets.hanging_indent import HangingIndent
from tui_registry_server.wire.permission_reasons import PermissionsExplanation
from tui_registry_server.wire.principal import USERS

MAX_GROUPS = 20  # listed by name


class Why(ModalScreen[None]):
    CSS_PATH = DEFERRED_STYLES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,w,enter", "close", show=False),
        Binding("down,j", "read_on(1)", show=False),
        Binding("up,k", "read_on(-1)", show=False),
        Binding("y", "copy", show=False),
    ]

    def __init__(self, view: AccessView, explanation: PermissionsExplanation) -> None:
        super().__init__()
        self._paragraphs = paragraphs(view, explanation)

    def compose(self) -> ComposeResult:
        targets = Scrolled("targets")
        with Fitting(id="why"):
            yield Static(self._paragraphs[0], id="title")
            with targets:
                for paragraph in self._paragraphs[1:]:
                    yield Static(HangingIndent(paragraph))
            yield targets.rest
            yield Static(Content(legend("↓↑ scroll   y copy   esc close")), id="hint")

    def action_close(self) -> None:
        self.dismiss(None)

    def action_read_on(self, by: int) -> None:
        self.query_one("#targets").scroll_relative(y=by, animate=False)

    def action_copy(self) -> None:
        cast("Console", self.app).copy("\n".join(paragraph.plain for paragraph in self._paragraphs))


def paragraphs(view: AccessView, explanation: PermissionsExplanation) -> list[Content]:
    """The effective level, its meaning, the grants it comes from, the weaker grants, and the principal's groups."""
    who, where = one_line(str(Principal.of(explanation.principal))), one_line(str(view.target))
    level = explanation.permission_level
    grants = [
        (
            each.permission_level,
            one_line(reason_text(each, whole=view.target.whole, registry_wide=view.target.registry_wide)),
        )
        for each in explanation.grants
    ]
    result: list[Content] = []
    if level:
        result.append(Content(f"{who} has {level} on {where}"))
        if meaning := view.meanings.get(level):
            result.append(Content(f"{one_line(meaning)}.\n"))
        result.append(Content.styled("Granted by:", "dim"))
        result += [Content(f"• {text}") for each, text in grants if each == level]
        if weaker := [text for each, text in grants if each != level]:
            result.append(Content.styled("\nLower levels, without effect:", "dim"))
            result += [Content.styled(f"• {text}", "dim") for text in weaker]
    else:
        result.append(Content(f"{who} has no level on {where}"))
        nothing = "There is no grant to this name, or to any of its groups."
        result.append(Content(f"{who} {OUTSIDE}." if explanation.outside_workspace else nothing))
    if not explanation.principal.active:
        result.append(Content.styled("\nThe account is deactivated: its tokens are rejected.", "$text-warning"))
    result.append(Content.styled(f"\n{_groups(explanation)}", "dim"))
    return result


def _groups(explanation: PermissionsExplanation) -> str:
    names = sorted(visible(name) for name in explanation.groups if name != USERS)
    if not names:
        return "Member of no group but users."
    more = f" and {len(names) - MAX_GROUPS} more" if len(names) > MAX_GROUPS else ""
    return f"Member of {', '.join(names[:MAX_GROUPS])}{more}."
