"""``tui-registry service-principals secrets`` and ``federation``: how programs get short-lived access tokens."""

from typing import TYPE_CHECKING, Any, Unpack

import click

from tui_registry.commands import completers
from tui_registry.commands.changes import How, PlannedChange, change, destroying_command, writing_command
from tui_registry.commands.directory import service_principal_of
from tui_registry.commands.exit_codes import Exit, Failure
from tui_registry.commands.output import note, print_json, print_lines, table, wire
from tui_registry.commands.registry import ask, registry_command

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry_server.wire.oauth import ClientSecret, CreatedClientSecret, FederationRule

DAY = 24 * 60 * 60  # seconds
NAME = click.argument("name", shell_complete=completers.service_principals)


@click.group()
def secrets() -> None:
    """List, create and revoke the secrets of NAME: at most two at a time, so that one can replace the other.

    A program gives NAME and a secret as client_id and client_secret (databricks-sdk: DATABRICKS_CLIENT_ID and
    DATABRICKS_CLIENT_SECRET), and gets access tokens of an hour for them."""


@registry_command
@secrets.command("list")
@NAME
def list_secrets(*, name: str, profile: str | None, as_json: bool) -> None:
    """List the secrets of NAME, newest first, and when each was last used."""

    async def read(client: "RegistryClient") -> "list[ClientSecret]":
        return await client.client_secrets.all((await service_principal_of(client, name)).id)

    found = ask(profile, read)
    if as_json:
        print_json({"secrets": [wire(each) for each in found]})
    elif found:
        rows = [
            [each.id, each.status.lower(), each.create_time, each.expire_time, each.last_used_time or "never"]
            for each in found
        ]
        headings = ("ID", "STATUS", "CREATED", "EXPIRES", "LAST USED")
        print_lines(table(headings, rows, fixed=headings))
    else:
        note("There are no secrets.")


@writing_command
@secrets.command("create")
@NAME
@click.option("--days", type=click.IntRange(1, 730), metavar="N", help="Days until it expires; default: 730.")
def create_secret(*, name: str, days: int | None, **how: Unpack[How]) -> None:
    """Create a secret of NAME and print it: it is shown only this once."""
    made: list[CreatedClientSecret] = []

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import client_secret as changes

        entry = await service_principal_of(client, name)
        before = {each.id for each in await client.client_secrets.all(entry.id)}
        lifetime = None if days is None else days * DAY

        async def read() -> dict[str, Any]:
            return wire(_only(made))

        mutation = changes.create(client, entry.id, entry.principal.name, lifetime, before, made.append)
        return PlannedChange(mutations=[mutation], read=read, output=lambda: _only(made).secret)

    change(plan, **how)


@destroying_command
@secrets.command("delete")
@NAME
@click.argument("secret_ids", metavar="ID...", nargs=-1, required=True)
def delete_secrets(*, name: str, secret_ids: tuple[str, ...], **how: Unpack[How]) -> None:
    """Revoke the secrets of NAME with these IDs, which list shows, with the access tokens that they gave."""

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import client_secret as changes

        entry = await service_principal_of(client, name)
        known = {each.id for each in await client.client_secrets.all(entry.id)}
        named = tuple(dict.fromkeys(secret_ids))
        if missing := [each for each in named if each not in known]:
            raise Failure(Exit.NOT_FOUND, f"{entry.principal.name} has no secret {', '.join(missing)}.")
        return PlannedChange(
            mutations=[changes.delete(client, entry.id, entry.principal.name, each) for each in named],
            warning=f"Programs that use it will lose access as {entry.principal.name}. This cannot be undone.",
        )

    change(plan, **how)


@click.group()
def federation() -> None:
    """List, create and delete the rules by which programs get access tokens for tokens of others, without a secret.

    Such as jobs of GitHub Actions and pods of Kubernetes: with databricks-sdk, set DATABRICKS_AUTH_TYPE to github-oidc,
    env-oidc or file-oidc."""


@registry_command
@federation.command("list")
def list_rules(*, profile: str | None, as_json: bool) -> None:
    """List all rules, by service principal."""

    async def read(client: "RegistryClient") -> "list[FederationRule]":
        return await client.federation_rules.all()

    found = ask(profile, read)
    if as_json:
        print_json({"federation_rules": [wire(each) for each in found]})
    elif found:
        rows = [[each.id, each.application_id, each.issuer, each.subject, each.audience] for each in found]
        print_lines(table(("ID", "NAME", "ISSUER", "SUBJECT", "AUDIENCE"), rows, fixed=("ID",)))
    else:
        note("There are no federation rules.")


@writing_command
@federation.command("create")
@NAME
@click.option("--issuer", metavar="URL", required=True, help="The 'iss' of the tokens: their keys are found there.")
@click.option("--subject", metavar="PATTERN", required=True, help="Their 'sub'; * stands for any characters.")
@click.option("--audience", metavar="TEXT", required=True, help="Their 'aud'.")
def create_rule(*, name: str, issuer: str, subject: str, audience: str, **how: Unpack[How]) -> None:
    """Let programs with such a token act as NAME. Prints the rule's id.

    For GitHub Actions: --issuer https://token.actions.githubusercontent.com --subject
    'repo:ORG/REPOSITORY:ref:refs/heads/main'."""
    made: list[FederationRule] = []

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import federation_rule as changes

        owner = (await service_principal_of(client, name)).principal
        before = {each.id for each in await client.federation_rules.all()}

        async def read() -> dict[str, Any]:
            return {"federation_rule": wire(made[-1])} if made else {}

        mutation = changes.create(client, owner.name, issuer, subject, audience, before, made.append)
        return PlannedChange(mutations=[mutation], read=read, output=lambda: made[-1].id if made else "")

    change(plan, **how)


@destroying_command
@federation.command("delete")
@click.argument("rule_id", metavar="ID")
def delete_rule(*, rule_id: str, **how: Unpack[How]) -> None:
    """Delete the rule with this ID, which list shows, and revoke the access tokens that it gave."""

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import federation_rule as changes

        for each in await client.federation_rules.all():
            if each.id == rule_id:
                return PlannedChange(
                    mutations=[changes.delete(client, each)],
                    warning=f"Programs with tokens of {each.issuer} for {each.subject} will lose access.",
                )
        raise Failure(Exit.NOT_FOUND, f"There is no federation rule {rule_id}.")

    change(plan, **how)


def _only(made: "list[CreatedClientSecret]") -> "CreatedClientSecret":
    """The secret that was created. Raises Failure if it is not known."""
    if not made:
        raise Failure(
            Exit.UNKNOWN, "A secret was created, but its value was lost with the answer: revoke it (see secrets list)."
        )
    return made[-1]
