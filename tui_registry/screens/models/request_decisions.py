"""Approving, rejecting and cancelling requests, on every screen that displays them."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from tui_registry.client.errors import CallError
from tui_registry.mutations.decision import NEEDED_ACTIONS, PARTICIPLES, Decision, Target, decide, displaced, subject_of
from tui_registry.mutations.effect import PRODUCTION_LEFT_EMPTY, numbered
from tui_registry.mutations.result import Result, Verdict
from tui_registry.screens.base.marks import MarkActions
from tui_registry.session.messages import LivenessChanged
from tui_registry.terminal.sanitize import one_line, summary
from tui_registry.widgets.request_details import RequestDetails
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.stage import EXCLUSIVE_STAGES, Stage
from tui_registry_server.wire.transition_request import InboxRequest

if TYPE_CHECKING:
    from tui_registry.screens.dialogs.confirm import Consent, Question

DEBOUNCE_SECONDS = 0.05  # that the cursor rests on a row before more about it is fetched
MAX_LISTED_TARGETS = 200
MAX_REASON_LINES = 3  # of a comment, in the confirmation
MAX_REASON_CELLS = 60  # characters of each
MAX_NAMED = 3  # models, in a warning

Metrics = tuple[Mapping[str, float], Mapping[str, float]]
"""Of the runs of two versions, by name."""
NO_METRICS: Metrics = ({}, {})


class RequestDecisions(MarkActions):
    """A place with requests. Subclasses define ``chosen_requests`` and ``known_requests``."""

    def __init__(self, *breadcrumbs: str) -> None:
        super().__init__(*breadcrumbs)
        self.details = RequestDetails()
        self._metrics: dict[tuple[str | None, str | None], Metrics] = {}  # of runs that have ended, by their ids

    def action_read_on(self, by: int) -> None:
        """Scroll the details by half their height."""
        self.details.scroll_relative(y=by * max(1, self.details.size.height // 2), animate=False)

    async def compare(self, request: InboxRequest, version: ModelVersion) -> None:
        """Add to the details what differs from the version that a request would displace, if there is one: first what
        the registry knows, then the metrics of the two runs. What cannot be read is left out."""
        from tui_registry.queries.version_comparison import compare

        others = displaced(request)
        if not others:
            return
        client = self.console_app.client
        try:
            before = await client.versions.get(request.name, max(others, key=int))
        except CallError:
            return
        run_ids = (before.run_id, version.run_id)
        known = self._metrics.get(run_ids)
        self.details.show_comparison(request, compare(before, version, known or NO_METRICS))
        if known or not all(run_ids) or run_ids[0] == run_ids[1]:
            return
        try:
            found, are_final = await self._read_metrics(before, version)
        except CallError as error:
            self.details.show_comparison(request, compare(before, version, problem=str(error)))
            return
        if are_final:
            self._metrics[run_ids] = found
        self.details.show_comparison(request, compare(before, version, found))

    async def _read_metrics(self, *versions: ModelVersion) -> tuple[Metrics, bool]:
        """The metrics of the runs of two versions, and whether they will not change: from the registry, if it knows
        both runs, else from the tracking server, if one is configured. Raises CallError."""
        from tui_registry.queries.known_lineage import is_final, known_lineage, metrics_of

        client, opened = self.console_app.client, self.console_app.connection.opened
        old, new = await asyncio.gather(*(known_lineage(client, each.name, each.version) for each in versions))
        if old is not None and new is not None and old.metrics and new.metrics:
            return (metrics_of(old), metrics_of(new)), is_final(old) and is_final(new)
        if not (opened and opened.tracking_uri):
            return NO_METRICS, False
        tracking = self.console_app.connection.tracking
        one, other = await asyncio.gather(*(tracking.run(each.run_id or "") for each in versions))
        return (one.metrics, other.metrics), bool(one.info.end_time and other.info.end_time)

    def chosen_requests(self) -> Sequence[InboxRequest]:
        """The marked requests or, if none are, the one under the cursor."""
        raise NotImplementedError

    def known_requests(self) -> Iterable[InboxRequest]:
        """Every request that was loaded."""
        raise NotImplementedError

    def decisions_are_live(self, action: str) -> bool:
        """Whether the server allows this decision on every chosen request, and none is being decided."""
        requests = self.chosen_requests()
        needed = NEEDED_ACTIONS[Decision(action)]
        is_changing = self.console_app.mutations.is_changing
        return bool(requests) and all(
            needed in request.available_actions
            and not is_changing(subject_of(request.name, request.version, request.to_stage))
            for request in requests
        )

    def action_approve(self) -> None:
        self._confirm_decision(Decision.APPROVE)

    def action_reject(self) -> None:
        self._confirm_decision(Decision.REJECT)

    def action_cancel(self) -> None:
        self._confirm_decision(Decision.CANCEL)

    def _confirm_decision(self, decision: Decision) -> None:
        if not self.decisions_are_live(decision.value):
            return
        from tui_registry.screens.dialogs.confirm import Confirm

        targets = _targets(self.chosen_requests(), self.known_requests(), decision)

        def answered(consent: "Consent | None") -> None:
            if consent is not None:
                self._decide(decision, targets, consent)

        self.app.push_screen(Confirm(question(decision, targets)), answered)

    def _decide(self, decision: Decision, targets: Sequence[Target], consent: "Consent") -> None:
        app = self.console_app
        mutations = [
            decide(
                app.client,
                target,
                decision,
                archive_existing_versions=consent.archive_existing_versions,
                comment=consent.comment,
            )
            for target in targets
        ]

        def finished(results: Sequence[Result]) -> None:
            pairs = zip(targets, results, strict=True)
            done = {each for target, result in pairs if result.verdict is Verdict.DONE for each in target.ids}
            if self.is_attached:  # the user may have left the place in the meantime
                self.after_decisions(done)

        app.mutations.start_each(mutations, finished, PARTICIPLES[decision])
        self.post_message(LivenessChanged())

    def after_decisions(self, ids: Collection[str]) -> None:
        """Called when all are finished, with the ids of the requests that were decided."""


def _targets(chosen: Iterable[InboxRequest], known: Iterable[InboxRequest], decision: Decision) -> list[Target]:
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


def question(decision: Decision, targets: Sequence[Target]) -> "Question":
    """The confirmation for a decision."""
    from tui_registry.screens.dialogs.confirm import Question, word_for

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
