"""Saved views: a place with a filter, an order and columns, as a user keeps it in console.toml."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

ViewName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,30}$")]
"""A letter, then letters, digits, - and _."""


class SavedView(BaseModel):
    """What is left out is the place's own. sort: see Sort.parse. columns: their names in order. key: the one that opens
    the view from everywhere."""

    model_config = ConfigDict(defer_build=True, extra="forbid", strict=True)

    place: str
    filter: str = Field("", max_length=1000)
    sort: str = ""
    columns: list[str] = []
    key: str = ""

    @property
    def description(self) -> str:
        """What it shows, in one line."""
        parts = [self.place, f"matching “{self.filter}”" if self.filter else "", f"by {self.sort}" if self.sort else ""]
        return " ".join(part for part in parts if part)
