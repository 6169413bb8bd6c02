"""The places that can be opened from anywhere. Each is imported when it is first opened, to start fast."""

from collections.abc import Mapping
from importlib import import_module

from textual.screen import Screen

from tui_registry.screens.base.arranged import unknown_columns
from tui_registry.session.saved_view import SavedView

PLACES = {
    "inbox": ("inbox", "Inbox"),
    "models": ("models.models", "Models"),
    "board": ("board", "Board"),
    "activity": ("activity", "ActivityFeed"),
    "access": ("access.access", "Access"),
    "overview": ("overview", "Overview"),
    "prompts": ("models.prompts", "Prompts"),
    "users": ("access.users", "Users"),
    "groups": ("access.groups", "Groups"),
    "service principals": ("access.service_principals", "ServicePrincipals"),
    "tokens": ("access.tokens", "Tokens"),
    "webhooks": ("access.webhooks", "Webhooks"),
    "follows": ("models.follows", "Follows"),
    "workspaces": ("access.workspaces", "Workspaces"),
}
"""By name: the module in this package, and the class."""


def place(name: str) -> Screen[object]:
    """Create a place."""
    module, kind = PLACES[name]
    screen: Screen[object] = getattr(import_module(f"tui_registry.screens.{module}"), kind)()
    return screen


def column_problems(views: Mapping[str, SavedView]) -> list[str]:
    """What is wrong with the columns of saved views."""
    problems: list[str] = []
    for name, view in views.items():
        if view.place in PLACES:
            module, kind = PLACES[view.place]
            columns = getattr(import_module(f"tui_registry.screens.{module}"), kind).COLUMNS
            problems += [f"views.{name}: {problem}" for problem in unknown_columns(view, columns)]
    return problems


def load() -> None:
    """Import all screens, so that opening one is fast. Blocks for some tenths of a second."""
    for module in (
        "models.model",
        "models.model_details",
        "models.version_details",
        "dialogs.help",
        "finder.finder",
        *(module for module, _ in PLACES.values()),
    ):
        import_module(f"tui_registry.screens.{module}")
