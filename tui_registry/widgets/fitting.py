"""A frame as high as its contents, up to the height of the terminal: where that does not suffice, one part is scrolled,
and the line below it says how much is hidden."""

from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Region, Size
from textual.layout import Layout, WidgetPlacement
from textual.layouts.vertical import VerticalLayout
from textual.widget import Widget

from tui_registry.keys.names import legend


class Scrolled(VerticalScroll):
    """The part of a Fitting frame that is scrolled where there is no room for all of it. A Rest follows it."""

    # The bar has its column even if it is not drawn: no line is broken in another way once it is.
    DEFAULT_CSS = """
    Scrolled { height: auto; scrollbar-gutter: stable; scrollbar-size: 0 1; }
    """

    def __init__(self, name: str) -> None:
        super().__init__(id=name, can_focus=False)
        self.rest = Rest(self)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return super().get_content_height(container, viewport, width - self.scrollbar_size_vertical)

    def on_resize(self) -> None:
        self.rest.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.rest.refresh()


class Rest(Widget):
    """How many lines of a part are hidden, in one line; of no height where none is."""

    DEFAULT_CSS = """
    Rest { height: 1; }
    """

    def __init__(self, part: Scrolled) -> None:
        super().__init__(classes="rest")
        self._part = part

    def render(self) -> Content:
        above = self._part.scroll_offset.y
        below = max(0, self._part.max_scroll_y - above)
        texts = [f"↓ {_lines(below, 'more ')}"] if below else []
        texts += [f"↑ {_lines(above)} above"] if above else []
        return Content.styled(legend("   ".join(texts)), "bold $text-warning")


class Fitting(Vertical):
    """The frame."""

    @property
    def layout(self) -> Layout:
        return _LAYOUT


class _FittingLayout(VerticalLayout):
    """Hides lines and makes room for the line that says so in one pass: between two of them, something would be hidden
    unannounced."""

    name = "fitting"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> list[WidgetPlacement]:
        placements = list(super().arrange(parent, children, size, greedy))
        at = next((index for index, each in enumerate(placements) if isinstance(each.widget, Rest)), None)
        if not at:
            return placements
        part, rest = (each.region for each in placements[at - 1 : at + 1])
        needed = WidgetPlacement.get_bounds(placements).bottom - rest.height
        lacking = max(0, needed - size.height) if size.height else 0  # without a height, it is asked for what it needs
        announced = rest.height if lacking else 0
        kept = max(1, part.height - lacking - announced) if lacking else part.height
        moved = kept - part.height
        return [
            *placements[: at - 1],
            placements[at - 1]._replace(region=Region(part.x, part.y, part.width, kept)),
            placements[at]._replace(region=Region(rest.x, rest.y + moved, rest.width, announced)),
            *(
                each._replace(region=each.region.translate((0, moved + announced - rest.height)))
                for each in placements[at + 1 :]
            ),
        ]


_LAYOUT = _FittingLayout()


def _lines(count: int, kind: str = "") -> str:
    return f"{count} {kind}line{'' if count == 1 else 's'}"
