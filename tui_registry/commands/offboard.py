"""``tui-registry offboard``: take all that somebody has from them at once."""

from typing import TYPE_CHECKING, Any, Unpack

import click

from tui_registry.commands import completers
from tui_registry.commands.changes import How, PlannedChange, change, destroying_command
from tui_registry.commands.exit_codes import Exit, Failure
from tui_registry.commands.output import wire

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient


@destroying_command
@click.command()
@click.argument("principal", shell_complete=completers.principals)
def offboard(*, principal: str, **how: Unpack[How]) -> None:
    """Deactivate an account, revoke its tokens and permissions, cancel its requests, and remove it from its groups.

    PRINCIPAL is user:NAME, service:APPLICATION_ID or, if it is unambiguous, just the name. It is done as a whole or not
    at all; models, versions and history stay. For administrators."""

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.access import addresses
        from tui_registry.mutations import offboarding
        from tui_registry_server.wire.principal import PrincipalKind

        try:
            found = await addresses.resolve(client, principal, (PrincipalKind.USER, PrincipalKind.SERVICE_PRINCIPAL))
        except addresses.UnknownAddressError as error:
            raise Failure(Exit.NOT_FOUND, str(error)) from None
        planned = await client.principals.offboarding(found.id)

        async def read() -> dict[str, Any]:
            return wire(await client.principals.details(found.id))

        if offboarding.is_nothing(planned):
            return PlannedChange(already=f"{found.principal} is offboarded already.", read=read)
        has_workspaces = await client.workspaces.are_several()
        return PlannedChange(
            mutations=[offboarding.offboard(client, planned, has_workspaces=has_workspaces)],
            details=[
                *offboarding.effects(planned, has_workspaces=has_workspaces),
                *await offboarding.requested_by_others(client, planned),
                *offboarding.warnings(planned),
            ],
            warning=f"{found.principal} will lose access. This cannot be undone.",
            read=read,
        )

    change(plan, **how)
