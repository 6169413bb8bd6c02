"""The runs of an experiment, with a choice of metrics and parameters as columns, and of the sort order."""

from collections import Counter
from collections.abc import Collection, Sequence
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import BindingType

from tui_registry.keys.actions import WHILE_TYPING, bindings
from tui_registry.screens.base.listing import Listing
from tui_registry.screens.dialogs.choose import Choice, Choose
from tui_registry.screens.dialogs.form import Field, Form
from tui_registry.screens.tracking.run import RunPlace
from tui_registry.screens.tracking.tracking_place import TrackingPlace
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.tracking.filters import key_of, matches_run, matching_page, runs_filter
from tui_registry.tracking.run import Run
from tui_registry.widgets.ages import age
from tui_registry.widgets.runs import STATUS_STYLES, format_metric
from tui_registry.widgets.table import Column, Row

NEWEST = "attributes.start_time DESC"
DEFAULT_COLUMNS = 6  # metrics and parameters displayed until the user chooses
MIN_COLUMN_CELLS, MAX_COLUMN_CELLS = 8, 16  # of a metric or parameter


class Runs(TrackingPlace, Listing):
    place = "runs"
    list_title = "Runs"
    empty_message = "No runs in this experiment."
    no_match = "No matching runs."
    fields = ("user", "status", "tag")
    placeholder = "name, user:ada, status:failed, tag:k=v, rmse<0.5, or = then an MLflow filter"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("runs"), *WHILE_TYPING]
    COLUMNS = (Column("RUN", 14, grow=1, max_width=40),)

    def __init__(self, experiment_id: str, name: str, for_model: str | None = None) -> None:
        super().__init__("Experiments", name)
        self._experiment_id = experiment_id
        self._for_model = for_model
        self._runs: dict[str, Run] = {}
        self._order = NEWEST
        self._fields: tuple[str, ...] | None = None  # metrics and parameters, by name

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        order = [self._order] if self._order == NEWEST else [self._order, NEWEST]

        async def read(token: str) -> tuple[list[Run], str]:
            page = await self.tracking.runs(
                self._experiment_id, filter_text=runs_filter(typed), order_by=order, max_results=size, page_token=token
            )
            return page.runs, page.next_page_token

        runs, token = await matching_page(read, partial(matches_run, typed=typed), token)
        self._runs |= {run.info.run_id: run for run in runs}
        if self._fields is None and runs:
            self._use_fields(_default_fields(runs))
        fields = self._fields or ()
        return [_row(run, fields, self.console_app.connection.short_name(run.user)) for run in runs], token

    def open_row(self, key: str) -> None:
        run = self._runs[key]
        self.app.push_screen(RunPlace(key, *self.breadcrumbs, run.name, for_model=self._for_model))

    def is_live(self, action: str) -> bool:
        if action == "columns":
            return bool(self._runs)
        return super().is_live(action)

    def action_copy(self) -> None:
        if self.table.cursor_key is not None:
            self.console_app.copy(self.tracking.run_link(self._runs[self.table.cursor_key]))

    def action_sort(self) -> None:
        self.console_app.mutations.prepare(self._sort)

    async def _sort(self) -> None:
        metrics = [key for key, _ in Counter(key for run in self._runs.values() for key in run.metrics).most_common()]
        choices = [Choice(NEWEST, "newest first")]
        for metric in metrics:
            choices.append(Choice(_by(metric, "ASC"), metric, "lowest first"))
            choices.append(Choice(_by(metric, "DESC"), metric, "highest first"))
        order = await self.app.push_screen_wait(Choose("Sort the runs", choices))
        if order is not None and order != self._order:
            self._order = order
            sorted_by = [metric for metric in metrics if order in {_by(metric, "ASC"), _by(metric, "DESC")}]
            self._use_fields(tuple(dict.fromkeys([*sorted_by, *(self._fields or ())])))
            self.restart()

    def action_columns(self) -> None:
        self.console_app.mutations.prepare(self._choose_columns)

    async def _choose_columns(self) -> None:
        field = Field(
            name="columns",
            label="Metrics and parameters, in order, separated by commas",
            value=", ".join(self._fields or ()),
            hint="none",
            suggest=self._suggest,
            check=self._unknown,
        )
        values = await self.app.push_screen_wait(Form("Show as columns", [field], save="Show"))
        if values is not None:
            self._use_fields(_named(values["columns"]))
            self.restart()

    async def _suggest(self, typed: str) -> list[str]:
        """The input with its last name completed."""
        before, comma, last = typed.rpartition(",")
        lead = f"{before}{comma} " if comma else ""
        wanted = last.strip().casefold()
        chosen = set(_named(before))
        return [lead + known for known in self._known if wanted in known.casefold() and known not in chosen]

    def _unknown(self, typed: str) -> str:
        unknown = [name for name in _named(typed) if name not in self._known]
        return f"No loaded run has {', '.join(unknown)}." if unknown else ""

    @property
    def _known(self) -> list[str]:
        """The metrics and parameters of the loaded runs, except those with a comma in the name, the separator here."""
        return [key for key in _by_frequency(self._runs.values()) if "," not in key]

    def _use_fields(self, fields: Sequence[str]) -> None:
        self._fields = tuple(fields)
        self.table.use_columns(
            (
                Column("RUN", 14, grow=4, max_width=40),
                Column("AGE ▼" if self._order == NEWEST else "AGE", 5, priority=1),
                Column("STATUS", 9, priority=2),
                Column("USER", 10, priority=4),
                *(self._column(number, field) for number, field in enumerate(fields)),
            )
        )

    def _column(self, number: int, field: str) -> Column:
        arrow = {_by(field, "ASC"): " ▲", _by(field, "DESC"): " ▼"}.get(self._order, "")
        title = one_line(field) + arrow
        width = min(max(cell_len(title), MIN_COLUMN_CELLS), MAX_COLUMN_CELLS)
        return Column(title, width, priority=3 if number < 2 else 5 + number, grow=1, max_width=MAX_COLUMN_CELLS)


def _row(run: Run, fields: Sequence[str], user: str) -> Row:
    status = run.info.status
    metrics, params = run.metrics, run.params
    started = run.info.start_time
    values = (format_metric(metrics[field]) if field in metrics else params.get(field, "") for field in fields)
    return Row(
        run.info.run_id,
        (
            (visible(run.name), "bold"),
            ("" if started is None else age(started), "dim"),
            (one_line(status.lower()), STATUS_STYLES.get(status, "")),
            (one_line(user), "dim"),
            *((one_line(value, 200), "") for value in values),
        ),
    )


def _default_fields(runs: Sequence[Run]) -> tuple[str, ...]:
    """The fields to display by default: the metrics, then the parameters that differ between the runs."""
    metrics = {key for run in runs for key in run.metrics}
    params = [pair for run in runs for pair in run.params.items()]
    differing = {key for key, times in Counter(key for key, _ in set(params)).items() if times > 1}
    fields = (key for key in _by_frequency(runs) if (key in metrics or key in differing) and "," not in key)
    return tuple(fields)[:DEFAULT_COLUMNS]


def _by_frequency(runs: Collection[Run]) -> list[str]:
    """Metrics, then parameters, each sorted by how many runs have them."""
    metrics = Counter(key for run in runs for key in run.metrics)
    params = Counter(key for run in runs for key in run.params)
    return list(dict.fromkeys(key for each in (metrics, params) for key, _ in each.most_common()))


def _named(typed: str) -> list[str]:
    return list(dict.fromkeys(name for each in typed.split(",") if (name := each.strip())))


def _by(metric: str, direction: str) -> str:
    return f"{key_of('metrics', metric)} {direction}"
