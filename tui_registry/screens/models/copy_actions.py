"""Copying the name, URI or code for the model or version under the cursor, or the first steps in an empty registry."""

from collections.abc import Mapping
from functools import partial

from tui_registry.mutations.subject import Subject
from tui_registry.screens.base.place import Place
from tui_registry.widgets.first_steps import FirstSteps


class CopyActions(Place):
    """Subclasses define ``subject``."""

    def subject(self) -> Subject | None:
        """The model or version under the cursor."""
        raise NotImplementedError

    @property
    def prompt_text(self) -> str | None:
        """The text of the prompt under the cursor, as it is stored, or empty if it is not known; None for a model."""
        return None

    @property
    def is_in_production(self) -> bool:
        """Whether a version of the model under the cursor is in Production, where that is known."""
        return False

    @property
    def noun(self) -> str:
        """What the subject is, or is a version of."""
        return "model" if self.prompt_text is None else "prompt"

    def row_values(self) -> Mapping[str, str]:
        subject = self.subject()
        return {"name": subject.name, "version": subject.version or ""} if subject else {}

    def action_copy(self) -> None:
        if (subject := self.subject()) is not None:
            self.console_app.mutations.prepare(partial(self._copy, subject))
            return
        for steps in self.query(FirstSteps):
            if steps.code:
                self.console_app.copy(steps.code)

    async def _copy(self, subject: Subject) -> None:
        from tui_registry.screens.dialogs.choose import Choose
        from tui_registry.screens.models.snippets import Origin, snippets

        app = self.console_app
        origin = Origin(app.client.url, app.client.workspace)
        choices = snippets(subject, origin, self.prompt_text, is_in_production=self.is_in_production)
        chosen = await app.push_screen_wait(Choose(f"Copy {subject}", choices, help_is_cut_in_middle=True))
        if chosen is not None:
            app.copy(chosen)
