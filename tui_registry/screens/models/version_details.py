"""The details of one version: facts, open requests, tags, aliases, comments and activities."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from tui_registry.access.levels import may
from tui_registry.keys.actions import bindings
from tui_registry.mutations import comment as comments
from tui_registry.mutations.decision import NEEDED_ACTIONS, Decision, by_subject, displaced
from tui_registry.mutations.effect import PRODUCTION_LEFT_EMPTY, numbered
from tui_registry.mutations.result import Verdict
from tui_registry.mutations.subject import Subject
from tui_registry.queries.activity_labels import action_label, describe
from tui_registry.queries.known_lineage import known_lineage
from tui_registry.queries.prompts import is_prompt, own_tags, template
from tui_registry.queries.stage_since import Since, read_since
from tui_registry.screens.dialogs.confirm import Confirm, Question
from tui_registry.screens.dialogs.form import Field, Form
from tui_registry.screens.models.decision_actions import DecisionActions
from tui_registry.screens.models.details_screen import DetailsScreen, Fact, prompt_facts
from tui_registry.screens.models.transition_dialog import transition_version
from tui_registry.screens.models.version_actions import version_values
from tui_registry.terminal.sanitize import lines, one_line, summary
from tui_registry.widgets.ages import age, moment
from tui_registry.widgets.hanging_indent import quoted
from tui_registry.widgets.lineage import dataset_facts, metric_facts, origin_facts, param_facts
from tui_registry.widgets.stages import REQUEST_STYLE, STAGE_STYLES
from tui_registry.widgets.transition_spans import transition_spans
from tui_registry_server.wire.activity import Activity
from tui_registry_server.wire.comment import MAX_COMMENT_LENGTH, Comment, CommentAction
from tui_registry_server.wire.lineage import Lineage
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.permission_policy import Ability
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.transition_request import InboxRequest

MAX_ACTIVITIES = 50  # the newest ones


class VersionDetails(DetailsScreen, DecisionActions):
    place = "version"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings("version"))

    def __init__(self, name: str, version: str) -> None:
        super().__init__("Models", name, version)
        self._subject = Subject(name, version)
        self._version: ModelVersion | None = None
        self._level: PermissionLevel | None = None
        self._model_description = ""
        self._requests: dict[str, InboxRequest] = {}  # by the keys of their rows

    def subject(self) -> Subject:
        return self._subject

    def row_values(self) -> Mapping[str, str]:
        return version_values(self._version) if self._version is not None else super().row_values()

    @property
    def prompt_text(self) -> str | None:
        return template(self._version) if self._version and is_prompt(self._version.tags) else None

    def known_description(self) -> str:
        return (self._version.description or "") if self._version else ""

    async def read_facts(self) -> Sequence[Fact]:
        client, short_name = self.console_app.client, self.console_app.connection.short_name
        name, number = self._subject.name, self._subject.version or ""
        ((version, since), model, lineage), (written_comments, requests, activities) = await asyncio.gather(
            asyncio.gather(
                self._read_version(name, number),
                client.models.get(name),
                known_lineage(client, name, number),
            ),
            asyncio.gather(
                client.comments.of_version(name, number),
                client.requests.of_version(name, number),
                client.activities.search(name=name, version=number, max_results=MAX_ACTIVITIES),
            ),
        )
        self._version, self._level = version, model.permission_level
        self._model_description = model.description or ""
        self._requests = {_key(request): request for request in requests}
        self.by_subject = by_subject(requests)
        return [
            *prompt_facts(version),
            *self._version_facts(version, since, requests),
            *(_lineage_facts(lineage) if lineage is not None else ()),
            *(
                self.tag_fact(self._subject, tag, can_edit=may(self._level, Ability.EDIT))
                for tag in own_tags(version.tags)
            ),
            *(self._alias_fact(alias) for alias in version.aliases),
            *(self._comment_fact(comment) for comment in written_comments),
            *(_activity_fact(each, one_line(short_name(each.user_id or ""))) for each in activities.activities),
        ]

    async def _read_version(self, name: str, number: str) -> tuple[ModelVersion, Since]:
        client = self.console_app.client
        version = await client.versions.get(name, number)
        (since,) = await read_since(client, version)
        return version, since

    def _version_facts(self, version: ModelVersion, since: Since, requests: Sequence[InboxRequest]) -> list[Fact]:
        """Requests come before all that may be long: they wait for somebody."""
        facts = [
            self.description_fact(self._subject, version.description or "", can_edit=may(self._level, Ability.EDIT)),
            *self._stage_facts(version, *since),
            *(_request_fact(request) for request in requests),
            *self._source_fact(version),
        ]
        open_actions = {"run": self.action_open_run, "run link": self.action_open_run} if version.run_id else {}
        for label, value in (
            ("run", version.run_id),
            ("run link", version.run_link),
            ("logged model", version.model_id),
        ):
            if value:
                facts.append(Fact(key=label, label=label, value=value, open=open_actions.get(label)))
        created = f"{moment(version.creation_timestamp)}, {age(version.creation_timestamp)} ago"
        facts.append(
            Fact(key="created", label="created", value=f"{created}, by {version.user_id or 'an unknown user'}")
        )
        return facts

    @property
    def _has_stage(self) -> bool:
        """Versions of prompts have no stage, and no source that says something."""
        return self.prompt_text is None or (self._version is not None and self._version.current_stage is not Stage.NONE)

    def _stage_facts(self, version: ModelVersion, since: int | None, by: str) -> list[Fact]:
        if not self._has_stage:
            return []
        stage = version.current_stage
        entered = "" if since is None else f"{moment(since)}, {age(since)} ago, by {by or 'an unknown user'}"
        return [
            Fact(key="stage", label="stage", value=stage.value, style=STAGE_STYLES[stage]),
            *([Fact(key="in stage since", label="in stage since", value=entered)] if entered else []),
        ]

    def _source_fact(self, version: ModelVersion) -> list[Fact]:
        return [Fact(key="source", label="source", value=version.source or "")] * self._has_stage

    def _alias_fact(self, alias: str) -> Fact:
        can_alias = may(self._level, Ability.SET_ALIAS)
        remove = partial(self.remove_alias, self._subject.name, alias, self._subject.version or "")
        return Fact(
            key=f"alias {alias}",
            label="alias",
            value=f"@{alias}",
            full_text=f"{self.noun}s:/{self._subject.name}@{alias}",
            delete=remove if can_alias else None,
        )

    def _comment_fact(self, comment: Comment) -> Fact:
        user = self.console_app.connection.short_name(comment.user_id)
        edited = ", edited" if comment.last_updated_timestamp != comment.creation_timestamp else ""
        return Fact(
            key=f"comment {comment.id}",
            label="comment",
            value=f"{user}, {age(comment.creation_timestamp)} ago: {summary(comment.comment, 500)}",
            full_text=f"{comment.user_id}  {moment(comment.creation_timestamp)}{edited}\n\n{comment.comment}",
            edit=partial(self._edit_comment, comment) if CommentAction.EDIT in comment.available_actions else None,
            delete=partial(self._delete_comment, comment)
            if CommentAction.DELETE in comment.available_actions
            else None,
        )

    def _chosen_requests(self) -> Sequence[InboxRequest]:
        """The one under the cursor."""
        request = self._requests.get(self.table.cursor_key or "")
        return [] if request is None else [request]

    def requests_to(self, decision: Decision) -> Sequence[InboxRequest]:
        """The one under the cursor or, from any other row, the only one that the user can decide so."""
        if chosen := self._chosen_requests():
            return chosen
        return found if len(found := self._decidable(decision)) == 1 else []

    def _decidable(self, decision: Decision) -> list[InboxRequest]:
        """Those that the user can decide so: one for each stage where that settles all requests for it."""
        found = [each for each in self._requests.values() if NEEDED_ACTIONS[decision] in each.available_actions]
        if decision is Decision.CANCEL:
            return found
        firsts: dict[Stage, InboxRequest] = {}
        for each in found:
            firsts.setdefault(each.to_stage, each)
        return list(firsts.values())

    def description_of(self, name: str) -> str | None:
        return self._model_description

    def _has_to_choose(self, decision: Decision) -> bool:
        return not self._chosen_requests() and len(self._decidable(decision)) > 1

    def confirm_decision(self, decision: Decision) -> None:
        """Where there are several, go to the first one: the key then decides that under the cursor."""
        if self._has_to_choose(decision):
            self.table.move_to(_key(self._decidable(decision)[0]))
            message = "several requests are open: choose one."
            self.console_app.mutations.report(str(self._subject), Verdict.REFUSED, message)
        else:
            super().confirm_decision(decision)

    def is_live(self, action: str) -> bool:
        if action in {"approve", "reject", "cancel"}:
            return self._has_to_choose(Decision(action)) or self.decisions_are_live(action)
        if action in {"tags", "aliases"}:
            return may(self._level, Ability.EDIT if action == "tags" else Ability.SET_ALIAS)
        if action == "transition":  # versions of prompts have aliases in place of stages
            return self._version is not None and self.prompt_text is None
        if action == "open_run":
            return self._version is not None and bool(self._version.run_id)
        return super().is_live(action)

    def action_open_run(self) -> None:
        if self._version is not None and self._version.run_id:
            self.console_app.navigation.open_run(self._version.run_id)

    def action_transition(self) -> None:
        if self._version is not None:
            app = self.console_app
            app.mutations.prepare(partial(transition_version, app, self._version, self._level, self.by_subject))

    def action_history(self) -> None:
        self.console_app.navigation.open_history(self._subject.name, self._subject.version)

    async def _edit_comment(self, comment: Comment) -> None:
        app = self.console_app
        field = Field(
            name="comment",
            label="Comment",
            value=comment.comment,
            long=True,
            max_length=MAX_COMMENT_LENGTH,
            required=True,
        )
        values = await app.push_screen_wait(Form(f"Edit the comment on {self._subject}", [field]))
        if values is not None and values["comment"] != comment.comment:
            app.mutations.start(comments.edit(app.client, self._subject, comment, values["comment"]))

    async def _delete_comment(self, comment: Comment) -> None:
        app = self.console_app
        text = map(quoted, lines(comment.comment, 1000))
        message = Content("\n").join([Content(f"• {one_line(comment.user_id)}:"), *text])
        question = Question(f"Delete this comment on {self._subject}?", [message], "Delete")
        if await app.push_screen_wait(Confirm(question)) is not None:
            app.mutations.start(comments.delete(app.client, self._subject, comment))


def _lineage_facts(lineage: Lineage) -> list[Fact]:
    """Where a version comes from: what there are many of in one row, and one a line in full."""
    facts = [Fact(key=f"lineage {label}", label=label, value=value) for label, value in origin_facts(lineage)]
    listed = (("metrics", metric_facts), ("parameters", param_facts), ("datasets", dataset_facts))
    for label, read in listed:
        if found := read(lineage):
            named = [f"{name} {value}".strip() for name, value in found]
            facts.append(Fact(key=f"lineage {label}", label=label, value=", ".join(named), full_text="\n".join(named)))
    return facts


def _key(request: InboxRequest) -> str:
    return f"request {request.id}"


def _activity_fact(activity: Activity, who: str) -> Fact:
    label, details = action_label(activity), describe(activity)
    said = f"{who} {label}  "
    return Fact(
        key=f"activity {activity.id}",
        label=age(activity.creation_timestamp),
        value=f"{said}{details}",
        full_text=f"{moment(activity.creation_timestamp)}  {activity.user_id or ''}\n{label}\n{details}",
        style="dim",
        spans=transition_spans(activity, len(said)),
    )


def _request_fact(request: InboxRequest) -> Fact:
    others = displaced(request)
    effect = f"displaces {numbered(others)}, now in {request.to_stage}\n" if others else ""
    effect += f"{PRODUCTION_LEFT_EMPTY}\n" if request.leaves_empty else ""
    return Fact(
        key=_key(request),
        label="requested",
        value=f"→ {request.to_stage} by {request.user_id}, {age(request.creation_timestamp)} ago",
        full_text=f"{request.from_stage} → {request.to_stage}\n{effect}requested by {request.user_id} on "
        f"{moment(request.creation_timestamp)}\n\n{request.comment or ''}",
        style=f"bold {REQUEST_STYLE}",
    )
