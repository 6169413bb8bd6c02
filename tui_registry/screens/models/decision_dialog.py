"""The confirmation of a decision: the requests that it settles, whom it displaces, why they were made, and the
beginning of the model's description, where teams write what its versions must meet."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from textual.content import Content

from tui_registry.keys.names import legend
from tui_registry.mutations.decision import PARTICIPLES, PRESENT_TENSE, Decision, Target
from tui_registry.mutations.effect import PRODUCTION_LEFT_EMPTY, numbered
from tui_registry.screens.dialogs.confirm import Question, word_for
from tui_registry.terminal.sanitize import one_line
from tui_registry.widgets.ages import age
from tui_registry.widgets.hanging_indent import quoted
from tui_registry.widgets.truncated_text import (
    MAX_TEXT_LENGTH,
    MODEL_DETAILS,
    VERSION_DETAILS,
    there_is_more,
    wrapped_lines,
)
from tui_registry_server.wire.stage import EXCLUSIVE_STAGES, Stage

MAX_LISTED_TARGETS = 200
MAX_REASON_LINES = 3  # of a comment, above its rest, which comes after all that is said about the requests
REASON_CELLS = 62  # of each line, so that none is broken again at 80 columns
MAX_DESCRIPTION_LINES = 6  # of the model's description, above its rest
MAX_REASONS_LENGTH = 20_000  # characters of all comments together
MAX_NAMED = 3  # models, in a warning
UNREAD = "reading the description of the model…"
UNREADABLE = "The description of the model cannot be read."


def question(
    decision: Decision,
    targets: Sequence[Target],
    problems: Mapping[str, str] | None = None,
    description: str | None = "",
    unread: str = UNREAD,
) -> Question:
    """The confirmation for a decision. ``problems``: what matters to it and cannot be read, by the ids of requests.
    ``description``: of the model that all are about; None for not read, and ``unread`` stands in its place."""
    verb = decision.value.capitalize()
    listed = targets[:MAX_LISTED_TARGETS]
    more = [Content(f"  and {len(targets) - len(listed)} more")] if len(targets) > len(listed) else []
    production = any(Stage.PRODUCTION in {target.from_stage, target.to_stage} for target in targets)
    approving = decision is Decision.APPROVE
    count = sum(target.count for target in targets)
    chosen = sum(len(target.ids) for target in targets)
    one_model = len({target.name for target in targets}) == 1
    texts = [
        _TargetText(
            target,
            decision,
            reason_lines=1 if chosen > 1 or (count > 1 and description != "") else MAX_REASON_LINES,
            longest=min(MAX_TEXT_LENGTH, MAX_REASONS_LENGTH // len(listed)),
            is_alone=len(targets) == 1,
            is_last=len(targets) == 1 and description == "",
            problem=next(filter(None, ((problems or {}).get(each) for each in target.ids)), ""),
        )
        for target in listed
    ]
    described = _described(description, unread)
    rests = [*described[:1], *(rest for text in texts for rest in text.rests), *described[1:]]
    archive = _archive_label(targets) if approving else ""
    note = [Content.styled(_others(chosen, count - chosen, decision), "bold")] if count > chosen else []
    return Question(
        title=f"{verb} {f'{count} requests' if count > 1 else 'this request'}?",
        message=[*note, *(text.content(archive=True) for text in texts), *more, *rests],
        unarchived=[*note, *(text.content(archive=False) for text in texts), *more, *rests] if archive else (),
        # "Cancel" alone would be taken for No.
        verb=verb if decision is not Decision.CANCEL else "Cancel requests" if count > 1 else "Cancel request",
        warnings=_emptied(targets) if approving else [],
        asks_comment=True,
        archive=archive,
        word=word_for(targets[0].name if one_model else "", "production") if approving and production else "",
        why_word="this changes Production",
    )


def _described(description: str | None, unread: str) -> list[Content]:
    """The beginning of the model's description, and its rest; nothing if there is none."""
    if description is None:
        return [Content.styled(f"  {unread}", "dim")]
    wrapped = [line for line in wrapped_lines(description, REASON_CELLS) if line]
    if not wrapped:
        return []
    shown, rest = wrapped[:MAX_DESCRIPTION_LINES], wrapped[MAX_DESCRIPTION_LINES:]
    parts = [Content.styled("  description of the model:", "dim"), *map(quoted, shown)]
    cut = _indented(there_is_more(description, MODEL_DETAILS))
    ending = [_rest("the rest of the description of the model:", rest, cut)] if rest else []
    return [Content("\n").join([*parts, *(_more(len(rest)) or cut)]), *ending]


def _more(hidden: int) -> list[Content]:
    """A line that says how many lines of a text are at the end."""
    more = f"   … {hidden} more line{'' if hidden == 1 else 's'} at the end: ↓"
    return [Content.styled(legend(more), "dim")] if hidden > 0 else []


def _rest(title: str, texts: Sequence[str], cut: Sequence[Content]) -> Content:
    return Content("\n").join([Content.styled(f"  {title}", "dim"), *map(quoted, texts), *cut])


def _indented(lines: Sequence[Content]) -> list[Content]:
    return [Content("   ") + line for line in lines]


def _others(chosen: int, others: int, decision: Decision) -> str:
    """Why more requests are decided than were chosen."""
    transitions = "transitions" if min(chosen, others) > 1 else "transition"
    are = "are" if others > 1 else "is"
    them = "them" if chosen > 1 else "it"
    return f"{chosen} chosen; {others} more for the same {transitions} {are} {PARTICIPLES[decision]} with {them}."


def _archive_label(targets: Sequence[Target]) -> str:
    displaced = [version for target in targets for version in target.displaces]
    return archive_label({target.to_stage for target in targets}, displaced)


def archive_label(stages: Collection[Stage], displaced: Sequence[str]) -> str:
    """The label of the choice whether to archive the existing versions in these stages; empty if there is no choice.
    Short, as it is cut where there is no room; each target lists what it displaces in full."""
    if not set(stages) & set(EXCLUSIVE_STAGES) or not displaced:
        return ""
    if len(displaced) == 1:
        return f"Archive version {displaced[0]}"
    return f"Archive these {len(displaced)} versions"


def _emptied(targets: Sequence[Target]) -> list[str]:
    """A warning, if Production of some models is left empty."""
    models = list(dict.fromkeys(one_line(target.name, 60) for target in targets if target.leaves_empty))
    if not models or len(targets) == 1:
        return [PRODUCTION_LEFT_EMPTY] if models else []
    more = f" and {len(models) - MAX_NAMED} more" if len(models) > MAX_NAMED else ""
    return [f"Production of {', '.join(models[:MAX_NAMED])}{more} is left EMPTY: no other version is there."]


@dataclass(frozen=True, slots=True, kw_only=True)
class _TargetText:
    """What a confirmation says about a target: what approving it does to other versions and to Production, and for each
    request who made it, and the beginning of why.

    reason_lines: of each comment; the others are in ``rests``. longest: characters of each comment. is_alone: whether
    there is no other target, so that a warning says all about Production. is_last: whether nothing comes after the last
    comment. problem: what cannot be read.
    """

    target: Target = field(kw_only=False)
    decision: Decision = field(kw_only=False)
    reason_lines: int
    longest: int
    is_alone: bool
    is_last: bool
    problem: str

    def content(self, *, archive: bool) -> Content:
        """``archive``: whether the versions that are in the stage are archived."""
        target, approving = self.target, self.decision is Decision.APPROVE
        parts = [Content(f"• {one_line(str(target))}")]
        if approving and target.displaces:
            effect = displacing if archive else leaving
            parts.append(effect(target.displaces, target.to_stage))
        if approving and target.leaves_empty and not self.is_alone:
            parts.append(Content.styled(f"  {PRODUCTION_LEFT_EMPTY}", "$text-error"))
        if self.problem:
            parts.append(Content.styled(f"  ! {self.problem}", "$text-warning"))
        for (how, user, lines, cut), limit in zip(self._reasons, self._limits, strict=True):
            parts.append(Content.styled(how.format(one_line(user, 60)), "dim"))
            shown, hidden = lines[:limit], len(lines) - limit
            parts += [quoted(f"{' ' if number else '“'}{line}") for number, line in enumerate(shown)]
            if hidden > 0:
                parts += _more(hidden)
            elif shown:
                parts[-1] += "”"
                parts += cut
        return Content("\n").join(parts)

    @property
    def _reasons(self) -> list[tuple[str, str, list[str], list[Content]]]:
        """For each request how its author is introduced, the author, the lines of the comment, and what is said below
        these if they are not all."""
        target, verb = self.target, PRESENT_TENSE[self.decision]
        asked = [
            ("requested by {}", target.creator, target.created, target.comment),
            *(("and by {}", each.user_id, each.creation_timestamp, each.comment) for each in target.also),
            *(
                (f"also {verb} the request by {{}}", each.user_id, each.creation_timestamp, each.comment)
                for each in target.unchosen
            ),
        ]
        return [
            (
                f"  {how}, {age(created)} ago",
                user,
                [line for line in wrapped_lines(comment or "", REASON_CELLS, self.longest) if line],
                _indented(there_is_more(comment or "", VERSION_DETAILS, self.longest)),
            )
            for how, user, created, comment in asked
        ]

    @property
    def _limits(self) -> list[int]:
        """The lines of each comment that ``content`` has."""
        *others, last = [len(lines) for _, _, lines, _ in self._reasons]
        return [*(min(self.reason_lines, each) for each in others), last if self.is_last else self.reason_lines]

    @property
    def rests(self) -> list[Content]:
        """What ``content`` leaves out of the comments."""
        return [
            _rest(f"the rest of the comment by {one_line(user, 60)}:", lines[limit:], cut)
            for (_, user, lines, cut), limit in zip(self._reasons, self._limits, strict=True)
            if len(lines) > limit
        ]


def displacing(versions: Sequence[str], stage: Stage) -> Content:
    """A line about the versions that are in a stage now, and will be archived."""
    return Content.styled(f"  displaces {numbered(versions)}, now in {stage}", "$text-warning")


def leaving(versions: Sequence[str], stage: Stage) -> Content:
    """A line about the versions that are in a stage now, and will stay there beside the new one."""
    return Content.styled(f"  {numbered(versions)} {'stay' if len(versions) > 1 else 'stays'} in {stage}, too", "bold")
