"""Registering versions of prompts: the calls and tags of MLflow's ``register_prompt``."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tui_registry.client.registry import RegistryClient
from tui_registry.mutations import model as models
from tui_registry.mutations.mutation import Mutation
from tui_registry.mutations.version import newest_of
from tui_registry.queries.prompts import CHAT, IS_PROMPT, PLAIN, TEXT, TYPE, is_prompt, template
from tui_registry.queries.version_page import newest_versions

SOURCE = "dummy-source"
"""What MLflow's client sends as the source, which a prompt has not: its server refuses most others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A version to be. text: as it is to be stored: for a chat prompt, JSON. message: of the commit. kept: further tags
    of the version that it comes from."""

    text: str
    is_chat: bool = False
    message: str = ""
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def tags(self) -> dict[str, str]:
        return {**self.kept, IS_PROMPT: "true", TYPE: CHAT if self.is_chat else PLAIN, TEXT: self.text}


def create(client: RegistryClient, name: str, draft: Draft) -> list[Mutation]:
    """A new prompt, then its first version. As by MLflow's client, the message is the prompt's description, too."""
    made = models.create(client, name, draft.message, tags={IS_PROMPT: "true"}, noun="prompt")
    return [made, _add(client, name, draft, newest=0, is_new=True)]


async def add(client: RegistryClient, name: str, draft: Draft) -> tuple[Mutation, int]:
    """The next version of a prompt, and the highest number there is. Raises CallError."""
    newest = await newest_of(client, name)
    return _add(client, name, draft, newest=newest), newest


def _add(client: RegistryClient, name: str, draft: Draft, *, newest: int, is_new: bool = False) -> Mutation:
    async def send() -> object:
        return await client.versions.create(name, SOURCE, description=draft.message, tags=draft.tags)

    async def happened() -> bool:
        found = await newest_versions(client, name, 5)
        return any(int(each.version) > newest and template(each) == draft.text for each in found)

    async def check() -> str:
        if is_new:  # just made, or, of a dry run, not yet
            return ""
        return "" if is_prompt((await client.models.get(name)).tags) else f"{name} is a model, not a prompt."

    return Mutation(
        title=f"{name}: its first version" if is_new else name,
        action=f"add a version to {name}",
        progress="adding a version",
        done="Version added.",
        send=send,
        happened=happened,
        check=check,
    )
