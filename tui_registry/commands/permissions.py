"""``tui-registry permissions``: who may do what on a model, or on the whole registry."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from tui_registry.commands.exits import Exit, Failure, exit_of
from tui_registry.commands.output import print_json, print_lines, table, whole, wire
from tui_registry.commands.registry import ask, registry_command
from tui_registry_server.wire.names import name_key

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry_server.wire.permission import AccessControl, AccessControlRequest, ObjectPermissions
    from tui_registry_server.wire.permission_preview import PermissionsPreview
    from tui_registry_server.wire.permission_reasons import PermissionsExplanation

KINDS = {
    "user_name": "user",
    "group_name": "group",
    "service_principal_name": "service principal",
}
"""The wire's fields for the name of a principal, and what people call each."""

HIGHEST = "CAN_MANAGE"
"""The level that it takes somebody else to give back."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody or something that may have a level. ``field`` is one of KINDS."""

    field: str
    name: str

    @classmethod
    def of(cls, entry: "AccessControl") -> "Principal":
        field = next((field for field in KINDS if getattr(entry, field)), "user_name")
        return cls(field, getattr(entry, field) or "")

    def is_same(self, other: "Principal") -> bool:
        """By the server's own rule."""
        return self.field == other.field and name_key(self.name) == name_key(other.name)

    def __str__(self) -> str:
        return f"{KINDS[self.field]} {self.name}"


Entry = tuple[Principal, str]
"""Who, and the level given."""


@dataclass(frozen=True, slots=True)
class Place:
    """What the levels are on: a model by its id, or the whole registry."""

    object_id: str
    label: str

    @property
    def registry_wide(self) -> bool:
        from tui_registry.client.permissions import ROOT

        return self.object_id == ROOT


@click.group()
def permissions() -> None:
    """Who may do what on a model, or with --registry on all of them."""


def _on(command: Callable[..., None]) -> Callable[..., None]:
    return click.option("--registry", is_flag=True, help="On the whole registry, instead of on one model.")(command)


def _for(command: Callable[..., None]) -> Callable[..., None]:
    for option, what in (("--service-principal", "service principal"), ("--group", "group"), ("--user", "user")):
        command = click.option(option, metavar="NAME", help=f"The {what} meant.")(command)
    command = click.option("--yes", is_flag=True, help="Do it even where your own CAN_MANAGE is lost by it.")(command)
    return click.option("--dry-run", is_flag=True, help="Change nothing: say what it would mean for whom.")(command)


@registry_command
@permissions.command("show")
@click.argument("model", required=False)
@_on
def show_permissions(*, model: str | None, registry: bool, profile: str | None, as_json: bool) -> None:
    """Show who has which level on MODEL, directly or inherited from the registry."""
    _require_one(model, registry=registry)

    async def read(client: "RegistryClient") -> "ObjectPermissions":
        return await client.permissions.get((await _place(client, model)).object_id)

    found = ask(profile, read)
    if as_json:
        print_json(wire(found))
        return
    rows = [
        [KINDS[principal.field], principal.name, permission.permission_level, _origin(inherited=permission.inherited)]
        for entry in found.access_control_list
        for principal in [Principal.of(entry)]
        for permission in entry.all_permissions
    ]
    print_lines(table(("KIND", "NAME", "LEVEL", "FROM"), rows, fixed=("KIND", "LEVEL", "FROM")))


@registry_command
@permissions.command("why")
@click.argument("words", metavar="(MODEL|--registry) [PRINCIPAL]", nargs=-1)
@_on
def explain_permissions(*, words: tuple[str, ...], registry: bool, profile: str | None, as_json: bool) -> None:
    """Say what PRINCIPAL may do on MODEL, and every grant it comes from: direct, through which groups, or inherited
    from the registry. PRINCIPAL is user:NAME, group:NAME, service:APPLICATION_ID or, where only one is called so, the
    name alone; without it, it is you."""
    if not (registry or words) or len(words) > (1 if registry else 2):
        raise click.UsageError("Give MODEL [PRINCIPAL], or --registry [PRINCIPAL].")
    model = None if registry else words[0]
    principal = next(iter(words if registry else words[1:]), "")

    async def read(client: "RegistryClient") -> "tuple[Place, PermissionsExplanation]":
        place = await _place(client, model)
        return place, await client.permissions.why(place.object_id, principal)

    place, found = ask(profile, read)
    if as_json:
        print_json(wire(found))
        return
    print_lines([whole(each) for each in _explained(place, found)])


@registry_command
@permissions.command("grant")
@click.argument("words", metavar="(MODEL|--registry) LEVEL", nargs=-1)
@_on
@_for
def grant_permission(
    *,
    words: tuple[str, ...],
    registry: bool,
    user: str | None,
    group: str | None,
    service_principal: str | None,
    yes: bool,
    dry_run: bool,
    profile: str | None,
    as_json: bool,
) -> None:
    """Give a user, group or service principal LEVEL on MODEL, in place of the level given to it there before."""
    if len(words) != (1 if registry else 2):
        raise click.UsageError("Give MODEL LEVEL, or --registry LEVEL.")
    model, level = (None if registry else words[0]), _level(words[-1])
    principal = _one_principal(user, group, service_principal)

    async def work(client: "RegistryClient") -> "tuple[list[str], ObjectPermissions | PermissionsPreview]":
        place = await _place(client, model)
        entries = [_request(principal, level)]
        what = await client.permissions.preview(place.object_id, entries)
        if dry_run:
            return _previewed(place, what), what
        _require_own_level(what, yes=yes)
        had = next((each.direct_before for each in what.named), level)
        return await _write(
            client,
            place,
            lambda: client.permissions.add(place.object_id, entries),
            lambda now: _level_of(now, principal, inherited=False) == level,
            f"{principal} has {level} on {place.label}; before: {had or 'no level of its own'}.",
        )

    _tell(*ask(profile, work, writes=not dry_run), as_json=as_json)


@registry_command
@permissions.command("revoke")
@click.argument("model", required=False)
@_on
@_for
def revoke_permission(
    *,
    model: str | None,
    registry: bool,
    user: str | None,
    group: str | None,
    service_principal: str | None,
    yes: bool,
    dry_run: bool,
    profile: str | None,
    as_json: bool,
) -> None:
    """Take away the level that a user, group or service principal was given on MODEL itself. What it inherits from the
    registry or has through groups stays."""
    _require_one(model, registry=registry)
    principal = _one_principal(user, group, service_principal)

    async def work(client: "RegistryClient") -> "tuple[list[str], ObjectPermissions | PermissionsPreview]":
        place = await _place(client, model)
        before = await client.permissions.get(place.object_id)
        had = _level_of(before, principal, inherited=False)
        left = _level_of(before, principal, inherited=True)
        still = f" It still has {left}, inherited from the registry." if left else ""
        if had is None:
            raise Failure(Exit.NOT_FOUND, f"{principal} has no level of its own on {place.label}.{still}")
        # The API cannot remove single grants: the remaining ones are written again.
        kept = [_request(*entry) for entry in _without(before, principal)]
        what = await client.permissions.preview(place.object_id, kept, replace=True, etag=before.etag)
        if dry_run:
            return _previewed(place, what), what
        _require_own_level(what, yes=yes)
        return await _write(
            client,
            place,
            lambda: client.permissions.replace(place.object_id, kept, etag=before.etag),
            lambda now: _level_of(now, principal, inherited=False) is None,
            f"{principal} no longer has {had} on {place.label}.{still}",
        )

    _tell(*ask(profile, work, writes=not dry_run), as_json=as_json)


async def _write(
    client: "RegistryClient",
    place: Place,
    change: "Callable[[], Awaitable[ObjectPermissions]]",
    happened: "Callable[[ObjectPermissions], bool]",
    done: str,
) -> "tuple[list[str], ObjectPermissions]":
    """What to tell, and the permissions afterwards."""
    from tui_registry.mutations.mutation import Mutation, Verdict, run

    answers: list[ObjectPermissions] = []

    async def send() -> None:
        answers.append(await change())

    async def has_happened() -> bool:
        answers[:] = [await client.permissions.get(place.object_id)]
        return happened(answers[0])

    result = await run(Mutation(title=place.label, progress="writing", done=done, send=send, happened=has_happened))
    if result.verdict is Verdict.UNKNOWN:
        raise Failure(Exit.UNKNOWN, result.message)
    if result.verdict is Verdict.REFUSED:
        raise Failure(exit_of(result.error), result.message)
    if not happened(answers[0]):
        raise Failure(Exit.REFUSED, f"The registry keeps things on {place.label} as they were.")
    return [result.message], answers[0]


def _tell(told: list[str], answer: "ObjectPermissions | PermissionsPreview", *, as_json: bool) -> None:
    if as_json:
        print_json(wire(answer))
    else:
        print_lines([whole(each) for each in told])


def _explained(place: Place, found: "PermissionsExplanation") -> list[str]:
    from tui_registry.access.principal import Principal as Named
    from tui_registry.access.wording import reason_text

    who = Named.of(found.principal)
    if found.permission_level:
        told = [f"{who} has {found.permission_level} on {place.label}:"]
        told += [f"- {reason_text(each, registry_wide=place.registry_wide)}" for each in found.grants]
    else:
        told = [f"{who} has no level on {place.label}."]
    return told if found.principal.active else [*told, "The account is deactivated: no token of it is accepted."]


def _previewed(place: Place, what: "PermissionsPreview") -> list[str]:
    from tui_registry.access.principal import Principal as Named
    from tui_registry.access.wording import change_text

    if not what.named_count:
        return [f"Nothing would change on {place.label}."]
    told = [
        f"{Named.of(each.principal)} on {place.label}: {each.direct_before or 'none'} → {each.direct_after or 'none'}; "
        f"with what else is granted: {change_text(each)}"
        for each in what.named
    ]
    for each in what.member_counts:
        levels = (each.level_before, each.level_after)
        names = [Named.of(one.principal).name for one in what.members if (one.level_before, one.level_after) == levels]
        more = [f"{each.count - len(names)} more"] if names and each.count > len(names) else []
        members = f"{each.count} members" if each.count > 1 else "1 member"
        told.append(f"{members}, {change_text(each)}{': ' if names else ''}{', '.join(names + more)}")
    return [*told, f"you: {change_text(what.caller)}", "Nothing was changed."]


async def _place(client: "RegistryClient", model: str | None) -> Place:
    from tui_registry.client.permissions import ROOT

    if model is None:
        return Place(ROOT, "the registry")
    return Place((await client.models.get(model)).id, model)


def _require_one(model: str | None, *, registry: bool) -> None:
    if registry == (model is not None):
        raise click.UsageError("Give either MODEL or --registry.")


def _one_principal(user: str | None, group: str | None, service_principal: str | None) -> Principal:
    given = [
        Principal(field, name)
        for field, name in zip(KINDS, (user, group, service_principal), strict=True)
        if name is not None
    ]
    if len(given) != 1:
        raise click.UsageError("Give exactly one of --user, --group and --service-principal.")
    return given[0]


def _level(text: str) -> str:
    from tui_registry_server.wire.permission import PermissionLevel

    try:
        return PermissionLevel(text.upper()).value
    except ValueError:
        raise click.BadParameter(f"'{text}' is none of {', '.join(PermissionLevel)}.", param_hint="LEVEL") from None


def _origin(*, inherited: bool) -> str:
    return "the registry" if inherited else "here"


def _entries(found: "ObjectPermissions", *, inherited: bool) -> list[Entry]:
    return [
        (Principal.of(entry), permission.permission_level)
        for entry in found.access_control_list
        for permission in entry.all_permissions
        if permission.inherited == inherited
    ]


def _level_of(found: "ObjectPermissions", principal: Principal, *, inherited: bool) -> str | None:
    """The level of one principal by itself, without its groups."""
    return next((level for other, level in _entries(found, inherited=inherited) if other.is_same(principal)), None)


def _without(found: "ObjectPermissions", principal: Principal) -> list[Entry]:
    """The direct entries of all others."""
    return [entry for entry in _entries(found, inherited=False) if not entry[0].is_same(principal)]


def _request(principal: Principal, level: str) -> "AccessControlRequest":
    from tui_registry_server.wire.permission import AccessControlRequest

    return AccessControlRequest.model_validate({principal.field: principal.name, "permission_level": level})


def _require_own_level(what: "PermissionsPreview", *, yes: bool) -> None:
    """Refuse to take CAN_MANAGE from the caller, unless that was said to be meant."""
    if what.caller.level_before == HIGHEST != what.caller.level_after and not yes:
        raise Failure(Exit.REFUSED, "You would lose your own CAN_MANAGE: nothing was sent. If you mean it, add --yes.")
