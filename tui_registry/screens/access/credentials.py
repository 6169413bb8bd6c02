"""How a service principal signs in: its OAuth secrets and its federation rules; for administrators."""

import asyncio
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from tui_registry.keys.actions import WHILE_TYPING, bindings
from tui_registry.mutations import client_secret, federation_rule
from tui_registry.mutations.result import Verdict
from tui_registry.screens.access.section import SECTIONS, Section
from tui_registry.screens.base.new_row import make
from tui_registry.screens.dialogs.confirm import Confirm, Question
from tui_registry.screens.dialogs.form import Field, Form
from tui_registry.screens.dialogs.new_token import NewToken
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.widgets.ages import age, day, moment
from tui_registry.widgets.columns import BY_AGE, BY_TIME, Sorting
from tui_registry.widgets.row import Instant
from tui_registry.widgets.table import Column, Row
from tui_registry_server.wire.oauth import MAX_SECRET_LIFETIME, ClientSecret, FederationRule

GITHUB = "https://token.actions.githubusercontent.com"
DAY = 24 * 60 * 60  # seconds
BY_EXPIRY = Sorting("soonest first", "latest first")


class Credentials(Section):
    place = "credentials"
    is_section = False
    empty_message = "No secrets and no federation rules.\nPress n to create a secret, N a rule."
    no_match = "No matching secrets or rules."
    placeholder = "secret, issuer, subject or audience"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("credentials"), *WHILE_TYPING]
    COLUMNS = (
        Column("KIND", 6),
        Column("ABOUT", 24, grow=3, max_width=80),
        Column("AGE", 4, priority=1, sorting=BY_AGE),
        Column("EXPIRES", 10, sorting=BY_EXPIRY),
        Column("LAST USED", 10, priority=2, sorting=BY_TIME),
    )

    def __init__(self, principal_id: str, application_id: str) -> None:
        super().__init__("Access", SECTIONS["service principals"], visible(application_id), "Credentials")
        self._principal_id = principal_id
        self._application_id = application_id
        self._secrets: dict[str, ClientSecret] = {}
        self._rules: dict[str, FederationRule] = {}

    async def load(self) -> None:
        client = self.console_app.client
        secrets, rules = await asyncio.gather(
            client.client_secrets.all(self._principal_id), client.federation_rules.all()
        )
        self._secrets = {each.id: each for each in secrets}
        self._rules = {each.id: each for each in rules if each.application_id == self._application_id}
        await super().load()

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        """All at once: there are two secrets at most, and few rules."""
        words = typed.casefold().split()
        rows = [*map(_secret_row, self._secrets.values()), *map(_rule_row, self._rules.values())]
        return [row for row in rows if all(word in _searched(row) for word in words)], ""

    def about_row(self, key: str) -> Content:
        if secret := self._secrets.get(key):
            used = "never used" if secret.last_used_time is None else f"used {age(_time(secret.last_used_time))} ago"
            times = f"created {day(_time(secret.create_time))}, expires {moment(_time(secret.expire_time))}, {used}"
            return Content.assemble((times, "dim"), (f"\nID {one_line(secret.id)}", "dim"))
        if rule := self._rules.get(key):
            made = f"created {moment(rule.creation_time)} by {one_line(rule.created_by)}"
            accepted = f"{one_line(rule.subject)} of {one_line(rule.issuer)} for {one_line(rule.audience)}"
            return Content.assemble((made, "dim"), f"\n{accepted}")
        return Content("")

    def is_allowed(self, action: str) -> bool:
        return action != "revoke_credential" or self.table.row_count > 0

    def open_row(self, key: str) -> None:
        """The details of the row are below the list."""

    def action_copy(self) -> None:
        if self.table.cursor_key:
            self.console_app.copy(self.table.cursor_key)

    def action_make_secret(self) -> None:
        self.console_app.mutations.prepare(self._make)

    async def _make(self) -> None:
        app = self.console_app
        days = Field(
            name="days",
            label="Lifetime in days",
            value="180",
            hint="empty: two years, the maximum",
            check=_days_problem,
        )
        given = await app.push_screen_wait(
            Form(f"New secret of {one_line(self._application_id)}", [days], save="Create")
        )
        if given is None:
            return
        lifetime = int(given["days"]) * DAY if given["days"] else None
        before = {each.id for each in await app.client.client_secrets.all(self._principal_id)}
        handed: list[str] = []

        def show() -> None:
            if handed:
                app.push_screen(NewToken(self._application_id, handed.pop(), "secret"))
            else:
                lost = "Its value was lost with the answer: revoke it and create another one."
                app.mutations.report(f"secret of {self._application_id}", Verdict.UNKNOWN, lost)

        change = client_secret.create(
            app.client,
            self._principal_id,
            self._application_id,
            lifetime,
            before,
            lambda made: handed.append(made.secret),
        )
        make(app, self.table, change, lambda key: key in self._secrets and key not in before, then=show)

    def action_make_rule(self) -> None:
        self.console_app.mutations.prepare(self._make_rule)

    async def _make_rule(self) -> None:
        app, name = self.console_app, self._application_id
        fields = [
            Field(name="issuer", label="Issuer of the tokens (iss)", hint=GITHUB, required=True, max_length=500),
            Field(
                name="subject",
                label="Subject (sub); * stands for any characters",
                hint="repo:ORG/REPOSITORY:ref:refs/heads/main",
                required=True,
                max_length=500,
            ),
            Field(name="audience", label="Audience (aud)", required=True, max_length=500),
        ]
        given = await app.push_screen_wait(Form(f"New federation rule of {one_line(name)}", fields, save="Create"))
        if given is None:
            return
        before = {each.id for each in await app.client.federation_rules.all()}
        made: list[FederationRule] = []
        change = federation_rule.create(
            app.client, name, given["issuer"], given["subject"], given["audience"], before, made.append
        )
        make(app, self.table, change, lambda key: key in self._rules and key not in before)

    def action_revoke_credential(self) -> None:
        key = self.table.cursor_key or ""
        if secret := self._secrets.get(key):
            self.console_app.mutations.prepare(partial(self._revoke, secret))
        elif rule := self._rules.get(key):
            self.console_app.mutations.prepare(partial(self._delete, rule))

    async def _revoke(self, secret: ClientSecret) -> None:
        message = [
            Content(f"{one_line(self._application_id)}: created {moment(_time(secret.create_time))}"),
            Content("Programs that use it will lose access, also with the tokens that it gave. This cannot be undone."),
        ]
        if await self.app.push_screen_wait(Confirm(Question("Revoke this secret?", message, "Revoke"))) is not None:
            app = self.console_app
            app.mutations.start(client_secret.delete(app.client, self._principal_id, self._application_id, secret.id))

    async def _delete(self, rule: FederationRule) -> None:
        message = [
            Content(f"{one_line(self._application_id)}: {one_line(rule.subject)} of {one_line(rule.issuer)}"),
            Content("Jobs with such tokens will lose access, also with the tokens that they got."),
        ]
        question = Question("Delete this federation rule?", message, "Delete")
        if await self.app.push_screen_wait(Confirm(question)) is not None:
            self.console_app.mutations.start(federation_rule.delete(self.console_app.client, rule))


def _secret_row(secret: ClientSecret) -> Row:
    created, expires = _time(secret.create_time), _time(secret.expire_time)
    used = None if secret.last_used_time is None else _time(secret.last_used_time)
    expired = secret.status != "ACTIVE"
    return Row(
        secret.id,
        (
            ("secret", "bold"),
            (one_line(secret.id), ""),
            (age(created), "dim"),
            ("expired" if expired else day(expires), "red" if expired else "dim"),
            ("never" if used is None else day(used), "dim"),
        ),
        ("secret", secret.id, Instant(created), Instant(expires), None if used is None else Instant(used)),
    )


def _rule_row(rule: FederationRule) -> Row:
    about = f"{rule.subject} of {rule.issuer} for {rule.audience}"
    return Row(
        rule.id,
        (("rule", "bold"), (one_line(about), ""), (age(rule.creation_time), "dim"), ("never", "dim"), ("", "dim")),
        ("rule", about, Instant(rule.creation_time), None, None),
    )


def _searched(row: Row) -> str:
    kind, about, *_ = row.values
    return f"{kind} {about}".casefold()


def _time(text: str) -> int:
    """Milliseconds since the epoch of a time on the wire (RFC 3339)."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _days_problem(days: str) -> str:
    longest = MAX_SECRET_LIFETIME // DAY
    if days.isdecimal() and 0 < int(days) <= longest:
        return ""
    return f"Enter a number of days from 1 to {longest}, or leave it empty."
