"""The command palette's providers: actions, and models by name."""

from functools import partial
from typing import cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui_registry.client.errors import CallError
from tui_registry.console import Console
from tui_registry.keys.action import Action
from tui_registry.terminal.sanitize import visible

MAX_MODELS = 10
EXACT_NAME_SCORE = 1_000.0
"""The score of a model with exactly the typed name; above that of any action, which grows with what is typed."""


class ActionsProvider(Provider):
    """The actions available where the palette was opened."""

    async def discover(self) -> Hits:
        app = cast("Console", self.app)
        for action in app.live_actions(self.screen):
            yield DiscoveryHit(_title(action), partial(app.do, action), text=action.label, help=action.help)

    async def search(self, query: str) -> Hits:
        app = cast("Console", self.app)
        matcher = self.matcher(query)
        for action in app.live_actions(self.screen):
            score = max(matcher.match(action.label), matcher.match(action.help))
            if score > 0:
                yield Hit(
                    score,
                    _title(action),
                    partial(app.do, action),
                    text=action.label,
                    help=action.help,
                )


def _title(action: Action) -> Content:
    return Content(f"{action.label}  ({action.display_key})" if action.display_key else action.label)


class ModelsProvider(Provider):
    """Models whose names contain what is typed."""

    async def search(self, query: str) -> Hits:
        from tui_registry.queries.model_search import ModelSearch

        app = cast("Console", self.app)
        if not app.connection.ready.is_set():
            return
        try:
            models, _ = await ModelSearch(app.client.models, query).page("", MAX_MODELS)
        except CallError:
            return
        for number, model in enumerate(models[:MAX_MODELS]):
            name = visible(model.name)
            score = EXACT_NAME_SCORE if model.name.casefold() == query.strip().casefold() else 0.5
            yield Hit(
                score - number / 1000,
                Content(f"model {name}"),
                partial(app.navigation.open_model, model.name),
                text=name,
                help="Open the model",
            )
