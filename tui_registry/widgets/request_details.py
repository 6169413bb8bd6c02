"""What one needs to know to decide a request: who asked and why, what the version is, what it would displace."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui_registry.terminal.sanitize import lines, one_line, visible
from tui_registry.widgets.ages import age, moment
from tui_registry.widgets.stages import STAGE_TINTS

if TYPE_CHECKING:
    from tui_registry_server.wire.activity import Activity
    from tui_registry_server.wire.comment import Comment
    from tui_registry_server.wire.model_version import ModelVersion
    from tui_registry_server.wire.transition_request import InboxRequest
    from tui_registry_server.wire.transition_review import TransitionReview

LABEL = 9  # cells
SHOWN = 2_000  # characters of a description or comment


Lines = Callable[[int], list[Content]]
"""Makes the lines for so many cells of width."""


class RequestDetails(VerticalScroll, can_focus=False):
    def __init__(self) -> None:
        super().__init__(id="details")
        self._text = Static("", markup=False)
        self._shown: str | None = None
        self._known: Lines | None = None
        self._lines: Lines = _nothing

    def compose(self) -> ComposeResult:
        yield self._text

    def on_resize(self) -> None:
        self._draw(self._lines)

    def show(self, request: InboxRequest | None) -> None:
        """What the request itself says, at once; ``fill`` adds what has to be fetched."""
        if request is None:
            self._shown, self._known = None, None
            self._draw(_nothing)
            return
        if request.id != self._shown:
            self._known = None
            self.scroll_home(animate=False)
        self._shown = request.id
        known = self._known or _nothing
        self._draw(lambda width: [*_asked(request, width), *known(width)])

    def fill(
        self,
        request: InboxRequest,
        review: TransitionReview,
    ) -> None:
        """What was fetched for a request, unless another is shown by now."""
        if request.id != self._shown:
            return
        self._known = lambda width: [
            Content(""),
            *map(_displaced, review.displaced),
            *_not_listed(request, review),
            *_of_version(review.model_version, width),
            *(line for comment in review.comments for line in [*_commented(comment), Content("")]),
            *map(_done, review.activities),
        ]
        self.show(request)

    def show_version(self, version: ModelVersion | None, requests: Sequence[InboxRequest]) -> None:
        """A version, and the requests that are open for it."""
        if version is None:
            self._draw(_nothing)
            return
        named = [] if requests else [Content.styled(f"{visible(version.name)} version {version.version}", "bold")]
        self._draw(
            lambda width: [
                *named,
                *(line for request in requests for line in [*_asked(request, width), Content("")]),
                *_of_version(version, width),
            ]
        )

    def complain(self, request: InboxRequest, problem: str) -> None:
        """Say that the rest could not be fetched, unless it is known from before, or another is shown by now."""
        if request.id == self._shown and self._known is None:
            self._draw(lambda width: [*_asked(request, width), Content(""), Content.styled(one_line(problem), "dim")])

    def _draw(self, lines_of: Lines) -> None:
        self._lines = lines_of
        self._text.update(Content("\n").join(lines_of(self.scrollable_content_region.width)))


def _nothing(_width: int) -> list[Content]:
    return []


def _displaced(holder: ModelVersion) -> Content:
    return Content.assemble(
        ("displaces ", "dim"),
        f"version {holder.version}",
        (f"  in {holder.current_stage}, changed {age(holder.last_updated_timestamp)} ago", "dim"),
    )


def _not_listed(request: InboxRequest, review: TransitionReview) -> list[Content]:
    more = len(set(request.displaces) - {request.version}) - len(review.displaced)
    return [Content.styled(f"displaces {more} more", "dim")] if more > 0 else []


def _commented(comment: Comment) -> list[Content]:
    return [
        Content.assemble((one_line(comment.user_id), "bold"), (f"  {age(comment.creation_timestamp)} ago", "dim")),
        *_paragraph(comment.comment),
    ]


def _done(activity: Activity) -> Content:
    from tui_registry.queries.activity_labels import action_label, describe

    who = one_line(activity.user_id or "")
    return Content.styled(
        f"{age(activity.creation_timestamp):>4}  {who} {action_label(activity)}  {describe(activity)}", "dim"
    )


def _asked(request: InboxRequest, width: int) -> list[Content]:
    title = Content.styled(f"{visible(request.name)} version {request.version}", "bold")
    transition = Content.styled(f"{request.from_stage} → {request.to_stage}", STAGE_TINTS[request.to_stage])
    beside = Content("   ").join([title, transition])
    return [
        *([beside] if beside.cell_length <= width else [title, transition]),
        Content.assemble(
            ("asked by ", "dim"),
            one_line(request.user_id),
            (f"  {moment(request.creation_timestamp)}, {age(request.creation_timestamp)} ago", "dim"),
        ),
        *_paragraph(request.comment or ""),
        *([] if request.available_actions else [Content.styled("You may look, but not decide this one.", "dim")]),
    ]


def _of_version(version: ModelVersion, width: int) -> list[Content]:
    facts = [
        ("made by", version.user_id),
        ("source", version.source),
        ("run", version.run_id),
        ("link", version.run_link),
    ]
    tags = "  ".join(f"{one_line(tag.key)}={one_line(tag.value, 200)}" for tag in version.tags)
    return [
        *(line for label, value in facts if value for line in _fact(label, one_line(value), width)),
        *(_fact("tags", tags, width) if tags else []),
        *([Content(""), *_paragraph(version.description)] if version.description else []),
        Content(""),
    ]


def _fact(label: str, value: str, width: int) -> list[Content]:
    """A label and, beside it, a value in as many lines as it takes; long words, such as URIs, are broken."""
    wrapped = textwrap.wrap(value, max(20, width - LABEL), break_on_hyphens=False) or [""]
    labels = [label, *[""] * (len(wrapped) - 1)]
    return [Content.assemble((name.ljust(LABEL), "dim"), line) for name, line in zip(labels, wrapped, strict=True)]


def _paragraph(text: str) -> list[Content]:
    return [Content(line) for line in lines(text, SHOWN)] if text else []
