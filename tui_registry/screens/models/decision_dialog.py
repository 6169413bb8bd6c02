"""The confirmation of a decision: the requests that it settles, whom it displaces, and why they were made."""

from collections.abc import Collection, Iterable, Sequence

from textual.content import Content

from tui_registry.mutations.decision import Decision, Target, subject_of
from tui_registry.mutations.effect import PRODUCTION_LEFT_EMPTY, numbered
from tui_registry.screens.dialogs.confirm import Question, word_for
from tui_registry.terminal.sanitize import one_line, summary
from tui_registry_server.wire.stage import EXCLUSIVE_STAGES, Stage
from tui_registry_server.wire.transition_request import InboxRequest

MAX_LISTED_TARGETS = 200
MAX_REASON_LINES = 3  # of a comment, in the confirmation
MAX_REASON_CELLS = 60  # characters of each
MAX_NAMED = 3  # models, in a warning


def targets_of(chosen: Iterable[InboxRequest], known: Iterable[InboxRequest], decision: Decision) -> list[Target]:
    """The targets of a decision. Approving and rejecting close every request for a version and stage, whoever requested
    it: these are one target, however many of them are marked."""
    if decision is Decision.CANCEL:
        return [Target.of(request) for request in chosen]
    ids: set[str] = set()
    same: dict[str, list[InboxRequest]] = {}  # those that are chosen, by what one decision settles
    for request in chosen:
        ids.add(request.id)
        same.setdefault(subject_of(request.name, request.version, request.to_stage), []).append(request)
    others: dict[str, list[InboxRequest]] = {}
    for request in known:
        if request.id not in ids:
            others.setdefault(subject_of(request.name, request.version, request.to_stage), []).append(request)
    return [Target.of(first, also, others.get(subject, ())) for subject, (first, *also) in same.items()]


def question(decision: Decision, targets: Sequence[Target]) -> Question:
    """The confirmation for a decision."""
    verb = decision.value.capitalize()
    more = [Content(f"  and {len(targets) - MAX_LISTED_TARGETS} more")] if len(targets) > MAX_LISTED_TARGETS else []
    production = any(Stage.PRODUCTION in {target.from_stage, target.to_stage} for target in targets)
    approving = decision is Decision.APPROVE
    count = sum(len(target.ids) for target in targets)
    several = count > 1
    reason_lines = 1 if several else MAX_REASON_LINES
    one_model = len({target.name for target in targets}) == 1
    return Question(
        title=f"{verb} {f'these {count} requests' if several else 'this request'}?",
        message=[
            *(
                _target_text(target, approving=approving, lines=reason_lines, several=len(targets) > 1)
                for target in targets[:MAX_LISTED_TARGETS]
            ),
            *more,
        ],
        # "Cancel" alone would be taken for No.
        verb=verb if decision is not Decision.CANCEL else "Cancel requests" if several else "Cancel request",
        warnings=_emptied(targets) if approving else [],
        asks_comment=True,
        archive=_archive_label(targets) if approving else "",
        word=word_for(targets[0].name if one_model else "", "production") if approving and production else "",
        why_word="this changes Production",
    )


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


def _target_text(target: Target, *, approving: bool, lines: int, several: bool) -> Content:
    """A target, what approving it does to other versions and to Production, and for each request who made it, and the
    beginning of why."""
    parts = [Content(f"• {one_line(str(target))}")]
    if approving and target.displaces:
        parts.append(displacing(target.displaces, target.to_stage))
    if approving and target.leaves_empty and several:
        parts.append(Content.styled(f"  {PRODUCTION_LEFT_EMPTY}", "$text-error"))
    asked = [
        ("requested by", target.creator, target.comment),
        *(("and by", each.user_id, each.comment) for each in target.also),
        *(("this also settles the request by", each.user_id, each.comment) for each in target.unchosen),
    ]
    for how, user, comment in asked:
        parts.append(Content.styled(f"  {how} {one_line(user, 60)}", "dim"))
        if reason := summary(comment or "", MAX_REASON_CELLS * lines):
            parts.append(Content(f"  “{reason}”"))
    return Content("\n").join(parts)


def displacing(versions: Sequence[str], stage: Stage) -> Content:
    """A line about the versions that are in a stage now."""
    return Content.styled(f"  displaces {numbered(versions)}, now in {stage}", "$text-warning")
