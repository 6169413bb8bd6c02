"""A comparison of two versions in few lines: only what differs, old → new, as many as fit beside each other."""

from textual.content import Content

from tui_registry.queries.version_comparison import Difference, VersionComparison
from tui_registry.terminal.sanitize import ELLIPSIS, one_line
from tui_registry.widgets.ages import age

MAX_DIFFERENCES = 40
MIN_VALUE_CELLS = 8
ID_LENGTH = 8  # characters of a run's id
GAP = "   "


def comparison_lines(comparison: VersionComparison, width: int) -> list[Content]:
    items = [_item(each, width) for each in comparison.differences[:MAX_DIFFERENCES]]
    if len(comparison.differences) > MAX_DIFFERENCES:
        items.append(Content.styled(f"and {len(comparison.differences) - MAX_DIFFERENCES} more", "dim"))
    title = f"compared with version {comparison.displaced}" + ("" if items else ": nothing differs")
    found = [Content.styled(title, "dim")]
    line: Content | None = None
    for item in items:
        if line is not None and line.cell_length + len(GAP) + item.cell_length <= width:
            line = Content(GAP).join([line, item])
            found[-1] = line
        else:
            line = item
            found.append(line)
    if comparison.problem:
        found.append(Content.styled(f"Metrics cannot be read: {one_line(comparison.problem)}", "dim"))
    return found


def _item(difference: Difference, width: int) -> Content:
    label = one_line(difference.label, 40)
    before, after = _values(difference)
    room = max(MIN_VALUE_CELLS, (width - len(label) - 4) // 2)
    return Content.assemble(
        (f"{label} ", "dim"), one_line(before or "–", room), (" → ", "dim"), (one_line(after or "–", room), "bold")
    )


def _values(difference: Difference) -> tuple[str, str]:
    before, after = difference.before, difference.after
    if difference.is_time:
        return f"{age(int(before))} ago", f"{age(int(after))} ago"
    if difference.label == "run":
        return before[:ID_LENGTH], after[:ID_LENGTH]
    common = 0
    for end, (old, new) in enumerate(zip(before, after, strict=False), 1):
        if old != new:
            break
        common = end if old == "/" else common
    return (ELLIPSIS + before[common:], ELLIPSIS + after[common:]) if common > 1 else (before, after)
