"""The details of a transition request: who requested it and why, the version, and which versions it would displace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.widgets.hanging_indent import hanging
from tui_registry.widgets.request_lines import (
    activity_lines,
    comment_lines,
    displaced_line,
    marked_lines,
    model_lines,
    problem_line,
    request_lines,
    rest_of_comment,
    together_line,
    transition_lines,
    unlisted_line,
    version_lines,
)

if TYPE_CHECKING:
    from tui_registry.mutations.decision import Target
    from tui_registry.queries.version_comparison import VersionComparison
    from tui_registry_server.wire.model_version import ModelVersion
    from tui_registry_server.wire.stage import Stage
    from tui_registry_server.wire.transition_request import InboxRequest
    from tui_registry_server.wire.transition_review import TransitionReview

MODEL_SHARE = 3  # of the lines are for the model's description, at most


Lines = Callable[[int], list[Content]]
"""Renders the lines for a width in cells."""

MAX_MARKED = 200  # requests that are listed: they are drawn again at each move of the cursor


class RequestDetails(VerticalScroll, can_focus=False):
    def __init__(self) -> None:
        super().__init__(id="details")
        self._text = Static("", markup=False)
        self._displayed_id: str | None = None
        self._others: Sequence[InboxRequest] = ()  # that are decided with it
        self._description: tuple[str, str] | None = None  # a model's name, and the beginning of its description
        self._model_lines: Lines | None = None  # about the model, above the comparison
        self._review_lines: Lines | None = None
        self._comparison: tuple[str, VersionComparison] | None = None  # of the request with this id
        self._problems: dict[str, tuple[str, str]] = {}  # compared versions, what could not be read, by ids of requests
        self._make_lines: Lines = _no_lines

    def compose(self) -> ComposeResult:
        yield self._text

    def on_resize(self) -> None:
        self._draw(self._make_lines)

    def show_request(self, request: InboxRequest | None, others: Sequence[InboxRequest] = ()) -> None:
        """Show what the request itself says, at once; ``show_review`` adds what has to be fetched. ``others``: those
        that are decided with it."""
        if request is None:
            self._displayed_id, self._review_lines = None, None
            self._draw(_no_lines)
            return
        if request.id != self._displayed_id:
            self._review_lines = self._model_lines = None
            self.scroll_home(animate=False)
        self._displayed_id, self._others = request.id, others
        self._draw_request(request)

    def _draw_request(self, request: InboxRequest) -> None:
        others = self._others
        of_model, of_review = self._model_lines or _no_lines, self._review_lines or _no_lines
        self._draw(
            lambda width: [
                *transition_lines(request, width),
                *together_line(others),
                *request_lines(request, width),
                *of_model(width),
                *self._comparison_lines(request, width),
                *of_review(width),
            ]
        )

    def show_marked(self, requests: Sequence[InboxRequest], current: str | None, targets: Sequence[Target]) -> None:
        """Show what is decided together, a line for each: what is under the cursor is not all of it, if it is any of
        it. ``current``: the id of the request under the cursor. ``targets``: of approving or rejecting them."""
        if self._displayed_id is not None:
            self.scroll_home(animate=False)
        self._displayed_id, self._review_lines = None, None
        others = {target.id: target.unchosen for target in targets if target.unchosen}
        count = sum(map(len, others.values()))
        together = f"decided together{f' with {count} more' if count else ''}"
        instead = f"decided {f'with {count} more, ' if count else ''}in place of the row under the cursor"
        title = Content.styled(f"{len(requests)} marked, {together if len(requests) > 1 else instead}:", "dim")
        more = len(requests) - MAX_MARKED
        rest = [Content.styled(f"and {more:,} more", "dim")] if more > 0 else []
        self._draw(
            lambda width: [
                title,
                *self._uncompared_line(requests),
                *(
                    line
                    for each in requests[:MAX_MARKED]
                    for line in [
                        *marked_lines(each, current, width),
                        *problem_line(self.problem_of(each)),
                        *together_line(others.get(each.id, ()), "  "),
                    ]
                ),
                *rest,
            ]
        )

    def show_review(self, request: InboxRequest, review: TransitionReview, card_key: str) -> None:
        """Add what was fetched for a request, unless another one is displayed by now. ``card_key``: what opens the
        model's description."""
        if request.id != self._displayed_id:
            return
        self._description = request.name, review.model_description or ""
        self._model_lines = lambda width: model_lines(review, width, max(2, self.size.height // MODEL_SHARE), card_key)
        self._review_lines = lambda width: [
            Content(""),
            *map(displaced_line, review.displaced),
            *unlisted_line(request, review),
            *([Content.styled(f"version {request.version}", "bold")] if review.displaced else []),
            *version_lines(review.model_version, width),
            *rest_of_comment(request, width),
            *(line for comment in review.comments for line in [*comment_lines(comment), Content("")]),
            *(line for each in review.activities for line in activity_lines(each, width)),
        ]
        self._draw_request(request)

    def show_comparison(self, request: InboxRequest, comparison: VersionComparison) -> None:
        """Add what differs from the version that a request would displace, below all that is said about the request."""
        self._comparison = (request.id, comparison)
        self._problems[request.id] = comparison.displaced, comparison.problem
        self._draw(self._make_lines)

    def problem_of(self, request: InboxRequest) -> str:
        """What about a request, and the version that it would displace now, cannot be read, if that is known."""
        number, problem = self._problems.get(request.id, ("", ""))
        return problem if number in request.displaces else ""

    def _uncompared_line(self, requests: Sequence[InboxRequest]) -> list[Content]:
        """How many may have a problem that is not known, as the cursor was not on them for long enough."""
        from tui_registry.mutations.decision import displaced
        from tui_registry.queries.version_comparison import METRICS_AWAITED

        count = sum(
            bool(others := displaced(each))
            and (self._problems.get(each.id, ("",))[0] not in others or self.problem_of(each) == METRICS_AWAITED)
            for each in requests
        )
        what = "what it displaces" if count == 1 else "what they displace"
        return [Content.styled(f"{count:,} not compared yet with {what}", "$text-warning")] if count else []

    def description_of(self, name: str) -> str | None:
        """The beginning of a model's description, if it is the one that was shown last."""
        return self._description[1] if self._description is not None and self._description[0] == name else None

    def _comparison_lines(self, request: InboxRequest, width: int) -> list[Content]:
        if self._comparison is None:
            return []
        request_id, comparison = self._comparison
        if request_id != request.id or comparison.displaced not in request.displaces:
            return []
        from tui_registry.widgets.comparison_lines import comparison_lines

        return comparison_lines(comparison, width)

    def show_version(self, version: ModelVersion | None, requests: Sequence[InboxRequest]) -> None:
        """Show a version and its open requests."""
        if version is None:
            self._draw(_no_lines)
            return
        title = [] if requests else [Content.styled(f"{visible(version.name)} version {version.version}", "bold")]
        by_stage: dict[Stage, list[InboxRequest]] = {}
        for each in requests:
            by_stage.setdefault(each.to_stage, []).append(each)
        self._draw(
            lambda width: [
                *title,
                *(
                    line
                    for same in by_stage.values()
                    for line in [
                        *transition_lines(same[0], width),
                        *([Content(f"{len(same)} requests, decided together")] if len(same) > 1 else []),
                        *(part for request in same for part in request_lines(request, width)),
                        *self._comparison_lines(same[0], width),
                        Content(""),
                    ]
                ),
                *version_lines(version, width),
                *(line for request in requests for line in rest_of_comment(request, width)),
            ]
        )

    def show_error(self, request: InboxRequest, problem: str) -> None:
        """Say why the review could not be fetched, unless there is an earlier one or another request is displayed."""
        if request.id == self._displayed_id and self._review_lines is None:
            others = self._others
            self._draw(
                lambda width: [
                    *transition_lines(request, width),
                    *together_line(others),
                    *request_lines(request, width),
                    Content(""),
                    Content.styled(one_line(problem), "dim"),
                ]
            )

    def _draw(self, lines_of: Lines) -> None:
        self._make_lines = lines_of
        width = self.scrollable_content_region.width
        self._text.update(Content("\n").join(part for line in lines_of(width) for part in hanging(line, width)))


def _no_lines(_width: int) -> list[Content]:
    return []
