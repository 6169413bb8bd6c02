"""Lists with requests: the details of the one under the cursor, and what differs from what it would displace."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tui_registry.client.errors import CallError
from tui_registry.mutations.decision import displaced
from tui_registry.screens.base.marks import MarkActions
from tui_registry.screens.models.decision_actions import DecisionActions
from tui_registry.widgets.request_details import RequestDetails
from tui_registry_server.wire.transition_request import InboxRequest

if TYPE_CHECKING:
    from tui_registry_server.wire.model_version import ModelVersion

DEBOUNCE_SECONDS = 0.05  # that the cursor rests on a row before more about it is fetched

Metrics = tuple[Mapping[str, float], Mapping[str, float]]
"""Of the runs of two versions, by name."""
NO_METRICS: Metrics = ({}, {})
RunIds = tuple[str | None, str | None]
"""Of two versions."""


class RequestDecisions(MarkActions, DecisionActions):
    """A list with requests, some of which may be marked."""

    def __init__(self, *breadcrumbs: str) -> None:
        super().__init__(*breadcrumbs)
        self.details = RequestDetails()
        self._metrics: dict[RunIds, tuple[Metrics, str]] = {}  # as last read, and why they cannot be
        self._final: set[RunIds] = set()  # the runs that have ended

    @property
    def is_about_marked(self) -> bool:
        return bool(self.marked_keys)

    def action_read_on(self, by: int) -> None:
        """Scroll the details by half their height."""
        self.details.scroll_relative(y=by * max(1, self.details.size.height // 2), animate=False)

    def problem_of(self, request: InboxRequest) -> str:
        return self.details.problem_of(request)

    def description_of(self, name: str) -> str | None:
        return self.details.description_of(name)

    async def compare(self, request: InboxRequest, version: "ModelVersion") -> None:
        """Add to the details what differs from the version that a request would displace, if there is one: first what
        the registry knows, then the metrics of the two runs."""
        from tui_registry.queries.run_metrics import joined_problem, read_metrics
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
        connection, is_read = self.console_app.connection, run_ids in self._metrics
        is_final = run_ids in self._final or not all(run_ids) or run_ids[0] == run_ids[1]
        are_awaited = not is_read and not is_final and bool(connection.opened and connection.opened.tracking_uri)
        known = self._metrics.get(run_ids, (NO_METRICS, ""))
        self.details.show_comparison(request, compare(before, version, *known, are_awaited=are_awaited))
        if is_final:
            return
        versions = (before, version)
        try:
            found = await read_metrics(connection, versions)
        except CallError as error:
            self.details.show_comparison(request, compare(before, version, reason=str(error)))
            return
        problem = joined_problem(versions, found)
        metrics = NO_METRICS if problem else (found[0].values, found[1].values)
        self._metrics[run_ids] = metrics, problem
        if all(each.is_final for each in found):
            self._final.add(run_ids)
        self.details.show_comparison(request, compare(before, version, metrics, problem))
