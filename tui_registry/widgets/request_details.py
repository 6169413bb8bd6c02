"""The details of a transition request: who requested it and why, the version, and which versions it would displace."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui_registry.mutations.effect import PRODUCTION_LEFT_EMPTY, numbered, requests_by
from tui_registry.terminal.sanitize import lines, one_line, visible
from tui_registry.widgets.ages import age, moment
from tui_registry.widgets.stages import REQUEST_CONTENT_STYLE
from tui_registry.widgets.truncated_text import (
    MODEL_DETAILS,
    VERSION_DETAILS,
    is_truncated,
    plain_lines,
    there_is_more,
    wrapped_lines,
)

if TYPE_CHECKING:
    from tui_registry.mutations.decision import Target
    from tui_registry.queries.version_comparison import VersionComparison
    from tui_registry_server.wire.activity import Activity
    from tui_registry_server.wire.comment import Comment
    from tui_registry_server.wire.model_version import ModelVersion
    from tui_registry_server.wire.stage import Stage
    from tui_registry_server.wire.transition_request import InboxRequest
    from tui_registry_server.wire.transition_review import DisplacedVersion, TransitionReview

LABEL_CELLS = 12
MODEL_SHARE = 3  # of the lines are for the model's description, at most
MAX_COMMENT_LINES = 4  # of what the requester wrote, above what the registry knows; the rest is below it


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
        model_lines, review_lines = self._model_lines or _no_lines, self._review_lines or _no_lines
        self._draw(
            lambda width: [
                *_transition_lines(request, width),
                *_together_line(others),
                *_request_lines(request, width),
                *model_lines(width),
                *self._comparison_lines(request, width),
                *review_lines(width),
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
                        *_marked_lines(each, current, width),
                        *_problem_line(self.problem_of(each)),
                        *_together_line(others.get(each.id, ()), "  "),
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
        self._model_lines = lambda width: _model_lines(review, width, max(2, self.size.height // MODEL_SHARE), card_key)
        self._review_lines = lambda width: [
            Content(""),
            *map(_displaced_line, review.displaced),
            *_unlisted_line(request, review),
            *([Content.styled(f"version {request.version}", "bold")] if review.displaced else []),
            *_version_lines(review.model_version, width),
            *_rest_of_comment(request, width),
            *(line for comment in review.comments for line in [*_comment_lines(comment), Content("")]),
            *map(_activity_line, review.activities),
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
                        *_transition_lines(same[0], width),
                        *([Content(f"{len(same)} requests, decided together")] if len(same) > 1 else []),
                        *(part for request in same for part in _request_lines(request, width)),
                        *self._comparison_lines(same[0], width),
                        Content(""),
                    ]
                ),
                *_version_lines(version, width),
                *(line for request in requests for line in _rest_of_comment(request, width)),
            ]
        )

    def show_error(self, request: InboxRequest, problem: str) -> None:
        """Say why the review could not be fetched, unless there is an earlier one or another request is displayed."""
        if request.id == self._displayed_id and self._review_lines is None:
            others = self._others
            self._draw(
                lambda width: [
                    *_transition_lines(request, width),
                    *_together_line(others),
                    *_request_lines(request, width),
                    Content(""),
                    Content.styled(one_line(problem), "dim"),
                ]
            )

    def _draw(self, lines_of: Lines) -> None:
        self._make_lines = lines_of
        self._text.update(Content("\n").join(lines_of(self.scrollable_content_region.width)))


def _no_lines(_width: int) -> list[Content]:
    return []


def _displaced_line(holder: DisplacedVersion) -> Content:
    return Content.assemble(
        (f"now in {holder.current_stage}  ", "dim"),
        f"version {holder.version}",
        (f"  updated {age(holder.last_updated_timestamp)} ago", "dim"),
    )


def _unlisted_line(request: InboxRequest, review: TransitionReview) -> list[Content]:
    more = len(set(request.displaces) - {request.version}) - len(review.displaced)
    return [Content.styled(f"now in {request.to_stage}  {more} more", "dim")] if more > 0 else []


def _comment_lines(comment: Comment) -> list[Content]:
    return [
        Content.assemble((one_line(comment.user_id), "bold"), (f"  {age(comment.creation_timestamp)} ago", "dim")),
        *_paragraph(comment.comment),
    ]


def _activity_line(activity: Activity) -> Content:
    from tui_registry.queries.activity_labels import action_label, describe

    who = one_line(activity.user_id or "")
    return Content.styled(
        f"{age(activity.creation_timestamp):>4}  {who} {action_label(activity)}  {describe(activity)}", "dim"
    )


def _transition_lines(request: InboxRequest, width: int) -> list[Content]:
    """What is requested, and what approving it does."""
    title = Content.styled(f"{visible(request.name)} version {request.version}", "bold")
    heading = Content("   ").join([title, _transition(request)])
    return [
        *([heading] if heading.cell_length <= width else [title, _transition(request)]),
        *_effect_lines(request),
    ]


def _transition(request: InboxRequest) -> Content:
    return Content.styled(f"{request.from_stage} → {request.to_stage}", REQUEST_CONTENT_STYLE)


def _together_line(others: Sequence[InboxRequest], indentation: str = "") -> list[Content]:
    """Whose requests are decided with one, as they are for the same."""
    if not others:
        return []
    return [Content(f"{indentation}decided together with {requests_by(others)}")]


def _model_lines(review: TransitionReview, width: int, limit: int, card_key: str) -> list[Content]:
    """The beginning of the model's description, where teams write what its versions must meet; at most ``limit`` lines,
    and one that says how to read the rest."""
    text = review.model_description or ""
    wrapped = [line for line in wrapped_lines(text, width) if line]
    if not wrapped:
        return []
    where = f"{card_key} shows all of it" if card_key else MODEL_DETAILS
    more = f": {where}" if len(wrapped) > limit or is_truncated(text) else ""
    return [Content.styled(f"description of the model{more}", "dim"), *map(Content, wrapped[:limit])]


def _request_lines(request: InboxRequest, width: int) -> list[Content]:
    """Who requested it, and why."""
    return [
        Content.assemble(
            ("requested by ", "dim"),
            one_line(request.user_id),
            (f"  {moment(request.creation_timestamp)}, {age(request.creation_timestamp)} ago", "dim"),
        ),
        *_start_of_comment(request, width),
        *([] if request.available_actions else [Content.styled("You cannot decide this request.", "dim")]),
    ]


def _marked_lines(request: InboxRequest, current: str | None, width: int) -> list[Content]:
    """A request among others, in one line where there is room; else what it does is below its name."""
    style = "bold" if request.id == current else ""
    name = Content.styled(f"• {visible(request.name)} version {request.version}", style)
    transition = _transition(request)
    effects = _effects(request)
    whole = Content("   ").join([name, transition, *effects])
    rest = Content("   ").join([Content("  ") + transition, *effects])
    return [whole] if whole.cell_length <= width else [name, rest]


def _problem_line(problem: str) -> list[Content]:
    return [Content.styled(f"  ! {problem}", "$text-warning")] if problem else []


def _effects(request: InboxRequest) -> list[Content]:
    """What approving does besides moving the version, in few words."""
    from tui_registry.mutations.decision import displaced

    versions = displaced(request)
    return [
        *([Content.styled(f"displaces {numbered(versions)}", "$text-warning")] if versions else []),
        *([Content.styled("Production is left EMPTY", "bold $text-error")] if request.leaves_empty else []),
    ]


def _effect_lines(request: InboxRequest) -> list[Content]:
    """What approving does besides moving the version, first of all that is said about a request."""
    from tui_registry.mutations.decision import displaced

    versions = displaced(request)
    return [
        *([Content.styled(f"displaces {numbered(versions)}, now in {request.to_stage}", "bold")] if versions else []),
        *([Content.styled(PRODUCTION_LEFT_EMPTY, "bold $text-error")] if request.leaves_empty else []),
    ]


def _start_of_comment(request: InboxRequest, width: int) -> list[Content]:
    """The first lines of what the requester wrote: it must not push away what the registry knows."""
    comment = request.comment or ""
    wrapped = wrapped_lines(comment, width)
    more = len(wrapped) - MAX_COMMENT_LINES
    what = "more of the" if is_truncated(comment) else "the whole"
    note = f"… {more} more line{'' if more == 1 else 's'}: {what} comment is below, J scrolls down"
    return [
        *map(Content, wrapped[:MAX_COMMENT_LINES]),
        *([Content.styled(note, "dim")] if more > 0 else there_is_more(comment, VERSION_DETAILS)),
    ]


def _rest_of_comment(request: InboxRequest, width: int) -> list[Content]:
    comment = request.comment or ""
    wrapped = wrapped_lines(comment, width)
    if len(wrapped) <= MAX_COMMENT_LINES:
        return []
    title = f"the {'beginning of the' if is_truncated(comment) else 'whole'} comment of {one_line(request.user_id)}"
    more = there_is_more(comment, VERSION_DETAILS)
    return [Content.styled(title, "dim"), *map(Content, wrapped), *more, Content("")]


def _version_lines(version: ModelVersion, width: int) -> list[Content]:
    from tui_registry.queries.prompts import is_prompt, own_tags, readable

    of_prompt = is_prompt(version.tags)
    facts = [
        ("created by", version.user_id),
        ("source", "" if of_prompt else version.source),
        ("run", version.run_id),
        ("run link", version.run_link),
    ]
    tags = "  ".join(f"{one_line(tag.key)}={one_line(tag.value, 200)}" for tag in own_tags(version.tags))
    text = readable(version) if of_prompt else ""
    return [
        *([*map(Content, lines(text)), Content("")] if text else []),
        *(line for label, value in facts if value for line in _fact(label, one_line(value), width)),
        *(_fact("tags", tags, width) if tags else []),
        *([Content(""), *_paragraph(version.description)] if version.description else []),
        Content(""),
    ]


def _fact(label: str, value: str, width: int) -> list[Content]:
    """A label and a value, wrapped over as many lines as needed; long words, such as URIs, are broken."""
    wrapped = textwrap.wrap(value, max(20, width - LABEL_CELLS), break_on_hyphens=False) or [""]
    labels = [label, *[""] * (len(wrapped) - 1)]
    return [
        Content.assemble((name.ljust(LABEL_CELLS), "dim"), line) for name, line in zip(labels, wrapped, strict=True)
    ]


def _paragraph(text: str) -> list[Content]:
    return [*map(Content, plain_lines(text)), *there_is_more(text, VERSION_DETAILS)] if text else []
