"""Writes the generated tables of the READMEs, each between its markers, from what the programs go by:

    python -m tests.readme_tables

A table's markers are ``<!-- NAME: written by python -m tests.readme_tables -->`` and ``<!-- /NAME -->``.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from tui_registry.commands.exit_codes import MEANINGS
from tui_registry.keys.actions import ACTIONS
from tui_registry_server.rules.limits import Limits
from tui_registry_server.rules.permissions import LEVELS, Level, allows
from tui_registry_server.wire.permission_policy import ALL_STAGES, Ability

ROOT = Path(__file__).parents[1]
COMMAND = "python -m tests.readme_tables"
NOT_OF_MODELS = {Ability.PUBLIC, Ability.ANYONE, Ability.USE_TOKENS, Ability.SEE_ACCOUNT, Ability.ADMINISTER}


@dataclass(frozen=True)
class Table:
    """``rows`` gives the rows, the header's first, as cells; ``columns`` is how Markdown aligns them."""

    name: str
    readme: str
    columns: str
    rows: Callable[[], Iterable[Sequence[str]]]

    @property
    def markers(self) -> tuple[str, str]:
        return f"<!-- {self.name}: written by {COMMAND} -->", f"<!-- /{self.name} -->"

    def write_into(self, text: str) -> str:
        """The README's text with this table in its place.

        Raises ValueError: the markers are not there.
        """
        header, *body = (f"| {' | '.join(cells)} |" for cells in self.rows())
        begin, end = self.markers
        before, after = text.index(begin) + len(begin), text.index(end)
        return text[:before] + "\n\n" + "\n".join([header, self.columns, *body]) + "\n\n" + text[after:]


def _limits() -> Iterable[Sequence[str]]:
    yield "limit", "default", "of"
    for limit in fields(Limits):
        yield f"`{limit.name}`", f"{limit.default:,}", limit.metadata["reason"]


def _levels() -> list[Level]:
    return [Level.NONE, *(level for level, _ in LEVELS.values() if level is not Level.CREATE)]


def _abilities() -> Iterable[Sequence[str]]:
    names = {level: f"`{wire.value}`" for wire, (level, _) in LEVELS.items()} | {Level.NONE: "none"}
    yield "to", *(names[level] for level in _levels())
    for ability in Ability:
        if ability not in NOT_OF_MODELS:
            yield str(ability), *(_allowed(ability, level) for level in _levels())


def _allowed(ability: Ability, level: Level) -> str:
    if allows(ability, level):
        return "yes" if allows(ability, level, stages=ALL_STAGES) else "not Production"
    return "own" if allows(ability, level, author=True) else ""


def _keys() -> Iterable[Sequence[str]]:
    yield "key", "does", "where"
    places: dict[tuple[str, str], list[str]] = {}  # of the same action, which may have another priority in some
    for action in ACTIONS:
        places.setdefault((action.display_key, action.help), []).extend(action.places)
    for (key, does), where in places.items():
        yield f"`{key}`", does, ", ".join(where)


def _exits() -> Iterable[Sequence[str]]:
    yield "exit code", "means"
    for code, meaning in MEANINGS.items():
        yield str(code.value), meaning


TABLES = (
    Table("limits", "server/README.md", "|---|--:|---|", _limits),
    Table("abilities", "server/README.md", "|---|" + ":-:|" * len(_levels()), _abilities),
    Table("keys", "tui_registry/README.md", "|---|---|---|", _keys),
    Table("exits", "tui_registry/README.md", "|---|---|", _exits),
)


def main() -> None:
    for table in TABLES:
        readme = ROOT / table.readme
        text = readme.read_text(encoding="utf-8")
        if (written := table.write_into(text)) != text:
            readme.write_text(written, encoding="utf-8")
            print(f"{table.readme}: {table.name}")


if __name__ == "__main__":
    main()
