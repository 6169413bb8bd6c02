"""Creating, deactivating, reactivating and deleting accounts of users and service principals."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_registry.access.directory import DirectoryEntry
from tui_registry.access.principal import noun
from tui_registry.client.registry import RegistryClient
from tui_registry.client.scim import compared
from tui_registry.mutations.mutation import Mutation
from tui_registry_server.wire.principal import PrincipalKind
from tui_registry_server.wire.scim import ServicePrincipal, User

if TYPE_CHECKING:
    from tui_registry.client.service_principals import ServicePrincipals
    from tui_registry.client.users import Users

Account = User | ServicePrincipal


@dataclass(frozen=True, slots=True)
class Register:
    """One kind of account, and its calls. ``attribute`` is SCIM's name of what accounts are called by.

    listed: the first so many that a filter lets through, by name. create: by name, and by what people call it.
    set_active, delete: by id. page: those that a filter lets through, from a position that counts from 1, and how many
    there are in all.
    """

    kind: PrincipalKind
    attribute: str
    listed: Callable[[str, int], Awaitable[Sequence[Account]]]
    create: Callable[[str, str], Awaitable[Account]]
    set_active: Callable[[str, bool], Awaitable[Account]]
    delete: Callable[[str], Awaitable[None]]
    page: Callable[[str, int, int], Awaitable[tuple[Sequence[Account], int]]]


def users(client: RegistryClient) -> Register:
    return _register(PrincipalKind.USER, "userName", client.users)


def service_principals(client: RegistryClient) -> Register:
    return _register(PrincipalKind.SERVICE_PRINCIPAL, "applicationId", client.service_principals)


def _register(kind: PrincipalKind, attribute: str, calls: "Users | ServicePrincipals") -> Register:
    async def listed(filter_text: str, count: int) -> Sequence[Account]:
        return (await calls.search(filter_text=filter_text, count=count)).resources

    async def create(name: str, display_name: str) -> Account:
        return await calls.create(name, display_name=display_name)

    async def set_active(account_id: str, active: bool) -> Account:
        return await calls.set_active(account_id, active=active)

    async def page(filter_text: str, start: int, count: int) -> tuple[Sequence[Account], int]:
        found = await calls.search(filter_text=filter_text, start=start, count=count)
        return found.resources, found.total_results

    return Register(kind, attribute, listed, create, set_active, calls.delete, page)


def create(register: Register, name: str, display_name: str) -> Mutation:
    async def exists() -> bool:
        return bool(await register.listed(compared(register.attribute, "eq", name), 1))

    async def send() -> None:
        await register.create(name, display_name)

    async def check() -> str:
        return f"there is already a {noun(register.kind)} {name}." if await exists() else ""

    return Mutation(
        title=f"{noun(register.kind)} {name}",
        action=f"create {noun(register.kind)} {name}",
        progress="creating it",
        done="Created.",
        send=send,
        happened=exists,
        check=check,
    )


def set_active(register: Register, account: DirectoryEntry, *, active: bool, undoable: bool = True) -> Mutation:
    """Reactivate or deactivate an account."""

    async def is_active() -> bool | None:
        accounts = await register.listed(compared("id", "eq", account.id), 1)
        return accounts[0].active is not False if accounts else None

    async def send() -> None:
        await register.set_active(account.id, active)

    async def happened() -> bool:
        return await is_active() is active

    async def check() -> str:
        is_as_it_was = await is_active() is (not active)
        return "" if is_as_it_was else "this account was changed or deleted by someone else. Review it again."

    return Mutation(
        title=str(account.principal),
        action=f"{'reactivate' if active else 'deactivate'} {account.principal}",
        progress="reactivating it" if active else "deactivating it",
        done="Reactivated: its tokens are accepted again." if active else "Deactivated: no token of it is accepted.",
        send=send,
        happened=happened,
        check=check,
        inverse=set_active(register, account, active=not active, undoable=False) if undoable else None,
    )


def delete(register: Register, account: DirectoryEntry) -> Mutation:
    """It cannot be undone: tokens, grants and memberships are deleted with the account."""

    async def exists() -> bool:
        return bool(await register.listed(compared("id", "eq", account.id), 1))

    async def send() -> None:
        await register.delete(account.id)

    async def happened() -> bool:
        return not await exists()

    async def check() -> str:
        return "" if await exists() else "this account was deleted by someone else."

    return Mutation(
        title=str(account.principal),
        action=f"delete {account.principal}",
        progress="deleting it",
        done="Deleted.",
        send=send,
        happened=happened,
        check=check,
    )
