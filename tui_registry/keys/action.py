"""An action that a key runs, as data."""

from dataclasses import dataclass

EVERYWHERE = "everywhere"


@dataclass(frozen=True, slots=True)
class Action:
    """An action that a key runs.

    id: the name of the method that runs it, without ``action_``.
    keys: Textual's key names, separated by commas; the first one is displayed.
    display_key: the key as displayed.
    places: the screens that have it.
    priority: the highest numbers are dropped first when the action bar has no room.
    writes: whether it changes the registry, and so is disabled where that is not allowed.
    """

    id: str
    keys: str
    display_key: str
    label: str
    help: str
    places: tuple[str, ...]
    priority: int = 5
    writes: bool = False

    @property
    def name(self) -> str:
        """Its name in keymaps: go('inbox') is go_inbox, read_on(-1) is read_on_back."""
        verb, _, argument = self.id.rstrip(")").partition("(")
        if argument in {"", "1"}:
            return verb
        return f"{verb}_back" if argument == "-1" else f"{verb}_{argument.strip(chr(39))}"
