"""How each place was arranged last, in ``tables.toml`` in the user's folder of states:

[models]
sort = "updated desc"
columns = ["model", "prod", "updated"]

The console writes this file. What a user writes by hand is in console.toml.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tui_registry.session import config
from tui_registry.session.arrangement import Arrangement, Sort
from tui_registry.session.config import ConfigError

FORMER_PLACES = {"person": "account"}
"""Names that places have had, by which the file may still call them, and what they are called now."""


class KeptArrangement(BaseModel):
    model_config = ConfigDict(defer_build=True, extra="forbid", strict=True)

    sort: str | None = None
    columns: list[str] | None = None


class KeptPlaces(BaseModel):
    """The whole file, whose keys are the places."""

    model_config = ConfigDict(defer_build=True, extra="allow", strict=True)

    __pydantic_extra__: dict[str, KeptArrangement]

    @property
    def by_name(self) -> dict[str, KeptArrangement]:
        return self.__pydantic_extra__


class KeptArrangements:
    """The arrangements by place. ``problem`` says why those of the file are not used, if they are not."""

    def __init__(self) -> None:
        self.problem = ""
        try:
            self._kept = config.read(arrangements_file(), KeptPlaces)
        except ConfigError as error:
            self._kept, self.problem = KeptPlaces(), str(error)

    def of_place(self, place: str) -> Arrangement:
        places = (place, *(former for former, now in FORMER_PLACES.items() if now == place))
        kept = next((kept for each in places if (kept := self._kept.by_name.get(each)) is not None), KeptArrangement())
        columns = None if kept.columns is None else tuple(kept.columns)
        return Arrangement(Sort.parse(kept.sort) if kept.sort else None, columns)

    def keep(self, place: str, arrangement: Arrangement) -> None:
        """Save the arrangement of a place, beside those that other consoles saved meanwhile. Raises OSError."""
        kept = KeptArrangement(
            sort=str(arrangement.sort) if arrangement.sort else None,
            columns=None if arrangement.columns is None else list(arrangement.columns),
        )
        file = arrangements_file()
        with config.locked(file.parent):
            try:
                self._kept = config.read(file, KeptPlaces)
            except ConfigError:
                self._kept = KeptPlaces()  # what cannot be read is replaced
            self._kept.by_name[place] = kept
            config.write(file, self._kept.model_dump(exclude_none=True))


def arrangements_file() -> Path:
    import platformdirs

    return Path(platformdirs.user_state_dir("tui-registry", appauthor=False)) / "tables.toml"
