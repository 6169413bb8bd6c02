"""A model's versions as rows of one table: which are first, and what is said about each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tui_registry.queries.prompts import is_prompt
from tui_registry.queries.stage_since import stage_since
from tui_registry.terminal.sanitize import one_line, summary
from tui_registry.widgets.ages import age, span
from tui_registry.widgets.columns import BY_AGE, BY_NUMBER, BY_TIME
from tui_registry.widgets.row import Instant, Ranked
from tui_registry.widgets.stages import BY_STAGE, REQUEST_STYLE, STAGE_RANKS, STAGE_STYLES, requested
from tui_registry.widgets.table import Column, Row
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.stage_history import StagePeriod
from tui_registry_server.wire.transition_request import InboxRequest

COLUMNS = (
    Column("VER", 4, max_width=10, sorting=BY_NUMBER),
    Column("STAGE", 10, max_width=32, sorting=BY_STAGE),
    Column("SINCE", 5, priority=2, sorting=BY_AGE),
    Column("BY", 12, priority=4, grow=1, max_width=28, is_cut_in_middle=True),
    Column("IN PRODUCTION", 26, priority=1, sorting=BY_TIME),
    Column("DESCRIPTION", 12, priority=3, grow=6, former=("note",)),
)
PROMPT_COLUMNS = (*COLUMNS[:-1], replace(COLUMNS[-1], title="COMMIT MESSAGE", key=COLUMNS[-1].name))
"""What MLflow keeps as the description of a prompt's version, it calls its commit message."""
OF_PROMPTS = ("ver", "since", "by", "description")
"""The columns that are displayed of the versions of prompts, which have no stages."""
UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class Versions:
    """What is known of a model's versions.

    versions: by number. requests: the open ones, newest first. periods: in stages, those that began last first.
    is_complete: whether these are all periods of all versions. predecessor: to which Production can be rolled back.
    """

    versions: Mapping[str, ModelVersion] = field(default_factory=dict)
    requests: Sequence[InboxRequest] = ()
    periods: Sequence[StagePeriod] = ()
    is_complete: bool = True
    predecessor: str | None = None

    def rows(self, short_name: Callable[[str], str]) -> list[Row]:
        """First the versions with open requests, then those in Production, then those that were there, the last one
        first, then the others, the newest first. ``short_name`` shortens a user's name."""
        periods: dict[str, list[StagePeriod]] = {}
        for period in self.periods:
            periods.setdefault(period.version, []).append(period)
        requests = self.requests_by_version
        return [
            self._row(self.versions[number], requests.get(number, ()), periods.get(number, []), short_name)
            for number in self._order(requests, periods)
        ]

    @property
    def requests_by_version(self) -> dict[str, list[InboxRequest]]:
        found: dict[str, list[InboxRequest]] = {}
        for request in self.requests:
            found.setdefault(request.version, []).append(request)
        return found

    def _order(self, requests: Iterable[str], periods: Mapping[str, Sequence[StagePeriod]]) -> Sequence[str]:
        newest = sorted(self.versions, key=int, reverse=True)
        current = [each for each in newest if self.versions[each].current_stage is Stage.PRODUCTION]
        left = {
            version: max(each.ended_timestamp or 0 for each in found)
            for version, of_version in periods.items()
            if (found := _in_production(of_version))
        }
        former = sorted(
            left, key=lambda version: (version == self.predecessor, left[version], int(version)), reverse=True
        )
        order = dict.fromkeys([*requests, *current, *former, *newest])
        return [version for version in order if version in self.versions]

    def _row(
        self,
        version: ModelVersion,
        requests: Sequence[InboxRequest],
        periods: Sequence[StagePeriod],
        short_name: Callable[[str], str],
    ) -> Row:
        stage = version.current_stage
        since, by = stage_since(version, periods, is_complete=self.is_complete)
        is_predecessor = version.version == self.predecessor
        where = f"{stage} {requested(requests)}" if requests else stage.value
        style = f"bold {REQUEST_STYLE}" if requests else STAGE_STYLES[stage]
        shown_stage = f"{where}, previous" if is_predecessor else where
        spans = _spans(periods)
        return Row(
            version.version,
            (
                (version.version, "bold"),
                (shown_stage, "bold" if is_predecessor and not requests else style),
                (UNKNOWN if since is None else age(since), "dim"),
                (one_line(short_name(by)) if by else UNKNOWN, "dim"),
                (spans, STAGE_STYLES[Stage.PRODUCTION] if stage is Stage.PRODUCTION else ""),
                (_described(version), "dim"),
            ),
            (
                int(version.version),
                Ranked(STAGE_RANKS[stage], shown_stage),
                None if since is None else Instant(since),
                by,
                Ranked(_in_production(periods)[0].started_timestamp, spans) if spans else None,
                version.description,
            ),
        )


def _described(version: ModelVersion) -> str:
    """The description in one line; of a prompt's version, after its aliases, which it has in place of a stage."""
    aliases = [f"@{one_line(alias)}" for alias in version.aliases] if is_prompt(version.tags) else []
    return "  ".join(filter(None, [*aliases, summary(version.description or "", 300)]))


def _in_production(periods: Sequence[StagePeriod]) -> list[StagePeriod]:
    return [each for each in periods if each.stage is Stage.PRODUCTION]


def _spans(periods: Sequence[StagePeriod]) -> str:
    """The newest time in Production, and how many there were before it."""
    found = _in_production(periods)
    if not found:
        return ""
    earlier = f" +{len(found) - 1}" if len(found) > 1 else ""
    return f"{span(found[0].started_timestamp, found[0].ended_timestamp)}{earlier}"
