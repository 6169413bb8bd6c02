"""Lists with requests: the details of the one under the cursor, and what differs from what it would displace."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tui_registry.client.errors import CallError
from tui_registry.mutations.decision import displaced
from tui_registry.screens.base.marks import MarkActions
from tui_registry.screens.models.decision_actions import DecisionActions
from tui_registry.widgets.request_details import RequestDetails
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.transition_request import InboxRequest

if TYPE_CHECKING:  # the first row does without
    from tui_registry.tracking.client import TrackingClient
    from tui_registry.tracking.run import Run

DEBOUNCE_SECONDS = 0.05  # that the cursor rests on a row before more about it is fetched

Metrics = tuple[Mapping[str, float], Mapping[str, float]]
"""Of the runs of two versions, by name."""
NO_METRICS: Metrics = ({}, {})


class RequestDecisions(MarkActions, DecisionActions):
    """A list with requests, some of which may be marked."""

    def __init__(self, *breadcrumbs: str) -> None:
        super().__init__(*breadcrumbs)
        self.details = RequestDetails()
        self._metrics: dict[tuple[str | None, str | None], Metrics] = {}  # of runs that have ended, by their ids

    def action_read_on(self, by: int) -> None:
        """Scroll the details by half their height."""
        self.details.scroll_relative(y=by * max(1, self.details.size.height // 2), animate=False)

    def problem_of(self, request: InboxRequest) -> str:
        return self.details.problem_of(request)

    async def compare(self, request: InboxRequest, version: ModelVersion) -> None:
        """Add to the details what differs from the version that a request would displace, if there is one: first what
        the registry knows, then the metrics of the two runs."""
        from tui_registry.queries.version_comparison import VersionComparison, compare

        others = displaced(request)
        if not others:
            return
        client = self.console_app.client
        number = max(others, key=int)
        try:
            before = await client.versions.get(request.name, number)
        except CallError as error:
            problem = f"version {number} cannot be read"
            self.details.show_comparison(request, VersionComparison(number, (), problem, str(error)))
            return
        run_ids = (before.run_id, version.run_id)
        known = self._metrics.get(run_ids)
        self.details.show_comparison(request, compare(before, version, known or NO_METRICS))
        if known or not all(run_ids) or run_ids[0] == run_ids[1]:
            return
        try:
            found, are_final, problem = await self._read_metrics(before, version)
        except CallError as error:
            self.details.show_comparison(request, compare(before, version, reason=f"Metrics cannot be read: {error}"))
            return
        if are_final:
            self._metrics[run_ids] = found
        self.details.show_comparison(request, compare(before, version, found, problem))

    async def _read_metrics(self, *versions: ModelVersion) -> tuple[Metrics, bool, str]:
        """The metrics of the runs of two versions, and whether they will not change: from the registry, if it knows
        both runs, else from the tracking server, if one is configured; and of which runs it cannot read them, and
        why. Raises CallError."""
        from tui_registry.queries.known_lineage import is_final, known_lineage, metrics_of

        client, opened = self.console_app.client, self.console_app.connection.opened
        old, new = await asyncio.gather(*(known_lineage(client, each.name, each.version) for each in versions))
        if old is not None and new is not None and old.metrics and new.metrics:
            return (metrics_of(old), metrics_of(new)), is_final(old) and is_final(new), ""
        if not (opened and opened.tracking_uri):
            return NO_METRICS, False, ""
        tracking = self.console_app.connection.tracking
        one, other = await asyncio.gather(*(_run_or_problem(tracking, each.run_id or "") for each in versions))
        if not isinstance(one, CallError) and not isinstance(other, CallError):
            return (one.metrics, other.metrics), bool(one.info.end_time and other.info.end_time), ""
        problems = {each.version: found for each, found in zip(versions, (one, other), strict=True)}
        return NO_METRICS, False, _problem({key: each for key, each in problems.items() if isinstance(each, CallError)})


async def _run_or_problem(tracking: "TrackingClient", run_id: str) -> "Run | CallError":
    try:
        return await tracking.run(run_id)
    except CallError as error:
        return error


def _problem(errors: Mapping[str, CallError]) -> str:
    """Of which versions there are no metrics, and why."""
    texts = {number: str(error) for number, error in errors.items()}
    if len(set(texts.values())) == 1:
        numbers = " and ".join(texts)
        return f"Metrics of version{'s' if len(texts) > 1 else ''} {numbers} cannot be read: {texts.popitem()[1]}"
    return "Metrics of both cannot be read. " + " ".join(f"Version {number}: {text}" for number, text in texts.items())
