"""Searching models: exact matches first, then names that start with the input, then the others.

The server sorts by name alone. So a search by words makes two passes over its matches: by prefix, then all.
"""

import asyncio
from collections.abc import Iterable

from tui_registry.client.models import Models
from tui_registry.queries.search_syntax import both, is_words, models_filter, name_is, name_starts_with, starts_with
from tui_registry_server.wire.registered_model import RegisteredModel

ALL_PREFIX = "all:"
"""The prefix of page tokens in the second pass."""
MAX_SAME_NAME = 100  # models whose names differ only in letter case


class ModelSearch:
    def __init__(
        self, models: Models, typed: str, *, order_by: str = "", within: str = "", include_prompts: bool = False
    ) -> None:
        """``order_by``: the server's, instead of the best matches first. ``within``: a comparison that all satisfy."""
        self._models = models
        self._typed = typed.strip()
        self._within = within
        self._include_prompts = include_prompts
        self._filter = models_filter(typed)
        self._order_by = order_by
        self._ranked = is_words(typed) and not order_by
        self._ranked_names: set[str] = set()  # names returned in the first pass

    async def page(self, token: str, size: int) -> tuple[list[RegisteredModel], str]:
        """About ``size`` models and the next page's token, empty at the end."""
        if not self._ranked:
            return await self._search(self._filter, size, token)
        if token.startswith(ALL_PREFIX):
            return await self._others(token.removeprefix(ALL_PREFIX), size)
        starts = self._search(name_starts_with(self._typed), size, token)
        if token:
            models, following = await starts
        else:
            same, (models, following) = await asyncio.gather(self._exact(), starts)
            names = {model.name for model in same}
            models = [*same, *(model for model in models if model.name not in names)]
        models = [model for model in models if starts_with(model.name, self._typed)]
        self._ranked_names.update(model.name for model in models)
        if following:
            return models, following
        others, following = await self._others("", size)
        return [*models, *others], following

    async def _exact(self) -> list[RegisteredModel]:
        return await exact(self._models, self._typed, self._within, include_prompts=self._include_prompts)

    async def _others(self, token: str, size: int) -> tuple[list[RegisteredModel], str]:
        while True:
            models, token = await self._search(self._filter, size, token)
            fresh = [model for model in models if model.name not in self._ranked_names]
            if fresh or not token:
                return fresh, f"{ALL_PREFIX}{token}" if token else ""

    async def _search(self, filter_text: str, size: int, token: str) -> tuple[list[RegisteredModel], str]:
        page = await self._models.search(
            filter_text=both(self._within, filter_text),
            order_by=self._order_by,
            max_results=size,
            page_token=token,
            include_prompts=self._include_prompts,
        )
        return page.registered_models, page.next_page_token or ""


async def exact(
    models: Models, typed: str, within: str = "", *, include_prompts: bool = False
) -> list[RegisteredModel]:
    """The models with this name, case-insensitive; the exact name first."""
    page = await models.search(
        filter_text=both(within, name_is(typed)), max_results=MAX_SAME_NAME, include_prompts=include_prompts
    )
    return sorted(page.registered_models, key=lambda model: model.name != typed)


def ranked(models: Iterable[RegisteredModel], typed: str) -> list[RegisteredModel]:
    """Sort exact matches and names that start with the input before the others, which keep their order."""
    wanted = typed.strip()
    return sorted(
        models,
        key=lambda model: (
            model.name != typed,  # a name may end with a space
            model.name != wanted,
            model.name.casefold() != wanted.casefold(),
            not starts_with(model.name, wanted),
        ),
    )
