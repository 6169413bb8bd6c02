"""The runs of an experiment, with a choice of metrics and parameters as columns, and of the sort order."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual.binding import BindingType

from tui_registry.keys.actions import WHILE_TYPING, bindings
from tui_registry.screens.base.listing import Listing
from tui_registry.screens.tables.table_actions import TableActions
from tui_registry.screens.tracking.run import RunPlace
from tui_registry.screens.tracking.tracking_place import TrackingPlace
from tui_registry.session.arrangement import Arrangement, Sort
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.tracking.filters import key_of, matches_run, matching_page, runs_filter
from tui_registry.tracking.run import Run
from tui_registry.widgets.ages import age
from tui_registry.widgets.columns import BY_AGE, BY_NUMBER, BY_TEXT
from tui_registry.widgets.row import Instant
from tui_registry.widgets.runs import STATUS_STYLES, format_metric
from tui_registry.widgets.table import Column, Row

NEWEST = "attributes.start_time DESC"
DEFAULT_COLUMNS = 6  # metrics and parameters displayed until the user chooses
MIN_COLUMN_CELLS, MAX_COLUMN_CELLS = 8, 16  # of a metric or parameter
KINDS = METRICS, PARAMS = "metrics", "params"


class Field(NamedTuple):
    """A metric or a parameter, by one of KINDS and its own name."""

    kind: str
    key: str

    def value(self, run: Run) -> float | str | None:
        return run.metrics.get(self.key) if self.kind == METRICS else run.params.get(self.key)


COLUMNS = (
    Column("RUN", 14, grow=4, max_width=40, is_cut_in_middle=True),
    Column("AGE", 5, priority=1, sorting=BY_AGE),
    Column("STATUS", 9, priority=2, max_width=12),
    Column("USER", 10, grow=1, priority=4, max_width=24, is_cut_in_middle=True),
)


class Runs(TableActions, TrackingPlace, Listing):
    place = "runs"
    list_title = "Runs"
    empty_message = "No runs in this experiment."
    no_match = "No matching runs."
    fields = ("user", "status", "tag")
    placeholder = "name, user:ada, status:failed, tag:k=v, rmse<0.5, or = then an MLflow filter"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("runs"), *WHILE_TYPING]
    COLUMNS = COLUMNS
    own_order = Sort("age", is_descending=True)
    server_orders: ClassVar = {
        "run": "attributes.run_name",
        "age": "attributes.start_time",
        "status": "attributes.status",
        "user": "attributes.user_id",
    }

    def __init__(self, experiment_id: str, name: str, for_model: str | None = None) -> None:
        super().__init__("Experiments", name)
        self._experiment_id = experiment_id
        self._for_model = for_model
        self._runs: dict[str, Run] = {}
        self._fields: tuple[Field, ...] | None = None

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        order = [*([self.server_order] if self.server_order else []), NEWEST]

        async def read(token: str) -> tuple[list[Run], str]:
            page = await self.tracking.runs(
                self._experiment_id, filter_text=runs_filter(typed), order_by=order, max_results=size, page_token=token
            )
            return page.runs, page.next_page_token

        runs, token = await matching_page(read, partial(matches_run, typed=typed), token)
        self._runs |= {run.info.run_id: run for run in runs}
        if self._fields is None and runs:
            self._use_fields()
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

    def row_values(self) -> Mapping[str, str]:
        return {"run_id": self.table.cursor_key or ""}

    @property
    def known_columns(self) -> Sequence[Column]:
        """Also the metrics and parameters of the loaded runs that are not displayed."""
        return (*COLUMNS, *map(_column, dict.fromkeys([*(self._fields or ()), *_by_frequency(self._runs.values())])))

    def server_key(self, column: str) -> str:
        kind, _, key = column.partition(".")
        return key_of(kind, key) if kind in KINDS and key else super().server_key(column)

    def use_arrangement(self, arrangement: Arrangement) -> None:
        super().use_arrangement(arrangement)
        self._use_fields()
        self.restart()

    def _use_fields(self) -> None:
        """Display the metrics and parameters that were chosen, those to sort by, or else those by default."""
        chosen = [_field(name) for name in self.arrangement.columns or ()]
        sorted_by = _field(self.arrangement.sort.column) if self.arrangement.sort else None
        own = _default_fields(list(self._runs.values())) if self.arrangement.columns is None else chosen
        first = [sorted_by] if self.arrangement.columns is None else []
        self._fields = tuple(dict.fromkeys(field for field in (*first, *own) if field is not None))
        self.table.use_columns(
            (
                *COLUMNS,
                *(
                    replace(_column(field), priority=3 if number < 2 else 5 + number)
                    for number, field in enumerate(self._fields)
                ),
            )
        )


def _column(field: Field) -> Column:
    title = one_line(field.key)
    width = min(max(cell_len(title), MIN_COLUMN_CELLS), MAX_COLUMN_CELLS)
    sorting = BY_NUMBER if field.kind == METRICS else BY_TEXT
    return Column(title, width, grow=1, max_width=MAX_COLUMN_CELLS, sorting=sorting, key=f"{field.kind}.{field.key}")


def _field(name: str) -> Field | None:
    """The metric or parameter that a column's name means, if it does."""
    kind, _, key = name.partition(".")
    return Field(kind, key) if kind in KINDS and key else None


def _row(run: Run, fields: Sequence[Field], user: str) -> Row:
    status = run.info.status
    started = run.info.start_time
    values = [field.value(run) for field in fields]
    texts = (
        "" if value is None else format_metric(value) if isinstance(value, float) else one_line(value, 200)
        for value in values
    )
    return Row(
        run.info.run_id,
        (
            (visible(run.name), "bold"),
            ("" if started is None else age(started), "dim"),
            (one_line(status.lower()), STATUS_STYLES.get(status, "")),
            (one_line(user), "dim"),
            *((text, "") for text in texts),
        ),
        (run.name, None if started is None else Instant(started), status.lower(), run.user, *values),
    )


def _default_fields(runs: Sequence[Run]) -> tuple[Field, ...]:
    """The fields to display by default: the metrics, then the parameters that differ between the runs."""
    params = [pair for run in runs for pair in run.params.items()]
    differing = {key for key, times in Counter(key for key, _ in set(params)).items() if times > 1}
    return tuple(field for field in _by_frequency(runs) if field.kind == METRICS or field.key in differing)[
        :DEFAULT_COLUMNS
    ]


def _by_frequency(runs: Collection[Run]) -> list[Field]:
    """Metrics, then parameters, each sorted by how many runs have them."""
    metrics = Counter(key for run in runs for key in run.metrics)
    params = Counter(key for run in runs for key in run.params)
    return [Field(kind, key) for kind, each in ((METRICS, metrics), (PARAMS, params)) for key, _ in each.most_common()]
