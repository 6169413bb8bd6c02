"""Approving, rejecting and cancelling requests, on every screen that displays them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from tui_registry.client.errors import CallError
from tui_registry.keys.action import Action
from tui_registry.mutations.decision import (
    NEEDED_ACTIONS,
    PARTICIPLES,
    Decision,
    Target,
    decide,
    subject_of,
    targets_of,
)
from tui_registry.mutations.result import Result, Verdict
from tui_registry.screens.base.marks import counted
from tui_registry.screens.base.place import Place
from tui_registry.session.messages import LivenessChanged
from tui_registry_server.wire.transition_request import InboxRequest

if TYPE_CHECKING:
    from tui_registry.screens.dialogs.confirm import Consent, Question


class DecisionActions(Place):
    """A place with requests. Subclasses define ``requests_to``, and set ``by_subject`` as they load."""

    by_subject: Mapping[str, Sequence[InboxRequest]] = MappingProxyType({})
    """The loaded requests by what one decision settles."""

    def requests_to(self, decision: Decision) -> Sequence[InboxRequest]:
        """Those that a decision is about: of the marked rows or, if none are, of the one under the cursor."""
        raise NotImplementedError

    @property
    def is_about_marked(self) -> bool:
        """Whether a decision is about rows that are marked, wherever the cursor is."""
        return False

    def problem_of(self, request: InboxRequest) -> str:
        """What matters to a decision and cannot be read, where a place reads it."""
        return ""

    def description_of(self, name: str) -> str | None:
        """The description of a model, or its beginning; None where a place has not read it."""
        return None

    def decisions_are_live(self, action: str) -> bool:
        """Whether the server allows this decision on every chosen request, and none is being decided."""
        requests = self.requests_to(Decision(action))
        needed = NEEDED_ACTIONS[Decision(action)]
        is_changing = self.console_app.mutations.is_changing
        return bool(requests) and all(
            needed in request.available_actions
            and not is_changing(subject_of(request.name, request.version, request.to_stage))
            for request in requests
        )

    @property
    def live_actions(self) -> list[Action]:
        """Says how many requests a decision settles: those of others for the same transition are among them."""
        decisions = set(Decision)
        return [
            replace(action, label=self._counted(action)) if action.id in decisions else action
            for action in super().live_actions
        ]

    def _counted(self, action: Action) -> str:
        decision = Decision(action.id)
        chosen = self.requests_to(decision)
        count = len(chosen)
        if decision is not Decision.CANCEL:
            subjects = {subject_of(each.name, each.version, each.to_stage) for each in chosen}
            count = sum(len(self.by_subject.get(subject, ())) for subject in subjects)
        return counted(action.label, count) if count > 1 or (count and self.is_about_marked) else action.label

    def action_approve(self) -> None:
        self.confirm_decision(Decision.APPROVE)

    def action_reject(self) -> None:
        self.confirm_decision(Decision.REJECT)

    def action_cancel(self) -> None:
        self.confirm_decision(Decision.CANCEL)

    def confirm_decision(self, decision: Decision) -> None:
        if not self.decisions_are_live(decision.value):
            return
        from tui_registry.screens.dialogs.confirm import Confirm
        from tui_registry.screens.models.decision_dialog import UNREADABLE, question

        client, chosen = self.console_app.client, self.requests_to(decision)
        targets = targets_of(chosen, self.by_subject, decision)
        problems = {each.id: self.problem_of(each) for each in chosen}
        name = targets[0].name
        is_described = decision is not Decision.CANCEL and all(each.name == name for each in targets)
        known = self.description_of(name) if is_described else ""
        asked = partial(question, decision, targets, problems)

        async def read() -> "Question":
            try:
                return asked((await client.models.get(name)).description or "")
            except CallError:
                return asked(None, UNREADABLE)

        def answered(consent: "Consent | None") -> None:
            if consent is not None:
                self._decide(decision, targets, consent)

        self.app.push_screen(Confirm(asked(known), read if known is None else None), answered)

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
