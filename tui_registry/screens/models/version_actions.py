"""What can be done with the versions in a table, on every screen that lists some."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from textual import on
from textual.content import Content

from tui_registry.mutations import version as versions
from tui_registry.mutations.decision import NEEDED_ACTIONS, Decision, displaced
from tui_registry.mutations.result import Verdict
from tui_registry.mutations.subject import Subject
from tui_registry.mutations.transition import emptied_by, holders
from tui_registry.queries.prompts import is_prompt, template
from tui_registry.queries.version_page import newest_versions
from tui_registry.screens.dialogs.confirm import Confirm, Question, word_for
from tui_registry.screens.models.compare import Compare
from tui_registry.screens.models.edit_actions import EditActions
from tui_registry.screens.models.request_decisions import DEBOUNCE_SECONDS, RequestDecisions
from tui_registry.screens.models.transition_dialog import transition_version
from tui_registry.session.messages import LivenessChanged
from tui_registry.terminal.sanitize import visible
from tui_registry.widgets.table import Table
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.permission import PermissionLevel
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.transition_request import InboxRequest


class VersionActions(RequestDecisions, EditActions):
    """Subclasses define ``table``, ``version_of`` and ``level_on``, and set ``by_row`` as they load."""

    by_row: Mapping[str, Sequence[InboxRequest]] = MappingProxyType({})
    """The open requests by the keys of their versions' rows, the newest first."""

    def version_of(self, key: str) -> ModelVersion | None:
        """The version of a row."""
        raise NotImplementedError

    def level_on(self, name: str) -> PermissionLevel | None:
        """The caller's level on a model, if it is known."""
        raise NotImplementedError

    @property
    def version(self) -> ModelVersion | None:
        """The version under the cursor."""
        return self.version_of(self.table.cursor_key or "")

    def subject(self) -> Subject | None:
        return Subject(self.version.name, self.version.version) if self.version else None

    @property
    def prompt_text(self) -> str | None:
        return template(self.version) if self.version and is_prompt(self.version.tags) else None

    def row_values(self) -> Mapping[str, str]:
        if (version := self.version) is None:
            return {}
        values = version_values(version)
        for request in self._requests[:1]:
            values |= {"to_stage": request.to_stage.value, "request_id": request.id}
        return values

    @property
    def _requests(self) -> Sequence[InboxRequest]:
        """Those of the version under the cursor."""
        return self.by_row.get(self.table.cursor_key or "", ())

    def requests_to(self, decision: Decision) -> Sequence[InboxRequest]:
        """The newest of each chosen version or, if there is one, the newest that the user can decide so."""
        chosen = [found for key in self.chosen_keys if (found := self.by_row.get(key))]
        needed = NEEDED_ACTIONS[decision]
        return [next((each for each in found if needed in each.available_actions), found[0]) for found in chosen]

    def after_decisions(self, ids: Collection[str]) -> None:
        decided = {key for key, found in self.by_row.items() if any(each.id in ids for each in found)}
        for table in self.mark_tables:
            table.unmark(decided)

    def known_description(self) -> str:
        return (self.version.description or "") if self.version else ""

    def action_open(self) -> None:
        self.table.action_open()

    @on(Table.Opened)
    def _opened_row(self, event: Table.Opened) -> None:
        if (version := self.version_of(event.key or "")) is not None:
            self.console_app.navigation.open_version(version.name, version.version)

    def action_transition(self) -> None:
        if self.version is not None:
            app, level = self.console_app, self.level_on(self.version.name)
            app.mutations.prepare(partial(transition_version, app, self.version, level, self.by_subject))

    @property
    def has_run(self) -> bool:
        """Whether the version under the cursor names the run it comes from."""
        return self.version is not None and bool(self.version.run_id)

    def action_open_run(self) -> None:
        if self.version is not None and self.version.run_id:
            self.console_app.navigation.open_run(self.version.run_id)

    def action_history(self) -> None:
        if self.version is not None:
            self.console_app.navigation.open_history(self.version.name, self.version.version)

    def action_delete(self) -> None:
        if self.version is not None:
            self.console_app.mutations.prepare(partial(self._delete_version, self.version))

    async def _delete_version(self, version: ModelVersion) -> None:
        app = self.console_app
        message = f"• {visible(version.name)} version {version.version}, currently in {version.current_stage}\n"
        message += "  Its tags, aliases, comments and open requests are deleted with it.\n  Its artifacts are kept."
        emptied = await emptied_by(app.client, version, None)
        question = Question(
            title="Permanently delete this version?",
            message=[Content(message)],
            verb="Delete",
            warnings=[emptied] if emptied else [],
            word=word_for(version.name, "delete"),
            why_word="this cannot be undone",
        )
        if await app.push_screen_wait(Confirm(question)) is not None:
            app.mutations.start(versions.delete(app.client, version))

    @property
    def marked_versions(self) -> Sequence[ModelVersion]:
        found = map(self.version_of, self.marked_keys)
        return [version for version in found if version is not None]

    def action_compare(self) -> None:
        """Compare two marked versions; or the marked one with the one under the cursor; or the one under the cursor
        with the one in Production or, if that is itself, with the newest other one."""
        chosen = list(self.marked_versions[:2])
        if len(chosen) < 2 and self.version is not None and self.version not in chosen:
            chosen.append(self.version)
        if len(chosen) == 2:
            self._open_comparison(*chosen)
        elif chosen:
            self.console_app.mutations.prepare(partial(self._compare_with_another, chosen[0]))

    def _open_comparison(self, *versions: ModelVersion) -> None:
        """The one in Production comes first, or else the earlier one: what the other one has besides is added."""
        first, second = sorted(
            versions, key=lambda each: (each.current_stage is not Stage.PRODUCTION, int(each.version))
        )
        self.app.push_screen(Compare(first, second))

    async def _compare_with_another(self, version: ModelVersion) -> None:
        client = self.console_app.client
        held = await holders(client, version.name, Stage.PRODUCTION)
        found = [*held, *await newest_versions(client, version.name, 2)]
        other = next((each for each in found if each.version != version.version), None)
        if other is not None:
            self._open_comparison(other, version)
        else:
            title = f"{version.name} version {version.version}"
            self.console_app.mutations.report(title, Verdict.REFUSED, "there is no other version to compare it with.")

    @on(Table.Highlighted)
    def _highlighted_row(self) -> None:
        self.show_version()
        self.post_message(LivenessChanged())

    def show_version(self) -> None:
        """Display the details of the version under the cursor, with its requests."""
        version, requests = self.version, self._requests
        self.details.show_version(version, requests)
        if version is not None and (displacing := next(filter(displaced, requests), None)) is not None:
            self.fetch("details", partial(self._compare, displacing, version))

    async def _compare(self, request: InboxRequest, version: ModelVersion) -> None:
        await asyncio.sleep(DEBOUNCE_SECONDS)
        await self.compare(request, version)


def version_values(version: ModelVersion) -> dict[str, str]:
    """The values of a version for custom commands."""
    return {
        "name": version.name,
        "version": version.version,
        "stage": version.current_stage.value,
        "run_id": version.run_id or "",
    }
