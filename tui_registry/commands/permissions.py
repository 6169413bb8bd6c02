"""``tui-registry permissions``: permission levels on a model or on the whole registry."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

import click

from tui_registry.commands import completers
from tui_registry.commands.changes import How, PlannedChange, change, destroying_command
from tui_registry.commands.directory import entry_of
from tui_registry.commands.exit_codes import Exit, Failure
from tui_registry.commands.output import print_json, print_lines, table, whole, wire
from tui_registry.commands.registry import ask, registry_command

if TYPE_CHECKING:
    from tui_registry.access.access_list import AccessList
    from tui_registry.access.grants import PermissionObject
    from tui_registry.access.principal import Principal
    from tui_registry.client.registry import RegistryClient
    from tui_registry_server.wire.permission import ObjectPermissions
    from tui_registry_server.wire.permission_preview import PermissionsPreview
    from tui_registry_server.wire.permission_reasons import PermissionsExplanation


@click.group()
def permissions() -> None:
    """Show, explain, grant and revoke permission levels."""


def _registry_option(command: Callable[..., None]) -> Callable[..., None]:
    return click.option("--registry", is_flag=True, help="On the whole registry or workspace instead of one model.")(
        command
    )


def _principal_options(command: Callable[..., None]) -> Callable[..., None]:
    for option, complete in (
        ("--service-principal", completers.service_principals),
        ("--group", completers.groups),
        ("--user", completers.users),
    ):
        text = f"The {option.removeprefix('--').replace('-', ' ')} to change."
        command = click.option(option, metavar="NAME", shell_complete=complete, help=text)(command)
    return command


@registry_command
@permissions.command("show")
@click.argument("model", required=False, shell_complete=completers.models)
@_registry_option
def show_permissions(*, model: str | None, registry: bool, profile: str | None, as_json: bool) -> None:
    """Show the levels granted on MODEL, directly or inherited from the whole registry."""
    _require_one(model, registry=registry)

    async def read(client: "RegistryClient") -> "tuple[PermissionObject, ObjectPermissions]":
        target = await _target(client, model)
        return target, await client.permissions.get(target.id)

    target, found = ask(profile, read)
    if as_json:
        print_json(wire(found))
        return
    from tui_registry.access.principal import Principal, noun

    rows = [
        [
            noun(who.kind),
            who.name,
            permission.permission_level,
            target.whole if permission.inherited or registry else "this model",
        ]
        for entry in found.access_control_list
        for who in [Principal.of_entry(entry)]
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

    async def read(client: "RegistryClient") -> "tuple[PermissionObject, PermissionsExplanation]":
        target = await _target(client, model)
        return target, await client.permissions.why(target.id, principal)

    target, explanation = ask(profile, read)
    if as_json:
        print_json(wire(explanation))
        return
    print_lines([whole(each) for each in _describe_explanation(target, explanation)])


@destroying_command
@permissions.command("grant")
@click.argument(
    "words",
    metavar="(MODEL|--registry) LEVEL",
    nargs=-1,
    shell_complete=completers.of_words(completers.models, completers.levels),
)
@_registry_option
@_principal_options
def grant_permission(
    *,
    words: tuple[str, ...],
    registry: bool,
    user: str | None,
    group: str | None,
    service_principal: str | None,
    **how: Unpack[How],
) -> None:
    """Grant LEVEL on MODEL to a user, group or service principal, in place of its previous level there.

    To give up your own CAN_MANAGE asks first, or needs --yes."""
    if len(words) != (1 if registry else 2):
        raise click.UsageError("Use MODEL LEVEL or --registry LEVEL.")
    model, level = (None if registry else words[0]), _level(words[-1])
    _change(model, level, user, group, service_principal, **how)


@destroying_command
@permissions.command("revoke")
@click.argument("model", required=False, shell_complete=completers.models)
@_registry_option
@_principal_options
def revoke_permission(
    *,
    model: str | None,
    registry: bool,
    user: str | None,
    group: str | None,
    service_principal: str | None,
    **how: Unpack[How],
) -> None:
    """Revoke the level that a user, group or service principal has directly on MODEL. Levels inherited from the
    registry or through groups stay.

    To give up your own CAN_MANAGE asks first, or needs --yes."""
    _require_one(model, registry=registry)
    _change(model, "", user, group, service_principal, **how)


def _change(
    model: str | None, level: str, user: str | None, group: str | None, program: str | None, **how: Unpack[How]
) -> None:
    """Give a principal this direct level, or take it away if it is empty."""
    from tui_registry_server.wire.principal import PrincipalKind

    kinds = {PrincipalKind.USER: user, PrincipalKind.GROUP: group, PrincipalKind.SERVICE_PRINCIPAL: program}
    given = [(kind, name) for kind, name in kinds.items() if name is not None]
    if len(given) != 1:
        raise click.UsageError("Use exactly one of --user, --group and --service-principal.")
    ((kind, name),) = given

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.access.principal import ADMINISTRATORS

        target = await _target(client, model)
        principal = (await entry_of(client, name, kind)).principal
        if principal == ADMINISTRATORS:
            raise Failure(Exit.REFUSED, "Members of admins can manage everything. This cannot be changed.")
        return await _planned(client, target, principal, level)

    change(plan, **how)


async def _planned(
    client: "RegistryClient", target: "PermissionObject", principal: "Principal", level: str
) -> PlannedChange:
    """The change of one level, with its effects. Raises Failure."""
    from tui_registry.access import grants
    from tui_registry.mutations import level as changes

    async def read() -> dict[str, Any]:
        return wire(await client.permissions.get(target.id))

    before = await grants.read(client, target)
    had = before.direct.get(principal, "")
    still = _inherited(before, principal, target.whole)
    if not had and not level:
        raise Failure(Exit.NOT_FOUND, f"{principal} has no direct level on {target}.{still}")
    effects = await grants.preview(client, target, before, principal, level)
    if had == level:
        return PlannedChange(already=f"{principal} already has {level} on {target}.", preview=wire(effects), read=read)
    done = f"Now has {level}; before: {had or 'no direct level'}." if level else f"No longer has {had}.{still}"
    loses = effects.caller.level_before == grants.MANAGE != effects.caller.level_after
    return PlannedChange(
        mutations=[replace(changes.give(client, target, before, principal, level), done=done)],
        details=_effects(effects),
        warning=f"You would lose your own {grants.MANAGE} on {target}." if loses else "",
        preview=wire(effects),
        read=read,
    )


def _inherited(before: "AccessList", principal: "Principal", whole: str) -> str:
    """A sentence about the level that a principal has on the whole registry or workspace, empty if none."""
    levels = [grant.level for grant in before.grants if grant.inherited and grant.principal == principal]
    return f" It still has {levels[0]}, inherited from the {whole}." if levels else ""


def _describe_explanation(target: "PermissionObject", explanation: "PermissionsExplanation") -> list[str]:
    from tui_registry.access.principal import Principal
    from tui_registry.access.wording import OUTSIDE, reason_text

    who = Principal.of(explanation.principal)
    if explanation.permission_level:
        lines = [f"{who} has {explanation.permission_level} on {target}:"]
        lines += [
            f"- {reason_text(each, whole=target.whole, registry_wide=target.registry_wide)}"
            for each in explanation.grants
        ]
    else:
        lines = [f"{who} has no level on {target}."]
        lines += [f"{who} {OUTSIDE}."] if explanation.outside_workspace else []
    return lines if explanation.principal.active else [*lines, "The account is deactivated: its tokens are rejected."]


def _effects(effects: "PermissionsPreview") -> list[str]:
    """For whom what changes, in lines."""
    from tui_registry.access.principal import Principal
    from tui_registry.access.wording import OUTSIDE, change_text

    lines = [f"{Principal.of(each.principal)}, effective level: {change_text(each)}" for each in effects.named]
    lines += [f"{Principal.of(each.principal)} {OUTSIDE}" for each in effects.named if each.outside_workspace]
    for each in effects.member_counts:
        levels = (each.level_before, each.level_after)
        names = [
            Principal.of(one.principal).name for one in effects.members if (one.level_before, one.level_after) == levels
        ]
        more = [f"{each.count - len(names)} more"] if names and each.count > len(names) else []
        members = f"{each.count} members" if each.count > 1 else "1 member"
        lines.append(f"{members}, {change_text(each)}{': ' if names else ''}{', '.join(names + more)}")
    return [*lines, f"you: {change_text(effects.caller)}"]


async def _target(client: "RegistryClient", model: str | None) -> "PermissionObject":
    from tui_registry.access.grants import permission_object
    from tui_registry.session.connection import ALL_OF_REGISTRY, ALL_OF_WORKSPACE

    whole = ALL_OF_WORKSPACE if await client.workspaces.are_several() else ALL_OF_REGISTRY
    return await permission_object(client, model, whole)


def _require_one(model: str | None, *, registry: bool) -> None:
    if registry == (model is not None):
        raise click.UsageError("Use either MODEL or --registry.")


def _level(text: str) -> str:
    from tui_registry_server.wire.permission import PermissionLevel

    try:
        return PermissionLevel(text.upper()).value
    except ValueError:
        raise click.BadParameter(f"'{text}' is none of {', '.join(PermissionLevel)}.", param_hint="LEVEL") from None
