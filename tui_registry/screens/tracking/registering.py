"""Registering a model of a run: ask under which name, say what will be created, create it, tell what came of it."""

from functools import partial

from textual.content import Content

from tui_registry.mutations.registration import Registration, registration
from tui_registry.queries.model_search import ModelSearch
from tui_registry.screens.dialogs.confirm import Confirm, Question
from tui_registry.screens.dialogs.form import Field, Form
from tui_registry.screens.models.adding import is_model_name
from tui_registry.screens.tracking.tracking_place import TrackingPlace
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.tracking.candidate import Candidate
from tui_registry.tracking.run import Run
from tui_registry.widgets.runs import fact

QUESTION = 76  # cells of the question's box, at most
SUGGESTED = 10  # models asked for, to complete a name


class RegisteringPlace(TrackingPlace):
    """A place from which models are registered: as versions of ``for_model``, unless another name is typed."""

    def __init__(self, *trail: str, for_model: str | None = None) -> None:
        super().__init__(*trail)
        self._for_model = for_model

    def register(self, candidate: Candidate, run: Run) -> None:
        """Ask, and register it if that is meant."""
        self.console_app.mutations.prepare(partial(self._register, candidate, run))

    async def _register(self, candidate: Candidate, run: Run) -> None:
        app = self.console_app
        fields = [
            Field(
                name="model",
                label="Registered model, one that there is or a new one",
                value=self._for_model or "",
                required=True,
                suggest=self._suggest,
                check=is_model_name,
            ),
            Field(name="description", label="Description of the version"),
        ]
        told = Content.assemble(("model ", "dim"), visible(candidate.name), ("  of run ", "dim"), visible(run.name))
        values = await app.push_screen_wait(Form("Register a model of this run", fields, save="Go on", told=told))
        if values is None:
            return
        meant = await registration(
            app.client,
            model=values["model"],
            description=values["description"],
            candidate=candidate,
            run=run,
            run_link=self.tracking.run_link(run),
        )
        asked = question(meant, min(app.size.width, QUESTION) - 8)
        if await app.push_screen_wait(Confirm(asked)) is not None:
            app.mutations.start(*meant.mutations(app.client), then=partial(self._open, meant))

    async def _suggest(self, typed: str) -> list[str]:
        models, _ = await ModelSearch(self.console_app.client.models, typed.lstrip("=")).page("", SUGGESTED)
        return [model.name for model in models[:SUGGESTED]]

    def _open(self, made: Registration) -> None:
        """Show the new version, unless the user has gone elsewhere."""
        if self.is_current:
            self.console_app.navigation.open_model(made.model, made.made or None)


def question(meant: Registration, width: int) -> Question:
    """What is asked before anything is registered, in lines of so many cells."""
    model, candidate = one_line(meant.model), meant.candidate
    if meant.is_new:
        change = Content.assemble("Creates the registered model ", (model, "bold"), ", with this as its version 1.")
    else:
        after = f"after version {meant.newest}" if meant.newest else "the first one"
        change = Content.assemble("Adds a version to ", (model, "bold"), f", {after}.")
    facts = [
        ("run", f"{visible(meant.run.name)}  {one_line(meant.run.info.run_id)}"),
        ("source", one_line(candidate.source)),
        ("link", one_line(meant.run_link)),
        ("about", one_line(meant.description, 300)),
    ]
    told = [change, *(line for label, value in facts if value for line in fact(label, value, width))]
    if candidate.unready:
        told.append(
            Content.styled(
                f"MLflow says that this model is not ready: {one_line(candidate.unready)}.", "bold $text-warning"
            )
        )
    return Question("Register this model?", told, "Register")
