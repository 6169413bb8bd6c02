"""What the shell completes: names and values of arguments, read from the registry that the command would open.

Whoever presses Tab waits for no more than DEADLINE, and sees no error: without an answer nothing is completed. No
server is started, and no token is asked for.
"""

import threading
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any

import click

from tui_registry_server.wire.stage import Stage

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from tui_registry.access.directory import DirectoryEntry
    from tui_registry.client.registry import RegistryClient

    Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
    Found = Iterable[tuple[str, str]]
    """Values, each with a short description, or an empty one."""

DEADLINE = 1.0  # seconds, for connecting and for the answer
MAX_ITEMS = 50  # of one answer


def profiles(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    from tui_registry.session import profiles as session_profiles

    try:
        known = session_profiles.read().profiles
    except session_profiles.ProfileError:
        return []
    return _items([(name, profile.url) for name, profile in known.items()], incomplete)


def models(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Models and prompts, which commands take alike."""
    return _named(context, incomplete, include_prompts=True)


def only_models(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    return _named(context, incomplete)


def prompts(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    from tui_registry.queries.prompts import PROMPTS

    return _named(context, incomplete, within=PROMPTS)


def _named(
    context: click.Context, incomplete: str, *, within: str = "", include_prompts: bool = False
) -> "list[CompletionItem]":
    async def read(client: "RegistryClient") -> "Found":
        from tui_registry.queries.search_syntax import both, name_starts_with

        page = await client.models.search(
            filter_text=both(within, name_starts_with(incomplete) if incomplete else ""),
            max_results=MAX_ITEMS,
            include_prompts=include_prompts,
        )
        return [(model.name, model.description or "") for model in page.registered_models]

    return _items(_read(context, read), incomplete)


def versions(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The versions of the model in the argument before, newest first."""

    async def read(client: "RegistryClient") -> "Found":
        from tui_registry.queries.version_page import version_page

        page = await version_page(client, context.params["model"])
        matching = [each for each in page.model_versions if each.version.startswith(incomplete)]
        return [(each.version, each.current_stage.value) for each in matching[:MAX_ITEMS]]

    return _items(_read(context, read, "model"), incomplete)


def requested_versions(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The versions with open requests of the model in the argument before."""

    async def read(client: "RegistryClient") -> "Found":
        page = await client.requests.inbox(name=context.params["model"], max_results=1000)
        return [(each.version, f"{each.to_stage}, by {each.user_id}") for each in page.requests]

    return _items(_read(context, read, "model"), incomplete)


def aliases(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The aliases of the model in the argument before."""

    async def read(client: "RegistryClient") -> "Found":
        model = await client.models.get(context.params["model"])
        return [(each.alias, f"version {each.version}") for each in model.aliases]

    return _items(_read(context, read, "model"), incomplete)


def comments(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The ids of the comments on the version in the arguments before, the newest first."""

    async def read(client: "RegistryClient") -> "Found":
        found = await client.comments.of_version(context.params["model"], context.params["version"])
        return [(each.id, each.comment) for each in reversed(found)]

    return _items(_read(context, read, "model", "version"), incomplete)


def tokens(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The ids of the caller's own tokens."""

    async def read(client: "RegistryClient") -> "Found":
        return [(each.token_id, each.comment or "") for each in await client.tokens.own()]

    return _items(_read(context, read), incomplete)


def tags(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The keys of the tags of the model, or of its version, in the arguments before."""

    async def read(client: "RegistryClient") -> "Found":
        from tui_registry.mutations.subject import Subject

        given = context.params
        subject = Subject(given.get("name") or given["model"], given.get("version"))
        return list((await subject.read(client)).tags.items())

    before = [each.name for each in context.command.params if each.name in {"name", "model", "version"}]
    return _items(_read(context, read, *before), incomplete)


def users(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    return _principals(context, incomplete, "USER")


def groups(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    return _principals(context, incomplete, "GROUP")


def service_principals(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    return _principals(context, incomplete, "SERVICE_PRINCIPAL")


def principals(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Of any kind; with the kind before the name, if that was typed."""
    return _principals(context, incomplete, "USER", "GROUP", "SERVICE_PRINCIPAL")


def workspaces(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The workspaces that the caller may use."""

    async def read(client: "RegistryClient") -> "Found":
        return [(each.name, each.description or "") for each in await client.workspaces.all()]

    return _items(_read(context, read), incomplete)


def stages(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    return _items([(stage.value, "") for stage in Stage], incomplete)


def levels(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    from tui_registry_server.wire.permission import PermissionLevel

    return _items([(level.value, "") for level in PermissionLevel], incomplete)


def activity_types(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    from tui_registry_server.wire.activity import ActivityType

    return _items([(each.value, "") for each in ActivityType], incomplete)


def webhooks(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The ids of the webhooks that the caller may manage."""

    async def read(client: "RegistryClient") -> "Found":
        return [(each.id, each.description or "") for each in (await client.webhooks.page()).webhooks]

    return _items(_read(context, read), incomplete)


def webhook_events(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    from tui_registry_server.wire.webhook_events import RegistryWebhookEvent

    return _items([(each.value, "") for each in RegistryWebhookEvent], incomplete)


def delivery_statuses(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    from tui_registry_server.wire.webhook_delivery import DeliveryStatus

    return _items([(each.value, "") for each in DeliveryStatus], incomplete)


def of_words(*completers: "Completer") -> "Completer":
    """Completes an argument of several words, each by a completer of its own. With --registry there is no model."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        words = context.params.get(parameter.name or "") or ()
        position = len(words) + bool(context.params.get("registry"))
        return completers[position](context, parameter, incomplete) if position < len(completers) else []

    return complete


def _principals(context: click.Context, incomplete: str, *kinds: str) -> "list[CompletionItem]":
    async def read(client: "RegistryClient") -> "Found":
        from tui_registry.access import directory
        from tui_registry_server.wire.principal import PREFIXES, PrincipalKind

        prefix, colon, name = incomplete.partition(":")
        wanted: list[PrincipalKind] = [PrincipalKind[kind] for kind in kinds]
        has_kind = bool(colon) and len(kinds) > 1 and prefix in PREFIXES
        if has_kind:
            wanted = [PREFIXES[prefix]]
        found = await directory.suggest(client, name if has_kind else incomplete, wanted, MAX_ITEMS)
        return [(each.principal.address if has_kind else each.principal.name, _about(each)) for each in found]

    return _items(_read(context, read), incomplete)


def _about(entry: "DirectoryEntry") -> str:
    from tui_registry.access.principal import noun

    return entry.display_name or noun(entry.principal.kind)


def _read(
    context: click.Context, work: "Callable[[RegistryClient], Coroutine[Any, Any, Found]]", *before: str
) -> "Found":
    """What some calls return, or nothing: if they fail, or take longer than DEADLINE, or if one of the arguments
    ``before`` is missing. Then nothing is opened, either: a keyring may ask for its password."""
    if not all(context.params.get(name) for name in before):
        return []
    import asyncio
    from contextlib import suppress

    from tui_registry.startup import imports

    imports.skip_unneeded()
    from tui_registry.client.registry import RegistryClient
    from tui_registry.session.connection import connect

    root = context.find_root().params
    profile = context.params.get("profile") or root.get("profile")
    answers: list[Found] = []

    async def call() -> "Found":
        connection = connect(profile=profile, workspace=root.get("workspace"), start_local=False)
        async with RegistryClient(
            connection.url,
            connection.token,
            read_only=True,
            workspace=connection.workspace,
            endpoint=connection.endpoint,
        ) as client:
            return await work(client)

    def run() -> None:
        with suppress(Exception):  # whatever it is: nobody has asked for a message
            answers.append(asyncio.run(call()))

    thread = threading.Thread(target=run, name="completion", daemon=True)
    thread.start()
    thread.join(DEADLINE)
    return answers[0] if answers else []


def _items(found: "Found", incomplete: str) -> "list[CompletionItem]":
    """The values that begin with what was typed, each once. Those that a shell could not show as they are, such as with
    a line break, are left out."""
    from click.shell_completion import CompletionItem

    from tui_registry.terminal.sanitize import one_line

    typed = incomplete.casefold()
    matching = {
        value: one_line(about, 60)
        for value, about in found
        if value.casefold().startswith(typed) and value.isprintable()
    }
    return [CompletionItem(value, help=about or None) for value, about in matching.items()]
