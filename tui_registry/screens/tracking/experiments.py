"""The experiments of the tracking server, searched as you type, newest first."""

from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from tui_registry.keys.actions import WHILE_TYPING, bindings
from tui_registry.screens.base.listing import Listing
from tui_registry.screens.tables.table_actions import TableActions
from tui_registry.screens.tracking.runs import Runs
from tui_registry.screens.tracking.tracking_place import TrackingPlace
from tui_registry.session.arrangement import Sort
from tui_registry.terminal.sanitize import one_line, summary, visible
from tui_registry.tracking.experiment import Experiment
from tui_registry.tracking.filters import experiments_filter, matches_experiment, matching_page
from tui_registry.widgets.ages import age
from tui_registry.widgets.columns import BY_AGE, BY_NUMBER
from tui_registry.widgets.row import Instant
from tui_registry.widgets.table import Column, Row


class Experiments(TableActions, TrackingPlace, Listing):
    """``for_model``: the registered model to add a version to, if it is already chosen."""

    place = "experiments"
    list_title = "Experiments"
    empty_message = "No experiments that you can read."
    no_match = "No matching experiments."
    placeholder = "name, or = then an MLflow filter"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("experiments"), *WHILE_TYPING]
    COLUMNS = (
        Column("EXPERIMENT", 20, grow=3, max_width=60, is_cut_in_middle=True),
        Column("ID", 4, priority=3, grow=1, max_width=20, sorting=BY_NUMBER),
        Column("CREATED", 7, priority=1, sorting=BY_AGE),
        Column("UPDATED", 7, priority=2, sorting=BY_AGE),
        Column("DESCRIPTION", 20, priority=4, grow=3, short_title="DESC", former=("note",)),
    )

    own_order = Sort("created", is_descending=True)
    server_orders: ClassVar = {
        "experiment": "name",
        "id": "experiment_id",
        "created": "creation_time",
        "updated": "last_update_time",
    }

    def __init__(self, for_model: str | None = None) -> None:
        super().__init__()
        self._for_model = for_model
        self._names: dict[str, str] = {}

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        async def read(token: str) -> tuple[list[Experiment], str]:
            page = await self.tracking.experiments(
                filter_text=experiments_filter(typed),
                order_by=self.server_order,
                max_results=size,
                page_token=token,
            )
            return page.experiments, page.next_page_token

        found, token = await matching_page(read, partial(matches_experiment, typed=typed), token)
        self._names |= {experiment.experiment_id: experiment.name for experiment in found}
        return [_row(experiment) for experiment in found], token

    def open_row(self, key: str) -> None:
        self.app.push_screen(Runs(key, self._names[key], self._for_model))

    def action_copy(self) -> None:
        if self.table.cursor_key is not None:
            self.console_app.copy(self._names[self.table.cursor_key])


def _row(experiment: Experiment) -> Row:
    created, updated = experiment.creation_time, experiment.last_update_time
    return Row(
        experiment.experiment_id,
        (
            (visible(experiment.name), "bold"),
            (one_line(experiment.experiment_id), "dim"),
            ("" if created is None else age(created), "dim"),
            ("" if updated is None else age(updated), "dim"),
            (summary(experiment.note, 500), "dim"),
        ),
        (
            experiment.name,
            experiment.experiment_id,
            None if created is None else Instant(created),
            None if updated is None else Instant(updated),
            experiment.note,
        ),
    )
