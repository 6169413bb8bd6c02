"""Creating and deleting federation rules."""

from collections.abc import Callable, Collection

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Mutation
from tui_registry_server.wire.oauth import FederationRule


def create(
    client: RegistryClient,
    name: str,
    issuer: str,
    subject: str,
    audience: str,
    before: Collection[str],
    made: Callable[[FederationRule], object],
) -> Mutation:
    """``name``: a service principal's application id. ``before``: ids of the rules that there are already. ``made`` is
    given the new one."""

    async def send() -> None:
        made(
            await client.federation_rules.create(application_id=name, issuer=issuer, subject=subject, audience=audience)
        )

    async def happened() -> bool:
        wanted = (name, issuer, subject, audience)
        for each in await client.federation_rules.all():
            known = (each.application_id, each.issuer, each.subject, each.audience)
            if each.id not in before and known == wanted:
                made(each)
                return True
        return False

    return Mutation(
        title=f"federation rule of {name}",
        action=f"create a federation rule of {name}",
        progress=f"accepting tokens of {issuer} for {subject}",
        done="Created.",
        send=send,
        happened=happened,
    )


def delete(client: RegistryClient, rule: FederationRule) -> Mutation:
    async def exists() -> bool:
        return any(each.id == rule.id for each in await client.federation_rules.all())

    async def send() -> None:
        await client.federation_rules.delete(rule.id)

    async def happened() -> bool:
        return not await exists()

    async def check() -> str:
        return "" if await exists() else "it was deleted by someone else."

    return Mutation(
        title=f"federation rule of {rule.application_id}",
        action=f"delete a federation rule of {rule.application_id}",
        progress=f"refusing tokens of {rule.issuer} for {rule.subject}",
        done="Deleted; the access tokens that it gave are revoked.",
        send=send,
        happened=happened,
        check=check,
    )
