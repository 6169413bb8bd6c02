"""The places that one can go to from anywhere. Each is imported when it is first opened: the start pays for one."""

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
"""Their modules below this package, and their classes."""


def place(name: str) -> Screen[object]:
    """A new one."""
    module, kind = PLACES[name]
    made: Screen[object] = getattr(import_module(f"tui_registry.screens.{module}"), kind)()
    return made


def load() -> None:
    """Import what has not been yet, so that nobody waits for it later. Blocks for some tenths of a second."""
    for module in (
        "models.model",
        "models.card",
        "models.version",
        "dialogs.help",
        *(module for module, _ in PLACES.values()),
    ):
        import_module(f"tui_registry.screens.{module}")
