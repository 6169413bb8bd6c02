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
    room = max(MIN_VALUE_CELLS, (width - len(label) - 6) // 2)
    return Content.assemble(
        (f"{label} ", "dim"), one_line(before or "–", room), (" → ", "dim"), (one_line(after or "–", room), "bold")
    )


def _values(difference: Difference) -> tuple[str, str]:
    before, after = difference.before, difference.after
    if difference.is_time:
        return f"{age(int(before))} ago", f"{age(int(after))} ago"
    if difference.label == "run":
        return before[:ID_LENGTH], after[:ID_LENGTH]
    return _without_common_folders(before, after)


def _without_common_folders(before: str, after: str) -> tuple[str, str]:
    """Two paths or URIs without the parts that both begin and end with."""
    old, new = before.split("/"), after.split("/")
    shorter = min(len(old), len(new)) - 1  # something is left of each
    first = next((number for number in range(shorter) if old[number] != new[number]), shorter)
    last = next((number for number in range(shorter - first) if old[-1 - number] != new[-1 - number]), shorter - first)

    def rest(parts: list[str]) -> str:
        kept = "/".join(parts[first : len(parts) - last])
        return f"{ELLIPSIS if first else ''}{kept}{ELLIPSIS if last else ''}"

    return rest(old), rest(new)
