"""A tick box that looks like those of lists: ``[x]`` or ``[ ]``, which can be distinguished without colours."""

from textual.content import Content
from textual.widgets import Checkbox


class TickBox(Checkbox):
    @property
    def _button(self) -> Content:
        return Content.styled("[x]" if self.value else "[ ]", "bold")
