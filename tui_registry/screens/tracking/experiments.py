"""The experiments of the tracking server, searched as you type, newest first: where registering from a run begins."""

from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from tui_registry.keys.actions import SEARCHING, WHILE_TYPING, bindings
from tui_registry.screens.base.listing import Listing
from tui_registry.screens.tracking.runs import Runs
from tui_registry.screens.tracking.tracking_place import TrackingPlace
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.tracking.experiment import Experiment
from tui_registry.tracking.filters import experiments_filter, matches_experiment, matching_page
from tui_registry.widgets.ages import age
from tui_registry.widgets.table import Column, Row


class Experiments(TrackingPlace, Listing):
    """``for_model``: the registered model that a version is looked for, if that is settled."""

    place = "experiments"
    title_shown = "Experiments"
    nothing = "The tracking server has no experiments that you may read."
    no_match = "No experiment matches."
    hint = "part of a name, or = and MLflow's own filter"
    opens_best = True
    while_typing = SEARCHING
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("experiments"), *WHILE_TYPING]
    COLUMNS = (
        Column("EXPERIMENT", 20, grow=3, most=60),
        Column("ID", 4, priority=3, grow=1, most=20),
        Column("MADE", 4, priority=1),
        Column("CHANGED", 7, priority=2),
        Column("NOTE", 20, priority=4, grow=3),
    )

    def __init__(self, for_model: str | None = None) -> None:
        super().__init__()
        self._for_model = for_model
        self._names: dict[str, str] = {}

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        async def read(token: str) -> tuple[list[Experiment], str]:
            page = await self.tracking.experiments(
                filter_text=experiments_filter(typed), max_results=size, page_token=token
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
    made, changed = experiment.creation_time, experiment.last_update_time
    return Row(
        experiment.experiment_id,
        (
            (visible(experiment.name), "bold"),
            (one_line(experiment.experiment_id), "dim"),
            ("" if made is None else age(made), "dim"),
            ("" if changed is None else age(changed), "dim"),
            (one_line(experiment.note, 500), "dim"),
        ),
    )
