"""How runs are displayed."""

from textual.content import Content

from tui_registry.terminal.sanitize import ELLIPSIS, clip, one_line
from tui_registry.tracking.run import COMMIT, PROGRAM, REPOSITORY, Run
from tui_registry.widgets.ages import age, moment
from tui_registry.widgets.truncated_text import cell_lines

LABEL_CELLS = 13
FACT_LINES = 2

STATUS_STYLES = {"RUNNING": "cyan", "FINISHED": "green", "FAILED": "red", "KILLED": "red"}
STATUS_CONTENT_STYLES = {
    "RUNNING": "$text-accent",
    "FINISHED": "$text-success",
    "FAILED": "$text-error",
    "KILLED": "$text-error",
}
"""The same as styles of Textual's Content."""


def format_metric(value: float) -> str:
    """A metric's value with six significant digits."""
    return f"{value:.6g}"


def format_duration(milliseconds: int) -> str:
    """A duration: ``0.9 s``, ``12 s``, ``3 min 5 s``, ``2 h 10 min``."""
    seconds = max(0, milliseconds) / 1000
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def summary(run: Run, link: str, width: int) -> list[Content]:
    """Lines about a run, ``width`` cells wide: its status, user, start and duration; its code; the link to its page."""
    info, tags = run.info, run.tags
    parts = [Content.styled(one_line(info.status.lower()) or "unknown", STATUS_CONTENT_STYLES.get(info.status, ""))]
    if run.user:
        parts.append(Content.assemble(("by ", "dim"), one_line(run.user)))
    if info.start_time:
        age_text = f", {age(info.start_time)} ago"
        parts.append(Content.assemble(("started ", "dim"), moment(info.start_time), (age_text, "dim")))
        if info.end_time:
            parts.append(Content.assemble(("took ", "dim"), format_duration(info.end_time - info.start_time)))
    commit = tags.get(COMMIT, "")
    code = [tags.get(REPOSITORY, ""), tags.get(PROGRAM, ""), f"at {commit[:12]}" if commit else ""]
    facts = [("code", "  ".join(one_line(part, 300) for part in code if part)), ("run link", one_line(link))]
    return [
        Content("  ").join(parts),
        *(line for label, value in facts if value for line in fact(label, value, width)),
    ]


def fact(label: str, value: str, width: int) -> list[Content]:
    """A label and a value, wrapped over FACT_LINES at most; long words, such as links, are broken."""
    room = max(20, width - LABEL_CELLS)
    wrapped = cell_lines(value, room)
    if len(wrapped) > FACT_LINES:
        wrapped = [*wrapped[: FACT_LINES - 1], clip(f"{wrapped[FACT_LINES - 1]}{ELLIPSIS}", room)]
    return [
        Content.assemble((name.ljust(LABEL_CELLS), "dim"), line)
        for name, line in zip((label, ""), wrapped, strict=False)
    ]
