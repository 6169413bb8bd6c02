"""``tui-registry permissions``: permission levels on a model or on the whole registry."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from tui_registry.commands import completers
from tui_registry.commands.changes import require_done
from tui_registry.commands.exits import Exit, Failure
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
"""The API's fields for the name of a principal, and the kind of each."""

MANAGE = "CAN_MANAGE"
"""The level that allows changing permissions: who loses it cannot restore it."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A user, group or service principal. ``field`` is one of KINDS."""

    field: str
    name: str

    @classmethod
    def of(cls, entry: "AccessControl") -> "Principal":
        field = next((field for field in KINDS if getattr(entry, field)), "user_name")
        return cls(field, getattr(entry, field) or "")

    def is_same(self, other: "Principal") -> bool:
        """Whether both are the same by the server's rule for names."""
        return self.field == other.field and name_key(self.name) == name_key(other.name)

    def __str__(self) -> str:
        return f"{KINDS[self.field]} {self.name}"


Entry = tuple[Principal, str]
"""A principal and its level."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the levels are on: a model, by its id, or the whole registry."""

    object_id: str
    label: str

    @property
    def registry_wide(self) -> bool:
        from tui_registry.client.permissions import ROOT

        return self.object_id == ROOT


@click.group()
def permissions() -> None:
    """Show, explain, grant and revoke permission levels."""


def _registry_option(command: Callable[..., None]) -> Callable[..., None]:
    return click.option("--registry", is_flag=True, help="On the whole registry instead of one model.")(command)


def _change_options(command: Callable[..., None]) -> Callable[..., None]:
    for option, complete in (
        ("--service-principal", completers.service_principals),
        ("--group", completers.groups),
        ("--user", completers.users),
    ):
        kind = option.removeprefix("--").replace("-", " ")
        text = f"The {kind} to change."
        command = click.option(option, metavar="NAME", shell_complete=complete, help=text)(command)
    command = click.option("--yes", is_flag=True, help="Proceed even if you lose your own CAN_MANAGE.")(command)
    return click.option("--dry-run", is_flag=True, help="Show who would be affected, without changing anything.")(
        command
    )


@registry_command
@permissions.command("show")
@click.argument("model", required=False, shell_complete=completers.models)
@_registry_option
def show_permissions(*, model: str | None, registry: bool, profile: str | None, as_json: bool) -> None:
    """Show the levels granted on MODEL, directly or inherited from the registry."""
    _require_one(model, registry=registry)

    async def read(client: "RegistryClient") -> "ObjectPermissions":
        return await client.permissions.get((await _target(client, model)).object_id)

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
    print_lines(table(("KIND", "NAME", "LEVEL", "GRANTED ON"), rows, fixed=("KIND", "LEVEL", "GRANTED ON")))


@registry_command
@permissions.command("why")
@click.argument(
    "words",
    metavar="(MODEL|--registry) [PRINCIPAL]",
    nargs=-1,
    shell_complete=completers.of_words(completers.models, completers.principals),
)
@_registry_option
def explain_permissions(*, words: tuple[str, ...], registry: bool, profile: str | None, as_json: bool) -> None:
    """Explain the level of PRINCIPAL on MODEL.

    Lists every grant that it comes from: direct, through groups, or inherited from the registry. PRINCIPAL is
    user:NAME, group:NAME, service:APPLICATION_ID or, if it is unambiguous, just the name; by default it is you.
    """
    if not (registry or words) or len(words) > (1 if registry else 2):
        raise click.UsageError("Use MODEL [PRINCIPAL] or --registry [PRINCIPAL].")
    model = None if registry else words[0]
    principal = next(iter(words if registry else words[1:]), "")

    async def read(client: "RegistryClient") -> "tuple[Target, PermissionsExplanation]":
        target = await _target(client, model)
        return target, await client.permissions.why(target.object_id, principal)

    target, explanation = ask(profile, read)
    if as_json:
        print_json(wire(explanation))
        return
    print_lines([whole(each) for each in _describe_explanation(target, explanation)])


@registry_command
@permissions.command("grant")
@click.argument(
    "words",
    metavar="(MODEL|--registry) LEVEL",
    nargs=-1,
    shell_complete=completers.of_words(completers.models, completers.levels),
)
@_registry_option
@_change_options
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
    """Grant LEVEL on MODEL to a user, group or service principal, in place of its previous level there."""
    if len(words) != (1 if registry else 2):
        raise click.UsageError("Use MODEL LEVEL or --registry LEVEL.")
    model, level = (None if registry else words[0]), _level(words[-1])
    principal = _one_principal(user, group, service_principal)

    async def work(client: "RegistryClient") -> "tuple[list[str], ObjectPermissions | PermissionsPreview]":
        target = await _target(client, model)
        entries = [_request(principal, level)]
        effects = await client.permissions.preview(target.object_id, entries)
        if dry_run:
            return _describe_preview(target, effects), effects
        _require_own_level(effects, yes=yes)
        had = next((each.direct_before for each in effects.named), level)
        return await _write(
            client,
            target,
            lambda: client.permissions.add(target.object_id, entries),
            lambda now: _level_of(now, principal, inherited=False) == level,
            f"{principal} now has {level} on {target.label}; before: {had or 'no direct level'}.",
        )

    _print(*ask(profile, work, writes=not dry_run), as_json=as_json)


@registry_command
@permissions.command("revoke")
@click.argument("model", required=False, shell_complete=completers.models)
@_registry_option
@_change_options
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
    """Revoke the level that a user, group or service principal has directly on MODEL. Levels inherited from the
    registry or through groups stay."""
    _require_one(model, registry=registry)
    principal = _one_principal(user, group, service_principal)

    async def work(client: "RegistryClient") -> "tuple[list[str], ObjectPermissions | PermissionsPreview]":
        target = await _target(client, model)
        before = await client.permissions.get(target.object_id)
        had = _level_of(before, principal, inherited=False)
        inherited = _level_of(before, principal, inherited=True)
        still = f" It still has {inherited}, inherited from the registry." if inherited else ""
        if had is None:
            raise Failure(Exit.NOT_FOUND, f"{principal} has no direct level on {target.label}.{still}")
        # The API has no call to revoke a level: the whole list is replaced.
        kept = [_request(*entry) for entry in _without(before, principal)]
        effects = await client.permissions.preview(target.object_id, kept, replace=True, etag=before.etag)
        if dry_run:
            return _describe_preview(target, effects), effects
        _require_own_level(effects, yes=yes)
        return await _write(
            client,
            target,
            lambda: client.permissions.replace(target.object_id, kept, etag=before.etag),
            lambda now: _level_of(now, principal, inherited=False) is None,
            f"{principal} no longer has {had} on {target.label}.{still}",
        )

    _print(*ask(profile, work, writes=not dry_run), as_json=as_json)


async def _write(
    client: "RegistryClient",
    target: Target,
    change: "Callable[[], Awaitable[ObjectPermissions]]",
    happened: "Callable[[ObjectPermissions], bool]",
    done: str,
) -> "tuple[list[str], ObjectPermissions]":
    """Write once; the message to print, and the permissions afterwards."""
    from tui_registry.mutations.mutation import Mutation, run

    answers: list[ObjectPermissions] = []

    async def send() -> None:
        answers.append(await change())

    async def has_happened() -> bool:
        answers[:] = [await client.permissions.get(target.object_id)]
        return happened(answers[0])

    mutation = Mutation(title=target.label, progress="writing", done=done, send=send, happened=has_happened)
    result = require_done(await run(mutation))
    if not happened(answers[0]):
        raise Failure(Exit.REFUSED, f"The registry did not change the permissions on {target.label}.")
    return [result.message], answers[0]


def _print(lines: list[str], answer: "ObjectPermissions | PermissionsPreview", *, as_json: bool) -> None:
    if as_json:
        print_json(wire(answer))
    else:
        print_lines([whole(each) for each in lines])


def _describe_explanation(target: Target, explanation: "PermissionsExplanation") -> list[str]:
    from tui_registry.access.principal import Principal as Named
    from tui_registry.access.wording import reason_text

    who = Named.of(explanation.principal)
    if explanation.permission_level:
        lines = [f"{who} has {explanation.permission_level} on {target.label}:"]
        lines += [f"- {reason_text(each, registry_wide=target.registry_wide)}" for each in explanation.grants]
    else:
        lines = [f"{who} has no level on {target.label}."]
    return lines if explanation.principal.active else [*lines, "The account is deactivated: its tokens are rejected."]


def _describe_preview(target: Target, effects: "PermissionsPreview") -> list[str]:
    from tui_registry.access.principal import Principal as Named
    from tui_registry.access.wording import change_text

    if not effects.named_count:
        return [f"No change on {target.label}."]
    lines = [
        f"{Named.of(each.principal)} on {target.label}: {each.direct_before or 'none'} → {each.direct_after or 'none'}"
        f"; effective level: {change_text(each)}"
        for each in effects.named
    ]
    for each in effects.member_counts:
        levels = (each.level_before, each.level_after)
        names = [
            Named.of(one.principal).name for one in effects.members if (one.level_before, one.level_after) == levels
        ]
        more = [f"{each.count - len(names)} more"] if names and each.count > len(names) else []
        members = f"{each.count} members" if each.count > 1 else "1 member"
        lines.append(f"{members}, {change_text(each)}{': ' if names else ''}{', '.join(names + more)}")
    return [*lines, f"you: {change_text(effects.caller)}", "Dry run: nothing was changed."]


async def _target(client: "RegistryClient", model: str | None) -> Target:
    from tui_registry.client.permissions import ROOT

    if model is None:
        return Target(ROOT, "the registry")
    return Target((await client.models.get(model)).id, model)


def _require_one(model: str | None, *, registry: bool) -> None:
    if registry == (model is not None):
        raise click.UsageError("Use either MODEL or --registry.")


def _one_principal(user: str | None, group: str | None, service_principal: str | None) -> Principal:
    given = [
        Principal(field, name)
        for field, name in zip(KINDS, (user, group, service_principal), strict=True)
        if name is not None
    ]
    if len(given) != 1:
        raise click.UsageError("Use exactly one of --user, --group and --service-principal.")
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
    """The level of one principal itself, without its groups."""
    return next((level for other, level in _entries(found, inherited=inherited) if other.is_same(principal)), None)


def _without(found: "ObjectPermissions", principal: Principal) -> list[Entry]:
    """The direct entries of all other principals."""
    return [entry for entry in _entries(found, inherited=False) if not entry[0].is_same(principal)]


def _request(principal: Principal, level: str) -> "AccessControlRequest":
    from tui_registry_server.wire.permission import AccessControlRequest

    return AccessControlRequest.model_validate({principal.field: principal.name, "permission_level": level})


def _require_own_level(effects: "PermissionsPreview", *, yes: bool) -> None:
    """Fail if the caller would lose CAN_MANAGE, unless confirmed by --yes."""
    if effects.caller.level_before == MANAGE != effects.caller.level_after and not yes:
        raise Failure(Exit.REFUSED, "You would lose your own CAN_MANAGE: nothing was sent. To proceed, add --yes.")
