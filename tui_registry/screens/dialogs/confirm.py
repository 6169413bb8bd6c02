"""The confirmation before a change: what will change, and whom it affects.

The focus starts on No. ``y`` confirms, ``n`` and Escape cancel, Tab reaches the comment, the arrow keys scroll. Escape
has to be pressed twice if a comment would be lost. Changes with a high impact require typing a word first.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.css.styles import RulesMap
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Input, Static

from tui_registry.screens.dialogs.placement import before
from tui_registry.styles import DEFERRED_STYLES
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.widgets.fitting import Fitting, Scrolled
from tui_registry.widgets.hanging_indent import HangingIndent
from tui_registry.widgets.hint import Hint
from tui_registry.widgets.tick_box import TickBox

TAB_ORDER = ("no", "comment", "word", "archive", "yes")
MAX_COMMENT_LENGTH = 5_000  # characters
MAX_WARNING = 180  # characters, three lines at 80 columns; longer ones are also below the message, in full
MAX_WORD_LENGTH = 48  # characters that a user has to type
MAX_WIDTH = 76  # cells, with BORDER of them at both sides
BORDER = 3
TALL, HIGH = 16, 30  # lines of the terminal from which there is a border, and from which there are blank lines


@dataclass(frozen=True, slots=True)
class Question:
    """The content of a confirmation.

    message: what will change, in paragraphs. verb: on the button. warnings: sentences that must not be overlooked: they
    come first, as all may be more than the screen has lines for. archive: the label of the choice whether to archive
    the existing versions in the stage; empty if there is no such choice. unarchived: the message while they are not to
    be archived, with as many paragraphs. word, why_word: what has to be typed first,
    and why; empty if nothing.
    """

    title: str
    message: Sequence[Content]
    verb: str
    warnings: Sequence[str] = ()
    asks_comment: bool = False
    archive: str = ""
    unarchived: Sequence[Content] = ()
    word: str = ""
    why_word: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """The answer yes, with its options. archive_existing_versions: also true where there was no choice, as there was no
    such version: one that has come there in the meantime is to be noticed."""

    comment: str = ""
    archive_existing_versions: bool = True


class Confirm(ModalScreen[Consent | None]):
    """Returns None for no."""

    CSS_PATH = DEFERRED_STYLES
    AUTO_FOCUS = "#no"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (TALL, "-low"), (HIGH, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", show=False, priority=True),
        Binding("n", "refuse", show=False, priority=True),
        Binding("o", "toggle_archive", show=False, priority=True),
        Binding("escape", "leave", show=False),
        Binding("down", "read_on(1)", show=False),
        Binding("up", "read_on(-1)", show=False),
    ]

    def __init__(self, question: Question, read: Callable[[], Awaitable[Question]] | None = None) -> None:
        """``read`` returns the question with what has to be read first; until then, it can be answered already."""
        super().__init__()
        height = self.app.size.height  # Textual sets this class only after the first frame, and draws another one
        self.add_class(_last_below(self.VERTICAL_BREAKPOINTS, height))
        self._below = self.app.screen
        self._question = question
        self._read = read
        self._paragraphs = [Static(HangingIndent(paragraph)) for paragraph in question.message]
        self._hint = Hint("")
        self._leave_requested = False

    def compose(self) -> ComposeResult:
        question = self._question
        targets = Scrolled("targets")
        with Fitting(id="question") as frame:
            frame.border_title = Content(one_line(question.title))
            yield Static(Content(one_line(question.title)), id="title")
            with targets:
                for warning in question.warnings:
                    text = one_line(warning, MAX_WARNING)
                    yield Static(HangingIndent(Content.styled(f"! {text}", "bold $text-error")))
                yield from self._paragraphs
                for warning in question.warnings:
                    if len(warning) > MAX_WARNING:
                        yield Static(Content.styled(one_line(warning), "$text-error"))
            yield targets.rest
            if question.archive:
                yield TickBox(Content(question.archive), value=True, id="archive", compact=True)
            if question.asks_comment:
                yield Input(placeholder="Comment (optional)", id="comment", max_length=MAX_COMMENT_LENGTH, compact=True)
            if question.word:
                yield Input(placeholder=self._what_to_type, id="word", compact=True)
            error = Static("", id="error", markup=False)
            error.display = False
            yield error
            with Horizontal(id="answers"):
                yield Button(Content("n  No"), id="no", compact=True)
                yield Button(self._yes_label, id="yes", compact=True)
            self._hint.show(*self._hints)
            yield self._hint

    @property
    def _what_to_type(self) -> str:
        """And why, where there is room."""
        what = f"Type {self._question.word} to confirm"
        whole = f"{what}: {self._question.why_word}"
        return whole if cell_len(whole) <= min(MAX_WIDTH, self.app.size.width) - 2 * BORDER - 2 else what

    def on_mount(self) -> None:
        self._place()
        # Not when this screen is resized: the one below may not know by then where its details go.
        self._below.screen_layout_refresh_signal.subscribe(self, lambda _: self._place())
        if self._read is not None:
            self.run_worker(self._show_read(self._read), exit_on_error=False)

    async def _show_read(self, read: Callable[[], Awaitable[Question]]) -> None:
        self._question = await read()
        old, self._paragraphs = self._paragraphs, [Static(HangingIndent(paragraph)) for paragraph in self._message]
        await self.query_one("#targets").mount_all(self._paragraphs, before=old[0])
        for each in old:
            await each.remove()
        self._place()

    @property
    def _message(self) -> Sequence[Content]:
        """What will be done now."""
        question = self._question
        return question.message if self._archives else question.unarchived or question.message

    def _place(self) -> None:
        """Stand in the middle of what the details below leave free."""
        question = self.query_one("#question")
        if self.app.size.height < TALL:
            question.styles.margin = 0
            return
        left, above = before(self._below, Size(min(MAX_WIDTH, self.app.size.width), self._lines_needed()))
        question.styles.margin = (above, 0, 0, left)

    def _lines_needed(self) -> int:
        """The lines of the dialog, as far as they are known before it is drawn."""
        question, height = self._question, self.app.size.height
        width = min(MAX_WIDTH, self.app.size.width) - 2 * BORDER
        texts = [*(Content(f"! {one_line(each, MAX_WARNING)}") for each in question.warnings), *question.message]
        parts = [
            sum(HangingIndent(each).get_height(RulesMap(), width) for each in texts),
            1,
            1,
        ]  # with the buttons, the hint
        parts += [1] * (bool(question.archive) + question.asks_comment + bool(question.word))
        gaps = len(parts) - 1 if height >= HIGH else 0
        return sum(parts) + gaps + 2

    @property
    def focus_chain(self) -> list[Widget]:
        """From No, Tab goes to the inputs; Yes comes last."""
        return [widget for name in TAB_ORDER for widget in self.query(f"#{name}")]

    @property
    def _hints(self) -> tuple[str, ...]:
        """The keys that do something now, the one that continues first; longer where there is room."""
        question, following = self._question, self._next_by_tab
        verb, missing = question.verb.casefold(), question.word if self._is_word_missing else ""
        if isinstance(self.focused, Input):
            is_comment = self.focused.id == "comment"
            if missing:
                then = "⏎ then " if is_comment else ""
                return f"{then}type {missing}   esc close", f"{then}type it  esc close"
            return (f"⏎ {'next' if is_comment else verb}   esc close",)
        yes = f"y then type {missing} ⏎" if missing else "y yes"
        rest = ["n no", *(["tab comment"] if following == "comment" else [])]
        archive: list[str] = []
        if question.archive:
            archive = ["o do not archive", "o untick"] if self._archives else ["o archive"]
        return (
            "   ".join([yes, *rest, *archive[:1]]),
            "  ".join([yes, *rest, *archive[-1:]]),
            "  ".join(["y then type it" if missing else yes, *rest, *archive[-1:]]),
        )

    @property
    def _yes_label(self) -> Content:
        """With an ellipsis as long as y only asks for the word."""
        return Content(f"y  {self._question.verb}{'…' if self._is_word_missing else ''}")

    @property
    def _next_by_tab(self) -> str | None:
        """The name of what Tab goes to."""
        chain = self.focus_chain
        focused = chain.index(self.focused) if self.focused in chain else 0
        return chain[(focused + 1) % len(chain)].id if chain else None

    @property
    def _is_word_missing(self) -> bool:
        """Whether a word has to be typed before Yes is possible."""
        word = self._line("word")
        return bool(self._question.word) and (word is None or word.value.strip() != self._question.word)

    def on_descendant_focus(self) -> None:
        self._hint.show(*self._hints)

    @property
    def _archives(self) -> bool:
        """Also where there was no choice."""
        return all(box.value for box in self.query("#archive").results(Checkbox))

    def action_toggle_archive(self) -> None:
        for box in self.query("#archive").results(Checkbox):
            box.toggle()

    def action_read_on(self, by: int) -> None:
        self.query_one("#targets").scroll_relative(y=by, animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In an input, letters are text."""
        return action not in {"yes", "refuse", "toggle_archive"} or not isinstance(self.focused, Input)

    def action_refuse(self) -> None:
        self.action_no()

    def action_leave(self) -> None:
        comment = self._line("comment")
        if comment is not None and comment.value.strip() and not self._leave_requested:
            self._leave_requested = True
            self._show_error("Press esc again to discard the comment.")
        else:
            self.action_no()

    def action_no(self) -> None:
        self.dismiss(None)

    def action_yes(self) -> None:
        if self._is_word_missing and (word := self._line("word")) is not None:
            self._require_word(word)
            return
        comment = self._line("comment")
        self.dismiss(Consent(comment.value.strip() if comment else "", self._archives))

    def _line(self, name: str) -> Input | None:
        return next(iter(self.query(f"#{name}").results(Input)), None)

    def _require_word(self, word: Input) -> None:
        if word.value.strip():
            self._show_error(f"This does not match {self._question.word}.")
        self.set_focus(word)

    def _show_error(self, problem: str) -> None:
        error = self.query_one("#error", Static)
        error.display = bool(problem)
        error.update(Content(problem))

    @on(Input.Changed)
    def _input_changed(self) -> None:
        self._leave_requested = False
        self._show_error("")
        self.query_one("#yes", Button).label = self._yes_label
        self._hint.show(*self._hints)

    @on(Checkbox.Changed, "#archive")
    def _archive_changed(self) -> None:
        self._hint.show(*self._hints)
        for shown, paragraph in zip(self._paragraphs, self._message, strict=True):
            shown.update(HangingIndent(paragraph))

    @on(Button.Pressed, "#no")
    def _no(self) -> None:
        self.action_no()

    @on(Button.Pressed, "#yes")
    def _yes(self) -> None:
        self.action_yes()

    @on(Input.Submitted, "#comment")
    def _comment_submitted(self) -> None:
        self.set_focus(self._line("word") or self.query_one("#yes", Button))

    @on(Input.Submitted, "#word")
    def _word_submitted(self) -> None:
        self.action_yes()


def _last_below(breakpoints: Sequence[tuple[int, str]], size: int) -> str:
    """The class of the highest breakpoint that a width or height has reached."""
    return [name for least, name in breakpoints if size >= least][-1]


def word_for(name: str, otherwise: str) -> str:
    """The word to type as a confirmation: a name, or ``otherwise`` if the name is hard to type."""
    typed = (
        bool(name) and name.isascii() and name.isprintable() and visible(name) == name and len(name) <= MAX_WORD_LENGTH
    )
    return name if typed else otherwise
