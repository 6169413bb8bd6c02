"""Models searched by what is typed: the one that is called so first, then those whose names begin so, then the others.

The server sorts by name alone. So a search by words goes through its matches twice: those that begin so, then all.
"""

import asyncio
from collections.abc import Iterable

from tui_registry.client.models import Models
from tui_registry.queries.filters import beginning, begins, called, is_words, models_filter
from tui_registry_server.wire.registered_model import RegisteredModel

ALL = "all:"
"""Before a page's token in the second run."""
SAME = 100  # models of one name in different letter cases


class ModelSearch:
    def __init__(self, models: Models, typed: str) -> None:
        self._models = models
        self._typed = typed.strip()
        self._filter = models_filter(typed)
        self._ranked = is_words(typed)
        self._given: set[str] = set()  # names that came in the first run

    async def page(self, token: str, size: int) -> tuple[list[RegisteredModel], str]:
        """Some ``size`` models and the next page's token, empty at the end."""
        if not self._ranked:
            return await self._search(self._filter, size, token)
        if token.startswith(ALL):
            return await self._others(token.removeprefix(ALL), size)
        starts = self._search(beginning(self._typed), size, token)
        if token:
            models, following = await starts
        else:
            same, (models, following) = await asyncio.gather(exact(self._models, self._typed), starts)
            names = {model.name for model in same}
            models = [*same, *(model for model in models if model.name not in names)]
        models = [model for model in models if begins(model.name, self._typed)]
        self._given.update(model.name for model in models)
        if following:
            return models, following
        others, following = await self._others("", size)
        return [*models, *others], following

    async def _others(self, token: str, size: int) -> tuple[list[RegisteredModel], str]:
        while True:
            models, token = await self._search(self._filter, size, token)
            fresh = [model for model in models if model.name not in self._given]
            if fresh or not token:
                return fresh, f"{ALL}{token}" if token else ""

    async def _search(self, filter_text: str, size: int, token: str) -> tuple[list[RegisteredModel], str]:
        page = await self._models.search(filter_text=filter_text, max_results=size, page_token=token)
        return page.registered_models, page.next_page_token or ""


async def exact(models: Models, typed: str) -> list[RegisteredModel]:
    """The models that are called so, in any letter case; the very name first."""
    found = (await models.search(filter_text=called(typed), max_results=SAME)).registered_models
    return sorted(found, key=lambda model: model.name != typed)


def ranked(models: Iterable[RegisteredModel], typed: str) -> list[RegisteredModel]:
    """Those whose names are or begin with what is typed before the others, which stay in their order."""
    wanted = typed.strip()
    return sorted(
        models,
        key=lambda model: (
            model.name != typed,  # a name may end with a blank
            model.name != wanted,
            model.name.casefold() != wanted.casefold(),
            not begins(model.name, wanted),
        ),
    )
