"""What a change is about: a model, or one version of it. Both have a description and tags."""

from collections.abc import Mapping
from typing import NamedTuple

from tui_registry.client.registry import RegistryClient
from tui_registry.terminal.sanitize import visible


class Described(NamedTuple):
    """What is written on a subject now."""

    description: str
    tags: Mapping[str, str]


class Subject(NamedTuple):
    """``version`` is None for the model itself."""

    name: str
    version: str | None = None

    def __str__(self) -> str:
        return visible(self.name) if self.version is None else f"{visible(self.name)} version {self.version}"

    @property
    def uri(self) -> str:
        """As MLflow's clients take it; a model's own is that of no version."""
        return f"models:/{self.name}" if self.version is None else f"models:/{self.name}/{self.version}"

    async def read(self, client: RegistryClient) -> Described:
        if self.version is None:
            model = await client.models.get(self.name)
            return Described(model.description or "", {tag.key: tag.value for tag in model.tags})
        version = await client.versions.get(self.name, self.version)
        return Described(version.description or "", {tag.key: tag.value for tag in version.tags})
