"""Asking before anything is written: what will change, and for whom.

The focus is on No. ``y`` does it, ``n`` and Escape leave, Tab reaches the comment, the arrows scroll what does not fit.
Escape asks once more if a comment would be lost. Where much is at stake a word is typed first.
"""

from collections.abc import Sequence
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

from tui_registry.styles import DEFERRED_STYLES
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.widgets.hint import Hint

TAB_ORDER = ("no", "comment", "word", "archive", "yes")
LONGEST_COMMENT = 5_000  # characters
LONGEST_WORD = 48  # characters that anyone is asked to type


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    told: what will change, a paragraph each. verb: on the button. archive: the label of the choice whether to archive
    what else is in the stage; empty if there is no such choice. word: what is to be typed first, and why; empty if
    nothing.
    """

    title: str
    told: Sequence[Content]
    verb: str
    asks_comment: bool = False
    archive: str = ""
    word: str = ""
    why_word: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """Yes, and how."""

    comment: str = ""
    archive_existing_versions: bool = False


class Confirm(ModalScreen[Consent | None]):
    """Answers None for no."""

    CSS_PATH = DEFERRED_STYLES
    AUTO_FOCUS = "#no"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-low"), (24, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", show=False, priority=True),
        Binding("n", "refuse", show=False, priority=True),
        Binding("o", "toggle_archive", show=False, priority=True),
        Binding("escape", "leave", show=False),
        Binding("down", "read_on(1)", show=False),
        Binding("up", "read_on(-1)", show=False),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question
        self._leaving = False

    def compose(self) -> ComposeResult:
        asked = self._question
        with Vertical(id="question"):
            yield Static(Content(one_line(asked.title)), id="title")
            with VerticalScroll(id="targets", can_focus=False):
                for told in asked.told:
                    yield Static(told)
            if asked.archive:
                yield Checkbox(Content(asked.archive), value=True, id="archive", compact=True)
            if asked.asks_comment:
                yield Input(placeholder="Comment (optional)", id="comment", max_length=LONGEST_COMMENT, compact=True)
            if asked.word:
                placeholder = f"Type {asked.word} to confirm: {asked.why_word}"
                yield Input(placeholder=placeholder, id="word", compact=True)
            yield Static("", id="complaint", markup=False)
            with Horizontal(id="answers"):
                yield Button(Content("n  No"), id="no", compact=True)
                yield Button(Content(f"y  {asked.verb}"), id="yes", compact=True)
            yield Hint(*self._hints)

    @property
    def focus_chain(self) -> list[Widget]:
        """From No, Tab goes to what is to be typed; the deed itself comes last."""
        return [widget for name in TAB_ORDER for widget in self.query(f"#{name}")]

    @property
    def _hints(self) -> tuple[str, str]:
        long, short = ["y yes", "n no"], ["y yes", "n no"]
        if self._question.asks_comment:
            long.append("tab to the comment")
            short.append("tab comment")
        elif self._question.word:
            long.append("tab to type")
            short.append("tab type")
        if self._question.archive:
            long.append("o archive or not")
            short.append("o archive")
        return "   ".join(long), "  ".join(short)

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

    def action_leave(self) -> None:
        comment = self._line("comment")
        if comment is not None and comment.value.strip() and not self._leaving:
            self._leaving = True
            self._tell("Press esc once more to throw away the comment.")
        else:
            self.action_no()

    def action_no(self) -> None:
        self.dismiss(None)

    def action_yes(self) -> None:
        word = self._line("word")
        if word is not None and word.value.strip() != self._question.word:
            self._complain(word)
            return
        comment = self._line("comment")
        archive = any(box.value for box in self.query("#archive").results(Checkbox))
        self.dismiss(Consent(comment.value.strip() if comment else "", archive))

    def _line(self, name: str) -> Input | None:
        return next(iter(self.query(f"#{name}").results(Input)), None)

    def _complain(self, word: Input) -> None:
        if word.value.strip():
            self._tell(f"That is not {self._question.word}.")
        self.set_focus(word)

    def _tell(self, problem: str) -> None:
        self.query_one("#complaint", Static).update(Content(problem))

    @on(Input.Changed)
    def _typed_on(self) -> None:
        self._leaving = False
        self._tell("")

    @on(Button.Pressed, "#no")
    def _no(self) -> None:
        self.action_no()

    @on(Button.Pressed, "#yes")
    def _yes(self) -> None:
        self.action_yes()

    @on(Input.Submitted, "#comment")
    def _comment_is_written(self) -> None:
        self.set_focus(self._line("word") or self.query_one("#yes", Button))

    @on(Input.Submitted, "#word")
    def _word_is_written(self) -> None:
        self.action_yes()


def word_for(name: str, otherwise: str) -> str:
    """What is to be typed to confirm: a name, unless it is not easily typed."""
    typed = bool(name) and name.isascii() and name.isprintable() and visible(name) == name and len(name) <= LONGEST_WORD
    return name if typed else otherwise
