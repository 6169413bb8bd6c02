"""The places that can be opened from anywhere. Each is imported when it is first opened, to start fast."""

from importlib import import_module

from textual.screen import Screen

PLACES = {
    "inbox": ("inbox", "Inbox"),
    "models": ("models.models", "Models"),
    "board": ("board", "Board"),
    "activity": ("activity", "ActivityFeed"),
    "access": ("access.access", "Access"),
    "users": ("access.users", "Users"),
    "groups": ("access.groups", "Groups"),
    "service principals": ("access.service_principals", "ServicePrincipals"),
    "tokens": ("access.tokens", "Tokens"),
}
"""By name: the module in this package, and the class."""


def place(name: str) -> Screen[object]:
    """Create a place."""
    module, kind = PLACES[name]
    screen: Screen[object] = getattr(import_module(f"tui_registry.screens.{module}"), kind)()
    return screen


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
