"""Messages between parts of the console."""

from textual.message import Message


class RegistryChanged(Message):
    """Something in the registry has changed, by this console or elsewhere."""


class ConnectionChanged(Message):
    """The state of the connection changed: see Console.state."""


class LivenessChanged(Message):
    """The available actions have changed: the action bar must be redrawn."""
