"""The permission levels on a model or on the whole registry: granted, changed, revoked and explained."""

import asyncio
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from tui_registry.access.access_list import NONE, Grant
from tui_registry.access.grants import MANAGE, AccessView, permission_object, read
from tui_registry.access.principal import Principal
from tui_registry.access.wording import reason_text
from tui_registry.client.errors import Refused
from tui_registry.keys.actions import WHILE_TYPING, bindings
from tui_registry.screens.access import granting
from tui_registry.screens.access.section import Section
from tui_registry.screens.base.listing import Listing
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry.widgets.columns import Sorting
from tui_registry.widgets.row import Ranked
from tui_registry.widgets.table import Column, Row
from tui_registry_server.wire.principal import PrincipalKind

FORBIDDEN = 403
BY_LEVEL = Sorting("lowest first", "highest first", is_descending_first=True)


class Access(Section):
    """The levels on the whole registry, as a tab of Access, or on a model, opened on top of another place."""

    place = "access"
    empty_message = "No permissions are granted here."
    no_match = "No matching permissions."
    placeholder = "part of a name or level"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("access"), *WHILE_TYPING]
    COLUMNS = (
        Column("PRINCIPAL", 18, grow=3, max_width=48, is_cut_in_middle=True),
        Column("KIND", 7, priority=2),
        Column("LEVEL", 30, sorting=BY_LEVEL),
        Column("GRANTED ON", 14, priority=1),
        Column("DISPLAY NAME", 12, priority=3, grow=1, max_width=30),
    )

    def __init__(self, model: str = "") -> None:
        super().__init__(*(("Models", model, "Permissions") if model else ()))
        self._model = model
        self.is_section = not model
        self._view: AccessView | None = None
        self._grants: dict[str, Grant] = {}

    async def load(self) -> None:
        client = self.console_app.client
        target = await permission_object(client, self._model, self.console_app.connection.whole)
        try:
            access, own, levels = await asyncio.gather(
                read(client, target), client.permissions.why(target.id), client.permissions.levels(target.id)
            )
        except Refused as error:
            if error.status != FORBIDDEN:
                raise
            self._view = None
            self.table.show([], empty=f"{one_line(str(error))}\nTo see the permissions on a model, press p on it.")
            return
        self._view = AccessView(target, access, own, {each.permission_level: each.description for each in levels})
        await Listing.load(self)  # not that of Section, which also reads the current user
        self.show_note()

    async def read_page(self, typed: str, token: str, size: int) -> tuple[list[Row], str]:
        """The whole list: the server does not return it in pages."""
        view = self._view
        grants = sorted(view.access.grants, key=partial(_order, view)) if view else []
        words = typed.casefold().split()
        self._grants = {_key(grant): grant for grant in grants}
        rows = [
            _row(
                grant,
                self._display_name(grant.principal),
                self.console_app.connection.whole if grant.inherited or not self._model else "this model",
                rank=view.rank(grant.level) if view else 0,
            )
            for grant in grants
        ]
        return [row for row in rows if all(word in _searchable(row) for word in words)], ""

    def _display_name(self, principal: Principal) -> str:
        return (
            self.console_app.connection.short_name(principal.name)
            if principal.kind is PrincipalKind.USER
            else principal.name
        )

    def show_note(self) -> None:
        self.note.update(self._own_level())
        self.highlighted()

    def _own_level(self) -> Content:
        if self._view is None:
            return Content("")
        grants = self._view.own.grants
        target = self._view.target
        reason = (
            one_line(reason_text(grants[0], whole=target.whole, registry_wide=target.registry_wide))
            if grants
            else "none here"
        )
        if self._view.manages:
            return Content(f"Your level: {reason}.")
        return Content(f"Your level: {reason}. Changes require {MANAGE}.")

    def about_row(self, key: str) -> Content:
        grant, whole = self._grants[key], self.console_app.connection.whole
        meaning = one_line(self._view.meanings.get(grant.level, "") if self._view else "")
        parts = [Content.assemble((one_line(grant.level), "bold"), f"  {meaning}")]
        if grant.fixed:
            parts.append(Content.styled("Members of admins can manage everything. This cannot be changed.", "dim"))
        elif grant.inherited:
            parts.append(
                Content.styled(f"Granted on the {whole} (key 5). e grants a higher level on this model.", "dim")
            )
        return Content("\n").join(parts)

    @property
    def _chosen(self) -> Grant | None:
        return self._grants.get(self.table.cursor_key or "")

    def is_live(self, action: str) -> bool:
        if action in {"grant", "change", "revoke"}:
            return self._view is not None and self._view.manages and self.is_allowed(action)
        if action == "why":
            return self._view is not None
        return super().is_live(action)

    def is_allowed(self, action: str) -> bool:
        grant = self._chosen
        if action == "change":
            return grant is not None and not grant.fixed
        if action == "revoke":
            return grant is not None and not grant.fixed and not grant.inherited
        return True

    def open_row(self, key: str) -> None:
        """Enter changes the level or, without permission for that, explains it."""
        if self.check_action("change", ()):
            self.action_change()
        elif self._view is not None:
            self.console_app.mutations.prepare(
                partial(granting.show_why, self.console_app, self._view, self._grants[key].principal)
            )

    def action_copy(self) -> None:
        if grant := self._chosen:
            self.console_app.copy(grant.principal.name)

    def action_grant(self) -> None:
        if self._view is not None:
            self.console_app.mutations.prepare(partial(granting.grant, self.console_app, self._view, self.table))

    def action_change(self) -> None:
        grant, view = self._chosen, self._view
        if grant is not None and view is not None:
            had = view.access.direct.get(grant.principal, grant.level)
            self.console_app.mutations.prepare(
                partial(granting.change, self.console_app, view, grant.principal, had, self.table)
            )

    def action_revoke(self) -> None:
        grant, view = self._chosen, self._view
        if grant is not None and view is not None:
            self.console_app.mutations.prepare(
                partial(granting.give, self.console_app, view, grant.principal, NONE, self.table)
            )

    def action_why(self) -> None:
        grant, view = self._chosen, self._view
        if view is not None:
            default = grant.principal if grant is not None else None
            self.console_app.mutations.prepare(partial(granting.explain, self.console_app, view, default))


def _key(grant: Grant) -> str:
    key = granting.direct_key(grant.principal)
    return f"{key} inherited" if grant.inherited else key


def _order(view: AccessView, grant: Grant) -> tuple[int, bool, Principal]:
    return (-view.rank(grant.level), grant.inherited, grant.principal)


def _row(grant: Grant, name: str, origin: str, *, rank: int) -> Row:
    return Row(
        _key(grant),
        (
            (visible(name), "bold"),
            (grant.principal.prefix, "dim"),
            (one_line(grant.level), "bold" if grant.level == MANAGE else ""),
            (origin, "dim" if grant.inherited else ""),
            (one_line(grant.display_name), "dim"),
        ),
        (grant.principal.name, grant.principal.prefix, Ranked(rank, grant.level), origin, grant.display_name),
    )


def _searchable(row: Row) -> str:
    return " ".join(text for text, _ in row.cells).casefold()
