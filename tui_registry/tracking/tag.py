"""A key and its value, as MLflow sends tags and parameters."""

from collections.abc import Iterable

from pydantic import BaseModel


class Tag(BaseModel):
    key: str
    value: str = ""


def by_key(tags: Iterable[Tag]) -> dict[str, str]:
    return {tag.key: tag.value for tag in tags}
