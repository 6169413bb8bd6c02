"""What the server is asked for while something is typed: models and prompts, versions, people, groups, tokens,
webhooks."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Protocol

from tui_registry.access import directory
from tui_registry.client.errors import Refused, UnknownEndpoint
from tui_registry.client.registry import RegistryClient
from tui_registry.console import Navigation
from tui_registry.mutations.webhook import host_of
from tui_registry.queries.fuzzy_match import match
from tui_registry.queries.model_search import ModelSearch
from tui_registry.queries.prompts import is_prompt, newest, readable
from tui_registry.screens.finder.candidate import Candidate, Kind, find
from tui_registry.terminal.sanitize import one_line, summary
from tui_registry.widgets.ages import age
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.principal import PrincipalKind
from tui_registry_server.wire.registered_model import RegisteredModel
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.token import PublicTokenInfo, TokenInfo
from tui_registry_server.wire.webhook_overview import WebhookOverview

FORBIDDEN, NOT_FOUND = 403, 404
MAX_MODELS = 20
MAX_VERSIONS = 3  # models of which a version with the typed number is looked for
MAX_PRINCIPALS = 8  # of each kind
MAX_TOKENS = 8
MAX_WEBHOOKS = 8
MAX_READ_TOKENS = 100  # that have a part of what is typed, of which the best are listed
MAX_DETAIL = 200  # characters

VERSION = re.compile(r"(?P<name>.*\S)(?:\s+|\s*/\s*)v?(?P<number>[1-9]\d{0,8})")
"""A model's name, or a part of it, and the number of a version: ``churn 3`` or ``churn/3``."""

OPENING = {
    "permissions": Kind.PERMISSIONS,
    "access": Kind.PERMISSIONS,  # as it was called before
    "history": Kind.HISTORY,
    "details": Kind.DETAILS,
    "webhooks": Kind.WEBHOOKS,
}
"""Words that say, before a model's name, what to open of it."""


class Source(Protocol):
    """``name`` is for messages; ``kinds`` are those of its candidates."""

    @property
    def name(self) -> str: ...

    @property
    def kinds(self) -> frozenset[Kind]: ...

    async def find(self, typed: str) -> Sequence[Candidate]:
        """The best candidates, a bounded number of them. May raise CallError."""


class ModelSource:
    """Models and prompts, and their versions by number."""

    name = "models"
    kinds = frozenset({Kind.MODEL, Kind.PROMPT, Kind.VERSION, *OPENING.values()})

    def __init__(self, client: RegistryClient, navigation: Navigation) -> None:
        self._client = client
        self._navigation = navigation

    async def find(self, typed: str) -> Sequence[Candidate]:
        found = await asyncio.gather(self._models(typed), self._versions(typed), self._openings(typed))
        return [candidate for candidates in found for candidate in candidates]

    async def _search(self, typed: str) -> list[RegisteredModel]:
        if typed.startswith("="):
            return []  # a filter in MLflow's grammar, which is wrong until it is typed completely
        models, _ = await ModelSearch(self._client.models, typed, include_prompts=True).page("", MAX_MODELS)
        return models[:MAX_MODELS]

    async def _models(self, typed: str) -> list[Candidate]:
        return [
            Candidate(
                kind=Kind.PROMPT if is_prompt(model.tags) else Kind.MODEL,
                name=model.name,
                act=partial(self._navigation.open_model, model.name),
                detail=_about(model),
            )
            for model in await self._search(typed)
        ]

    async def _openings(self, typed: str) -> list[Candidate]:
        verb, _, rest = typed.partition(" ")
        kind, rest = OPENING.get(verb.casefold()), rest.strip()
        if kind is None or not rest:
            return []
        opening: Mapping[Kind, Callable[[str], None]] = {
            Kind.PERMISSIONS: self._navigation.open_access,
            Kind.HISTORY: lambda name: self._navigation.open_history(name, None),
            Kind.DETAILS: self._navigation.open_model_details,
            Kind.WEBHOOKS: self._navigation.open_webhooks,
        }
        return [
            Candidate(
                kind=kind, name=model.name, act=partial(opening[kind], model.name), detail=_about(model), query=rest
            )
            for model in await self._search(rest)
        ]

    async def _versions(self, typed: str) -> list[Candidate]:
        parts = VERSION.fullmatch(typed)
        if parts is None:
            return []
        name, number = parts["name"], parts["number"]
        models = [model for model in await self._search(name) if match(name, model.name)][:MAX_VERSIONS]
        found = await asyncio.gather(*(self._version(model, number, f"{name}/{number}") for model in models))
        return [candidate for candidate in found if candidate is not None]

    async def _version(self, model: RegisteredModel, number: str, query: str) -> Candidate | None:
        try:
            version = await self._client.versions.get(model.name, number)
        except Refused as error:
            if error.status in {FORBIDDEN, NOT_FOUND}:
                return None
            raise
        return Candidate(
            kind=Kind.VERSION,
            name=f"{model.name}/{number}",
            act=partial(self._navigation.open_version, model.name, number),
            detail=one_line(f"{_state(version)}  {summary(version.description or '', MAX_DETAIL)}", MAX_DETAIL),
            query=query,
        )


def _state(version: ModelVersion) -> str:
    """Its stage or, of a prompt, its aliases."""
    return " ".join(f"@{each}" for each in version.aliases) if is_prompt(version.tags) else version.current_stage


def _about(model: RegisteredModel) -> str:
    if is_prompt(model.tags):
        version = newest(model)
        aliases = "".join(f"@{each.alias}={each.version}  " for each in model.aliases)
        about = summary(model.description or "", MAX_DETAIL) if version is None else readable(version)
        return one_line(f"{aliases}{about}", MAX_DETAIL)
    production = next((each for each in model.latest_versions if each.current_stage is Stage.PRODUCTION), None)
    stage = f"Production {production.version}  " if production else ""
    return one_line(f"{stage}{summary(model.description or '', MAX_DETAIL)}", MAX_DETAIL)


class PrincipalSource:
    """The users, groups or service principals that the caller may list."""

    def __init__(self, client: RegistryClient, navigation: Navigation, kind: PrincipalKind) -> None:
        shown = {
            PrincipalKind.USER: (Kind.USER, "users"),
            PrincipalKind.GROUP: (Kind.GROUP, "groups"),
            PrincipalKind.SERVICE_PRINCIPAL: (Kind.SERVICE_PRINCIPAL, "service principals"),
        }
        self._shown_kind, self.name = shown[kind]
        self.kinds = frozenset({self._shown_kind})
        self._client = client
        self._navigation = navigation
        self._kind = kind
        self._is_forbidden = False

    async def find(self, typed: str) -> Sequence[Candidate]:
        if self._is_forbidden or not typed:
            return []
        try:
            entries = await directory.suggest(self._client, typed, [self._kind], MAX_PRINCIPALS)
        except Refused as error:
            if error.status != FORBIDDEN:
                raise
            self._is_forbidden = True
            return []
        return [
            Candidate(
                kind=self._shown_kind,
                name=each.principal.name,
                act=partial(self._navigation.open_principal, self._kind, each.id, each.principal.name),
                id=each.id,
                detail=one_line(f"{each.display_name}{'' if each.active else '  deactivated'}", MAX_DETAIL),
            )
            for each in entries
        ]


class TokenSource:
    """Access tokens, by their comments or creators: all for administrators, else one's own, which are few and read
    once."""

    name = "tokens"
    kinds = frozenset({Kind.TOKEN})

    def __init__(self, client: RegistryClient, navigation: Navigation) -> None:
        self._client = client
        self._navigation = navigation
        self._known: Sequence[PublicTokenInfo] | None = None  # all that can be found, once they are known

    async def find(self, typed: str) -> Sequence[Candidate]:
        if not typed:
            return []
        found = await self._read(typed) if self._known is None else self._known
        matching = (each for each in found if _matches(each, typed))
        return [_token(each, self._navigation.open_token) for each in islice(matching, MAX_TOKENS)]

    async def _read(self, typed: str) -> Sequence[PublicTokenInfo]:
        part = max(typed.split(), key=len)
        try:
            found: Sequence[PublicTokenInfo] = await self._client.tokens.all(text=part, max_results=MAX_READ_TOKENS)
            if len(found) > MAX_READ_TOKENS:
                self._known = found  # of an older server, which sends all
        except Refused as error:
            if error.status != FORBIDDEN:
                raise
            found = self._known = await self._client.tokens.own()
        return found


def _token(token: PublicTokenInfo, open_token: Callable[[str, str], None]) -> Candidate:
    by = f"by {token.created_by_username}  " if isinstance(token, TokenInfo) else ""
    return Candidate(
        kind=Kind.TOKEN,
        name=token.comment or "no comment",
        act=partial(open_token, token.token_id, token.comment or ""),
        id=token.token_id,
        detail=one_line(f"{by}created {age(token.creation_time)} ago", MAX_DETAIL),
    )


def _matches(token: PublicTokenInfo, typed: str) -> bool:
    by = token.created_by_username if isinstance(token, TokenInfo) else ""
    return match(typed, token.comment or "") is not None or typed.casefold() in by.casefold()


class WebhookSource:
    """The webhooks that the caller may manage, by their hosts, descriptions and models; read once."""

    name = "webhooks"
    kinds = frozenset({Kind.WEBHOOK})

    def __init__(self, client: RegistryClient, navigation: Navigation) -> None:
        self._client = client
        self._navigation = navigation
        self._known: Sequence[WebhookOverview] | None = None

    async def find(self, typed: str) -> Sequence[Candidate]:
        if not typed:
            return []
        if self._known is None:
            try:
                self._known = await self._client.webhooks.all_overviews()
            except UnknownEndpoint:  # of an older server
                self._known = []
        candidates = (self._candidate(each) for each in self._known)
        matching = (each for each in candidates if find(each, typed) is not None)
        return list(islice(matching, MAX_WEBHOOKS))

    def _candidate(self, webhook: WebhookOverview) -> Candidate:
        host = host_of(webhook)
        of = f"of {webhook.model_name or 'all models'}  {webhook.description or webhook.name or ''}"
        return Candidate(
            kind=Kind.WEBHOOK,
            name=host,
            act=partial(self._navigation.open_deliveries, webhook.id, host),
            id=webhook.id,
            detail=one_line(of, MAX_DETAIL),
        )


def sources(client: RegistryClient, navigation: Navigation) -> Sequence[Source]:
    return (
        ModelSource(client, navigation),
        *(PrincipalSource(client, navigation, kind) for kind in PrincipalKind),
        TokenSource(client, navigation),
        WebhookSource(client, navigation),
    )
