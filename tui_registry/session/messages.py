"""Messages that cross from one part of the console to another."""

from textual.message import Message


class RegistryChanged(Message):
    """Something that the user may read has changed, here or elsewhere."""


class ConnectionChanged(Message):
    """The state of the connection changed: see Console.state."""


class LivenessChanged(Message):
    """Other actions are live than before: the bar is to be drawn anew."""
