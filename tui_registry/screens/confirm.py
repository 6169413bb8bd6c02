"""Asking before a decision is written: what will change, and for whom.

The focus is on Cancel. ``y`` does it, ``n`` and Escape leave, Tab reaches the comment, the arrows scroll
what does not fit. Where Production is touched the
model's name is typed first.
"""

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Input, Static

from server.wire.stage import Stage
from tui_registry.decisions import Decision, Target
from tui_registry.text import one_line

EXCLUSIVE = (Stage.STAGING, Stage.PRODUCTION)
TAB_ORDER = ("no", "comment", "word", "archive", "yes")
SHOWN = 200  # targets listed by name
LONGEST_COMMENT = 5_000  # characters
LONGEST_WORD = 48  # characters that anyone is asked to type


@dataclass(frozen=True, slots=True)
class Consent:
    """Yes, and how."""

    comment: str
    archive_existing_versions: bool


class Confirm(ModalScreen[Consent | None]):
    """Answers None for no."""

    AUTO_FOCUS = "#no"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (24, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", show=False, priority=True),
        Binding("n", "refuse", show=False, priority=True),
        Binding("o", "toggle_archive", show=False, priority=True),
        Binding("escape", "no", show=False),
        Binding("down", "read_on(1)", show=False),
        Binding("up", "read_on(-1)", show=False),
    ]

    def __init__(self, decision: Decision, targets: list[Target]) -> None:
        super().__init__()
        self._decision = decision
        self._targets = targets
        production = any(Stage.PRODUCTION in {target.from_stage, target.to_stage} for target in targets)
        self._word = ""
        if production and decision is Decision.APPROVE:
            self._word = _word(targets)

    def compose(self) -> ComposeResult:
        verb = self._decision.value.capitalize()
        with Vertical(id="question"):
            yield Static(Content(f"{verb} {_count(len(self._targets))}?"), id="title")
            with VerticalScroll(id="targets", can_focus=False):
                for target in self._targets[:SHOWN]:
                    yield Static(_told(target))
                if len(self._targets) > SHOWN:
                    yield Static(Content(f"  and {len(self._targets) - SHOWN} more"))
            if self._archiving_is_possible:
                yield Checkbox(Content(self._archive_label), value=True, id="archive", compact=True)
            yield Input(placeholder="Comment (optional)", id="comment", max_length=LONGEST_COMMENT, compact=True)
            if self._word:
                yield Input(
                    placeholder=f"Type {self._word} to confirm: this changes Production",
                    id="word",
                    compact=True,
                )
            yield Static("", id="complaint", markup=False)
            with Horizontal(id="answers"):
                yield Button(Content("n  Cancel"), id="no", compact=True)
                yield Button(Content(f"y  {verb}"), id="yes", compact=True)
            yield Static(Content(self._hint), id="hint")

    @property
    def focus_chain(self) -> list[Widget]:
        """From Cancel, Tab goes to the comment; the deed itself comes last."""
        return [widget for name in TAB_ORDER for widget in self.query(f"#{name}")]

    @property
    def _archiving_is_possible(self) -> bool:
        return self._decision is Decision.APPROVE and any(target.to_stage in EXCLUSIVE for target in self._targets)

    @property
    def _archive_label(self) -> str:
        """Short, as it is cut where there is no room; what is displaced is told with each target, in full."""
        displaced = [version for target in self._targets for version in target.displaces]
        if not displaced:
            stages = {target.to_stage for target in self._targets}
            return f"Archive what else is in {' and '.join(stage for stage in EXCLUSIVE if stage in stages)} (nothing)"
        if len(displaced) == 1:
            return f"Archive version {displaced[0]}"
        return f"Archive these {len(displaced)} versions"

    @property
    def _hint(self) -> str:
        keys = ["y yes", "n no", "tab to the comment"]
        if self._archiving_is_possible:
            keys.append("o archive or not")
        return "   ".join(keys)

    def action_toggle_archive(self) -> None:
        for box in self.query("#archive").results(Checkbox):
            box.toggle()

    def action_read_on(self, by: int) -> None:
        self.query_one("#targets").scroll_relative(y=by, animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Letters are letters while text is typed."""
        return action not in {"yes", "refuse", "toggle_archive"} or not isinstance(self.focused, Input)

    def action_refuse(self) -> None:
        self.action_no()

    def action_no(self) -> None:
        self.dismiss(None)

    def action_yes(self) -> None:
        if self._word:
            word = self.query_one("#word", Input)
            if word.value.strip() != self._word:
                self._complain(word)
                return
        box = self.query("#archive").results(Checkbox)
        archive = any(each.value for each in box)
        self.dismiss(Consent(self.query_one("#comment", Input).value.strip(), archive))

    def _complain(self, word: Input) -> None:
        if word.value.strip():
            self.query_one("#complaint", Static).update(Content(f"That is not {self._word}."))
        self.set_focus(word)

    @on(Button.Pressed, "#no")
    def _no(self) -> None:
        self.action_no()

    @on(Button.Pressed, "#yes")
    def _yes(self) -> None:
        self.action_yes()

    @on(Input.Submitted, "#comment")
    def _comment_is_written(self) -> None:
        if self._word:
            self.set_focus(self.query_one("#word", Input))
        else:
            self.set_focus(self.query_one("#yes", Button))

    @on(Input.Submitted, "#word")
    def _word_is_written(self) -> None:
        self.action_yes()


def _count(number: int) -> str:
    return "this request" if number == 1 else f"these {number} requests"


def _told(target: Target) -> Content:
    """A target, who asked for it, and what it displaces."""
    told = [Content(f"• {one_line(str(target))}"), Content.styled(f"  asked by {_askers(target)}", "dim")]
    if target.displaces:
        versions = f"version{'s' if len(target.displaces) > 1 else ''} {', '.join(target.displaces)}"
        told.append(Content.styled(f"  displaces {versions}, now in {target.to_stage}", "$text-warning"))
    return Content("\n").join(told)


def _askers(target: Target) -> str:
    """Everyone whose request is settled."""
    return " and ".join(one_line(user, 60) for user in (target.creator, *target.also))


def _word(targets: list[Target]) -> str:
    """What is to be typed: the model's name, unless there are several, or it is not easily typed."""
    name = targets[0].name
    typed = name.isascii() and name.isprintable() and name == name.strip() and len(name) <= LONGEST_WORD
    return name if typed and len({target.name for target in targets}) == 1 else "production"
