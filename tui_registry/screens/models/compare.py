"""Two versions side by side: what is equal, and what differs; the texts of prompts line by line."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui_registry.keys.action import Action
from tui_registry.keys.actions import bindings
from tui_registry.queries.known_lineage import known_lineage
from tui_registry.queries.prompts import besides_text, is_prompt, own_tags, readable
from tui_registry.queries.run_metrics import BEING_READ, RunMetrics, known_metrics, metrics_of_run
from tui_registry.queries.stage_since import read_since
from tui_registry.queries.text_diff import Side, diff
from tui_registry.screens.base.place import Place
from tui_registry.terminal.excerpt import differing
from tui_registry.terminal.sanitize import lines, one_line, summary, visible
from tui_registry.widgets.ages import age, moment
from tui_registry.widgets.hanging_indent import HangingIndent
from tui_registry.widgets.lineage import all_facts
from tui_registry.widgets.runs import format_metric
from tui_registry.widgets.table import Column, Row, Table
from tui_registry_server.wire.lineage import Lineage
from tui_registry_server.wire.model_version import ModelVersion

LAST_LABELS = ("description", "commit message")  # below the tags, which differ between versions
UNREAD_LABEL = "no metrics"  # above all else: without it, what is below is misread
NOT_READ = "not read"
UNREAD = RunMetrics(problem=BEING_READ)
METRIC, TAG = "metric ", "tag "  # with which labels begin
MAX_VALUE_LENGTH = 5_000  # characters in which a difference is looked for
TEXT_LABEL = "text"  # of a prompt
DIFF_STYLES = {Side.BOTH: "", Side.ONE: "$text-error", Side.OTHER: "$text-success"}


class Compare(Place):
    place = "compare"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings("compare"))
    COLUMNS = (
        Column("", 15, grow=1, max_width=28, is_cut_in_middle=True),
        Column("", 14, grow=4, is_cut_in_middle=True),
        Column("", 14, grow=4, is_cut_in_middle=True),
    )

    def __init__(self, one: ModelVersion, other: ModelVersion) -> None:
        is_same_model = one.name == other.name
        super().__init__("Compare", f"{_title(one)} with {_title(other)}")
        if is_same_model:  # where there is no room, the model's name is cut, not what is compared
            self.header.show_breadcrumbs("Compare", one.name, count=f" {one.version} with {other.version}")
        self._compared = (one, other)
        titles = ("", _title(one), _title(other))
        columns = tuple(replace(each, title=one_line(title)) for title, each in zip(titles, self.COLUMNS, strict=True))
        self.table = Table(columns, empty="Loading…", id="list")
        self._full_text = Static("", markup=False)
        self._of_each: list[dict[str, str]] = []  # what the registry knows
        self._origins: list[tuple[ModelVersion, Lineage | None]] = []
        self._of_runs: dict[str, RunMetrics] = {}  # from the tracking server, by the runs' ids
        self._facts: dict[str, tuple[str, str]] = {}

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.table
        with VerticalScroll(id="full-text", can_focus=False):
            yield self._full_text
        yield self.bar

    @property
    def live_actions(self) -> list[Action]:
        """Of prompts without finding a model."""
        about_models = any(not is_prompt(each.tags) for each in self._compared)
        return [each for each in super().live_actions if about_models or each.id != "find"]

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.table)

    async def load(self) -> None:
        client = self.console_app.client
        versions, lineages = await asyncio.gather(
            asyncio.gather(*(client.versions.get(each.name, each.version) for each in self._compared)),
            asyncio.gather(*(known_lineage(client, each.name, each.version) for each in self._compared)),
        )
        since = [entered for entered, _ in await read_since(client, *versions)]
        self._of_each = [_facts(*each) for each in zip(versions, since, lineages, strict=True)]
        self._origins = list(zip(versions, lineages, strict=True))
        self._show()
        if unread := self._unread_runs():
            self.fetch("metrics", partial(self._read_metrics, unread))

    def _unread_runs(self) -> list[str]:
        """Those of which the tracking server has to be asked: it has not said yet, or not finally."""
        connection = self.console_app.connection
        asked = dict.fromkeys(
            each[0].run_id or "" for each in self._origins if known_metrics(connection, *each) is None
        )
        return [run_id for run_id in asked if not self._of_runs.get(run_id, UNREAD).is_final]

    async def _read_metrics(self, run_ids: Sequence[str]) -> None:
        """Read after all else: the tracking server may be slow, or not answer. If this place is loaded again before it
        has answered, that answer is waited for, and nothing asked for again."""
        connection = self.console_app.connection
        found = await asyncio.gather(*(metrics_of_run(connection, each) for each in run_ids))
        self._of_runs |= zip(run_ids, found, strict=True)
        self._show()

    def _show(self) -> None:
        connection = self.console_app.connection
        metrics = [
            known_metrics(connection, *each) or self._of_runs.get(each[0].run_id or "", UNREAD)
            for each in self._origins
        ]
        facts = [{**each, **found} for each, found in zip(self._of_each, _metric_facts(metrics), strict=True)]
        labels = sorted({**facts[0], **facts[1]}, key=_position)  # stable: keeps the other order
        self._facts = {label: (facts[0].get(label, ""), facts[1].get(label, "")) for label in labels}
        self.table.show([_row(label, *values) for label, values in self._facts.items()])
        self._show_full_text()

    def show_problem(self, problem: str) -> None:
        if not self._facts:
            self.table.show([], empty=problem)

    def action_back(self) -> None:
        self.app.pop_screen()

    def action_read_on(self, by: int) -> None:
        """Scroll the full texts by half their height."""
        panel = self.query_one("#full-text")
        panel.scroll_relative(y=by * max(1, panel.size.height // 2), animate=False)

    @on(Table.Highlighted)
    def _show_full_text(self) -> None:
        """Display both values of the row under the cursor in full."""
        label = self.table.cursor_key or ""
        if label == TEXT_LABEL and (compared := self._text_diff()):
            self._full_text.update(HangingIndent(Content("\n").join(compared)))
            return
        parts: list[Content] = []
        for version, value in zip(self._compared, self._facts.get(label, ()), strict=False):
            parts += [
                Content.styled(f"{one_line(label)} of {_title(version)}", "bold"),
                *(Content(line) for line in lines(value or "–")),
                Content(""),
            ]
        self._full_text.update(Content("\n").join(parts))

    def _text_diff(self) -> list[Content]:
        """The lines of both texts of a prompt; empty if they have too many."""
        one, other = ("\n".join(lines(text, len(text))) for text in self._facts[TEXT_LABEL])
        found = diff(one, other)
        if found is None:
            return []
        return [
            Content.assemble(
                (f"- {_title(self._compared[0])}", DIFF_STYLES[Side.ONE]),
                "  ",
                (f"+ {_title(self._compared[1])}", DIFF_STYLES[Side.OTHER]),
            ),
            *(Content.styled(f"{line.side} {line.text}", DIFF_STYLES[line.side]) for line in found),
        ]

    @on(Table.Opened)
    def action_open(self) -> None:
        """Open the second version: the newer one, or the one that was under the cursor."""
        self.console_app.navigation.open_version(self._compared[1].name, self._compared[1].version)


def _title(version: ModelVersion) -> str:
    return f"{visible(version.name)} {version.version}"


def _when(timestamp: int) -> str:
    """Short: at 80 columns two of them are side by side, with their zones."""
    return f"{moment(timestamp)} ({age(timestamp)})"


def _facts(version: ModelVersion, since: int | None, lineage: Lineage | None) -> dict[str, str]:
    """Prompts have neither stages nor, but rarely, a run; the source of all of them is the same."""
    of_prompt = {TEXT_LABEL: readable(version), **besides_text(version)} if is_prompt(version.tags) else {}
    entered = "" if since is None else _when(since)
    stage = {"stage": version.current_stage.value, "in stage since": entered}
    origin = {"source": version.source or "", "run": version.run_id or "", "run link": version.run_link or ""}
    return {
        **of_prompt,
        **({} if of_prompt else stage),
        "created": _when(version.creation_timestamp),
        "created by": version.user_id or "",
        **({label: text for label, text in origin.items() if text and label != "source"} if of_prompt else origin),
        "aliases": ", ".join(f"@{alias}" for alias in version.aliases),
        **(dict(all_facts(lineage)) if lineage is not None else {}),
        **{f"{TAG}{tag.key}": tag.value for tag in own_tags(version.tags)},
        LAST_LABELS[is_prompt(version.tags)]: version.description or "",
    }


def _metric_facts(metrics: Sequence[RunMetrics]) -> list[dict[str, str]]:
    """The metrics of each; of one whose metrics cannot be read, why."""
    names = {name for each in metrics for name in each.values}
    return [
        {UNREAD_LABEL: each.problem, **{f"{METRIC}{name}": NOT_READ for name in names}}
        if each.problem
        else {f"{METRIC}{name}": format_metric(value) for name, value in each.values.items()}
        for each in metrics
    ]


def _position(label: str) -> int:
    """Metrics are the last that is read, and come before the tags."""
    if label == UNREAD_LABEL:
        return 0
    return 2 + (label in LAST_LABELS) if label in LAST_LABELS or label.startswith(TAG) else 1


def _mark(label: str, one: str, other: str) -> tuple[str, str]:
    """What is before a row, and its style: whether the second version has the same, more, less or something else."""
    if label == UNREAD_LABEL:
        return "!", "bold yellow"
    if one == other:
        return "=", "dim"
    if not (one and other):
        return ("-", "red") if one else ("+", "green")
    return "~", "bold yellow"


def _row(label: str, one: str, other: str) -> Row:
    mark, style = _mark(label, one, other)
    written = summary if label in LAST_LABELS else one_line  # Markdown
    shown = [written(value, MAX_VALUE_LENGTH) or "–" for value in (one, other)]
    parts = differing(*shown) if shown[0] != shown[1] else (None, None)
    return Row(
        label,
        ((f"{mark} {one_line(label)}", style), *((value, style) for value in shown)),
        parts=(None, *parts),
    )
