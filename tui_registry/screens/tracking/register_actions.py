"""Registering a model of a run: ask for the registered model, confirm, register, report the result."""

from functools import partial

from textual.content import Content

from tui_registry.mutations.registration import Registration, registration
from tui_registry.queries.model_search import ModelSearch
from tui_registry.screens.dialogs.confirm import Confirm, Question
from tui_registry.screens.dialogs.form import Field, Form
from tui_registry.screens.models.model_actions import model_name_problem
from tui_registry.screens.tracking.tracking_place import TrackingPlace
from tui_registry.terminal.sanitize import one_line, summary, visible
from tui_registry.tracking.candidate import Candidate
from tui_registry.tracking.run import Run
from tui_registry.widgets.runs import fact

MAX_DIALOG_CELLS = 76  # the width of the confirmation
MAX_SUGGESTIONS = 10


class RegisterActions(TrackingPlace):
    """A place that registers models, by default as versions of ``for_model``."""

    def __init__(self, *breadcrumbs: str, for_model: str | None = None) -> None:
        super().__init__(*breadcrumbs)
        self._for_model = for_model

    def register(self, candidate: Candidate, run: Run) -> None:
        """Ask under which name, confirm, and register."""
        self.console_app.mutations.prepare(partial(self._register, candidate, run))

    async def _register(self, candidate: Candidate, run: Run) -> None:
        app = self.console_app
        fields = [
            Field(
                name="model",
                label="Registered model (existing or new)",
                value=self._for_model or "",
                required=True,
                suggest=self._suggest,
                check=model_name_problem,
            ),
            Field(name="description", label="Description of the version"),
        ]
        message = Content.assemble(("model ", "dim"), visible(candidate.name), ("  of run ", "dim"), visible(run.name))
        values = await app.push_screen_wait(
            Form("Register a model of this run", fields, save="Continue", message=message)
        )
        if values is None:
            return
        planned = await registration(
            app.client,
            model=values["model"],
            description=values["description"],
            candidate=candidate,
            run=run,
            run_link=self.tracking.run_link(run),
        )
        asked = question(planned, min(app.size.width, MAX_DIALOG_CELLS) - 8)
        if await app.push_screen_wait(Confirm(asked)) is not None:
            app.mutations.start(*planned.mutations(app.client), then=partial(self._open, planned))

    async def _suggest(self, typed: str) -> list[str]:
        models, _ = await ModelSearch(self.console_app.client.models, typed.lstrip("=")).page("", MAX_SUGGESTIONS)
        return [model.name for model in models[:MAX_SUGGESTIONS]]

    def _open(self, done: Registration) -> None:
        """Open the new version, unless the user has left this screen."""
        if self.is_current:
            self.console_app.navigation.open_model(done.model, done.made or None)


def question(planned: Registration, width: int) -> Question:
    """The confirmation, in lines of ``width`` cells."""
    model, candidate = one_line(planned.model), planned.candidate
    if planned.is_new:
        change = Content.assemble("Creates the registered model ", (model, "bold"), " with this model as version 1.")
    else:
        after = f", after version {planned.newest}." if planned.newest else "."
        change = Content.assemble(f"Adds {'a' if planned.newest else 'the first'} version to ", (model, "bold"), after)
    facts = [
        ("run", f"{visible(planned.run.name)}  {one_line(planned.run.info.run_id)}"),
        ("source", one_line(candidate.source)),
        ("run link", one_line(planned.run_link)),
        ("description", summary(planned.description, 300)),
    ]
    message = [change, *(line for label, value in facts if value for line in fact(label, value, width))]
    unready = f"MLflow reports that this model is not ready: {candidate.unready}."
    return Question("Register this model?", message, "Register", warnings=[unready] if candidate.unready else [])
