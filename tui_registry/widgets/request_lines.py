"""The lines about a transition request and its version: what it does, who requested it and why, what is known.

What somebody wrote is behind a bar, as in the dialogs, so that it is distinguished from what the console says."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content

from tui_registry.mutations.effect import PRODUCTION_LEFT_EMPTY, numbered, requests_by
from tui_registry.terminal.sanitize import lines, one_line, visible
from tui_registry.widgets.ages import age, moment
from tui_registry.widgets.hanging_indent import BAR, quoted
from tui_registry.widgets.stages import REQUEST_CONTENT_STYLE
from tui_registry.widgets.truncated_text import (
    MODEL_DETAILS,
    VERSION_DETAILS,
    cell_lines,
    is_truncated,
    plain_lines,
    there_is_more,
    wrapped_lines,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_registry_server.wire.activity import Activity
    from tui_registry_server.wire.comment import Comment
    from tui_registry_server.wire.model_version import ModelVersion
    from tui_registry_server.wire.transition_request import InboxRequest
    from tui_registry_server.wire.transition_review import DisplacedVersion, TransitionReview

LABEL_CELLS = 12
MAX_COMMENT_LINES = 4  # of what the requester wrote, above what the registry knows; the rest is below it

_quoted = partial(quoted, indentation="")


def displaced_line(holder: DisplacedVersion) -> Content:
    return Content.assemble(
        (f"now in {holder.current_stage}  ", "dim"),
        f"version {holder.version}",
        (f"  updated {age(holder.last_updated_timestamp)} ago", "dim"),
    )


def unlisted_line(request: InboxRequest, review: TransitionReview) -> list[Content]:
    more = len(set(request.displaces) - {request.version}) - len(review.displaced)
    return [Content.styled(f"now in {request.to_stage}  {more} more", "dim")] if more > 0 else []


def comment_lines(comment: Comment) -> list[Content]:
    return [
        Content.assemble((one_line(comment.user_id), "bold"), (f"  {age(comment.creation_timestamp)} ago", "dim")),
        *_paragraph(comment.comment),
    ]


def activity_lines(activity: Activity, width: int) -> list[Content]:
    from tui_registry.queries.activity_labels import action_label, describe

    label = f"{age(activity.creation_timestamp):>4}  "
    said = f"{one_line(activity.user_id or '')} {action_label(activity)}  {describe(activity)}"
    return [line.stylize("dim") for line in _labelled(label, said, width)]


def transition_lines(request: InboxRequest, width: int) -> list[Content]:
    """What is requested, and what approving it does."""
    title = Content.styled(f"{visible(request.name)} version {request.version}", "bold")
    heading = Content("   ").join([title, _transition(request)])
    return [
        *([heading] if heading.cell_length <= width else [title, _transition(request)]),
        *_effect_lines(request),
    ]


def _transition(request: InboxRequest) -> Content:
    return Content.styled(f"{request.from_stage} → {request.to_stage}", REQUEST_CONTENT_STYLE)


def together_line(others: Sequence[InboxRequest], indentation: str = "") -> list[Content]:
    """Whose requests are decided with one, as they are for the same."""
    if not others:
        return []
    return [Content(f"{indentation}decided together with {requests_by(others)}")]


def model_lines(review: TransitionReview, width: int, limit: int, card_key: str) -> list[Content]:
    """The beginning of the model's description, where teams write what its versions must meet; at most ``limit`` lines,
    and one that says how to read the rest."""
    text = review.model_description or ""
    wrapped = _filled_lines(text, width)
    if not wrapped:
        return []
    where = f"{card_key} shows all of it" if card_key else MODEL_DETAILS
    more = f": {where}" if len(wrapped) > limit or is_truncated(text) else ""
    return [Content.styled(f"description of the model{more}", "dim"), *map(_quoted, wrapped[:limit])]


def request_lines(request: InboxRequest, width: int) -> list[Content]:
    """Who requested it, and why."""
    who = Content.assemble(("requested by ", "dim"), one_line(request.user_id))
    ago = f"{age(request.creation_timestamp)} ago"
    when = f"  {moment(request.creation_timestamp)}, {ago}"
    return [
        who + Content.styled(when if who.cell_length + len(when) <= width else f"  {ago}", "dim"),
        *_start_of_comment(request, width),
        *([] if request.available_actions else [Content.styled("You cannot decide this request.", "dim")]),
    ]


def marked_lines(request: InboxRequest, current: str | None, width: int) -> list[Content]:
    """A request among others, in one line where there is room; else what it does is below its name."""
    style = "bold" if request.id == current else ""
    name = Content.styled(f"• {visible(request.name)} version {request.version}", style)
    transition = _transition(request)
    effects = _effects(request)
    whole = Content("   ").join([name, transition, *effects])
    rest = Content("   ").join([Content("  ") + transition, *effects])
    return [whole] if whole.cell_length <= width else [name, rest]


def problem_line(problem: str) -> list[Content]:
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
    wrapped = _filled_lines(comment, width)
    more = len(wrapped) - MAX_COMMENT_LINES
    what = "more of the" if is_truncated(comment) else "the whole"
    note = f"… {more} more line{'' if more == 1 else 's'}: {what} comment is below, J scrolls down"
    return [
        *map(_quoted, wrapped[:MAX_COMMENT_LINES]),
        *([Content.styled(note, "dim")] if more > 0 else there_is_more(comment, VERSION_DETAILS)),
    ]


def rest_of_comment(request: InboxRequest, width: int) -> list[Content]:
    comment = request.comment or ""
    if len(_filled_lines(comment, width)) <= MAX_COMMENT_LINES:
        return []
    title = f"the {'beginning of the' if is_truncated(comment) else 'whole'} comment of {one_line(request.user_id)}"
    more = there_is_more(comment, VERSION_DETAILS)
    return [Content.styled(title, "dim"), *map(_quoted, plain_lines(comment)), *more, Content("")]


def _filled_lines(text: str, width: int) -> list[str]:
    """The beginning of a text without blank lines, each line as long as there is room beside a bar."""
    return [line for line in wrapped_lines(text, width - len(BAR)) if line]


def version_lines(version: ModelVersion, width: int) -> list[Content]:
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
        *([*map(_quoted, lines(text)), Content("")] if text else []),
        *(line for label, value in facts if value for line in _fact(label, one_line(value), width)),
        *(_fact("tags", tags, width) if tags else []),
        *([Content(""), *_paragraph(version.description)] if version.description else []),
        Content(""),
    ]


def _fact(label: str, value: str, width: int) -> list[Content]:
    return _labelled(label.ljust(LABEL_CELLS), value, width)


def _labelled(label: str, value: str, width: int) -> list[Content]:
    """A label and a value, wrapped over as many lines as needed."""
    parts = cell_lines(value, width - len(label))
    labels = [label, *[" " * len(label)] * (len(parts) - 1)]
    return [Content.assemble((name, "dim"), line) for name, line in zip(labels, parts, strict=True)]


def _paragraph(text: str) -> list[Content]:
    return [*map(_quoted, plain_lines(text)), *there_is_more(text, VERSION_DETAILS)] if text else []
