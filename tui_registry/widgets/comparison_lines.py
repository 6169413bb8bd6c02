"""A comparison of two versions in few lines: only what differs, old → new, as many as fit beside each other."""

from rich.cells import cell_len
from textual.content import Content

from tui_registry.queries.version_comparison import Difference, VersionComparison
from tui_registry.terminal.excerpt import clip_around, differing
from tui_registry.terminal.sanitize import ELLIPSIS, clip, one_line
from tui_registry.widgets.ages import age

MAX_DIFFERENCES = 40
MIN_VALUE_CELLS = 8
MAX_VALUE_LENGTH = 2_000  # characters in which a difference is looked for
MAX_LABEL_LENGTH = 40
MAX_REASON_LENGTH = 200
ID_LENGTH = 8  # characters of a run's id
GAP = "   "


def comparison_lines(comparison: VersionComparison, width: int) -> list[Content]:
    """What could not be read, and why, comes first: without it, what is below is misread."""
    items = [_item(each, width) for each in comparison.differences[:MAX_DIFFERENCES]]
    if len(comparison.differences) > MAX_DIFFERENCES:
        items.append(Content.styled(f"and {len(comparison.differences) - MAX_DIFFERENCES} more", "dim"))
    problem = comparison.problem
    title = f"compared with version {comparison.displaced}" + ("" if items or problem else ": nothing differs")
    found = [Content.styled(title, "dim")]
    if problem:
        reason = f": {one_line(comparison.reason, MAX_REASON_LENGTH)}" if comparison.reason else ""
        _append(found, Content.styled(f"! {problem}{reason}", "$text-warning"), width)
    for number, item in enumerate(items):
        if number:
            _append(found, item, width)
        else:
            found.append(item)
    return found


def _append(found: list[Content], item: Content, width: int) -> None:
    """To the last line, if it has room."""
    if found[-1].cell_length + len(GAP) + item.cell_length <= width:
        found[-1] = Content(GAP).join([found[-1], item])
    else:
        found.append(item)


def _item(difference: Difference, width: int) -> Content:
    """What only the new version has begins with a plus, what only the other one has with a minus."""
    label = f"{'tag ' if difference.is_tag else ''}{one_line(difference.label, MAX_LABEL_LENGTH)}"
    if not (difference.before and difference.after):
        sign, style = ("-", "$text-error") if difference.before else ("+", "$text-success")
        value = one_line(difference.before or difference.after, MAX_VALUE_LENGTH)
        room = max(MIN_VALUE_CELLS, width - cell_len(f"{sign} {label} "))
        return Content.assemble(
            (f"{sign} ", style), (f"{label} ", "dim"), (clip(value, min(room, cell_len(value))), style)
        )
    before, after = (one_line(value, MAX_VALUE_LENGTH) for value in _values(difference))
    room = max(2 * MIN_VALUE_CELLS, width - cell_len(f"{label}  → "))
    cells = _shared(room, cell_len(before), cell_len(after))
    shown = map(clip_around, (before, after), cells, differing(before, after))
    return Content.assemble((f"{label} ", "dim"), next(shown), (" → ", "dim"), (next(shown), "bold"))


def _shared(room: int, one: int, other: int) -> tuple[int, int]:
    """The cells of two values that need so many: what one does not need, the other gets."""
    first = min(one, max(room // 2, room - other))
    return first, min(other, room - first)


def _values(difference: Difference) -> tuple[str, str]:
    before, after = difference.before, difference.after
    if difference.is_time:
        return f"{age(int(before))} ago", f"{age(int(after))} ago"
    if difference.label == "run" and not difference.is_tag:
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
