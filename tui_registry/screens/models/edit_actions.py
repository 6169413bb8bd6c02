"""Editing the description, tags, aliases and comments of a model or version."""

from functools import partial

from textual.content import Content

from tui_registry.mutations import alias as aliases
from tui_registry.mutations import comment as comments
from tui_registry.mutations.description import describe
from tui_registry.mutations.subject import Subject
from tui_registry.mutations.tag import tag
from tui_registry.screens.dialogs.confirm import Confirm, Question
from tui_registry.screens.dialogs.form import Field, Form
from tui_registry.screens.models.copy_actions import CopyActions
from tui_registry.screens.models.follow_dialog import follow
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry_server.wire.comment import MAX_COMMENT_LENGTH
from tui_registry_server.wire.fields import MAX_DESCRIPTION_LENGTH


class EditActions(CopyActions):
    """Subclasses define ``subject`` and ``known_description``."""

    def known_description(self) -> str:
        """The description of the subject, as it is displayed."""
        raise NotImplementedError

    def description_label(self, subject: Subject) -> str:
        """What its description is called."""
        return "Commit message" if self.noun == "prompt" and subject.version is not None else "Description"

    def action_edit(self) -> None:
        if (subject := self.subject()) is not None:
            self.console_app.mutations.prepare(partial(self._edit_description, subject, self.known_description()))

    def action_tags(self) -> None:
        if (subject := self.subject()) is not None:
            self.console_app.mutations.prepare(partial(self.set_tag, subject))

    def action_aliases(self) -> None:
        if (subject := self.subject()) is not None:
            self.console_app.mutations.prepare(partial(self._set_alias, subject))

    def action_comment(self) -> None:
        if (subject := self.subject()) is not None:
            self.console_app.mutations.prepare(partial(self._comment, subject))

    def action_permissions(self) -> None:
        if (subject := self.subject()) is not None:
            self.console_app.navigation.open_access(subject.name)

    def action_webhooks(self) -> None:
        if (subject := self.subject()) is not None:
            self.console_app.navigation.open_webhooks(subject.name)

    def action_follow(self) -> None:
        if (subject := self.subject()) is not None:
            self.console_app.mutations.prepare(partial(follow, self.console_app, subject.name))

    async def _edit_description(self, subject: Subject, before: str) -> None:
        app, label = self.console_app, self.description_label(subject)
        field = Field(
            name="description",
            label=f"{label} (Markdown)",
            value=before,
            long=True,
            max_length=MAX_DESCRIPTION_LENGTH,
        )
        values = await app.push_screen_wait(Form(f"{label} of {subject}", [field]))
        if values is not None and values["description"] != before:
            app.mutations.start(describe(app.client, subject, before, values["description"]))

    async def set_tag(self, subject: Subject, key: str = "", value: str = "") -> None:
        """Ask for a tag and set it."""
        app = self.console_app
        fields = [
            Field(name="key", label="Key", value=key, hint="for example team", required=True),
            Field(name="value", label="Value", value=value),
        ]
        values = await app.push_screen_wait(Form(f"Set a tag on {subject}", fields))
        if values is None:
            return
        before = (await subject.read(app.client)).tags.get(values["key"])
        if before is not None and values["key"] != key:
            message = [Content(f"• {one_line(values['key'])} is currently {one_line(before, 300) or 'empty'}")]
            if await app.push_screen_wait(Confirm(Question("Replace this tag's value?", message, "Replace"))) is None:
                return
        if before != values["value"]:
            app.mutations.start(tag(app.client, subject, values["key"], before, values["value"]))

    async def remove_tag(self, subject: Subject, key: str, value: str) -> None:
        """Confirm, and remove a tag."""
        app = self.console_app
        message = [Content(f"• {one_line(key)} = {one_line(value, 300)}")]
        question = Question(f"Remove this tag from {subject}?", message, "Remove")
        if await app.push_screen_wait(Confirm(question)) is not None:
            app.mutations.start(tag(app.client, subject, key, value, None))

    async def _set_alias(self, subject: Subject) -> None:
        app = self.console_app
        fields = [
            Field(name="alias", label="Alias", hint="for example champion", required=True),
            Field(name="version", label="Version", value=subject.version or "", required=True, check=_version_problem),
        ]
        values = await app.push_screen_wait(Form(f"Set an alias on {visible(subject.name)}", fields))
        if values is None:
            return
        known = {each.alias: each.version for each in (await app.client.models.get(subject.name)).aliases}
        before, after = known.get(values["alias"]), values["version"]
        if before == after:
            return
        if before is not None:
            message = [Content(f"• @{one_line(values['alias'])}: version {before} → version {after}")]
            if await app.push_screen_wait(Confirm(Question("Reassign this alias?", message, "Reassign"))) is None:
                return
        app.mutations.start(aliases.alias(app.client, subject.name, values["alias"], before, after))

    async def remove_alias(self, name: str, word: str, version: str) -> None:
        """Confirm, and remove an alias."""
        app = self.console_app
        loading = f"Loading {self.noun}s:/…@{one_line(word)} will fail."
        message = [Content(f"• @{one_line(word)}, version {version}\n  {loading}")]
        question = Question(f"Remove this alias from {name}?", message, "Remove")
        if await app.push_screen_wait(Confirm(question)) is not None:
            app.mutations.start(aliases.alias(app.client, name, word, version, None))

    async def _comment(self, subject: Subject) -> None:
        app = self.console_app
        field = Field(name="comment", label="Comment", long=True, max_length=MAX_COMMENT_LENGTH, required=True)
        values = await app.push_screen_wait(Form(f"Comment on {subject}", [field], save="Comment"))
        if values is not None:
            known = frozenset(
                each.id for each in await app.client.comments.of_version(subject.name, subject.version or "")
            )
            app.mutations.start(comments.add(app.client, subject, values["comment"], known=known))


def _version_problem(text: str) -> str:
    return "" if text.isascii() and text.isdigit() and int(text) > 0 else "The version must be a number, such as 3."
