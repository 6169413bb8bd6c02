"""The README's tables of abilities and limits are generated from those in force."""

from dataclasses import fields
from pathlib import Path

from tui_registry_server.rules.limits import Limits
from tui_registry_server.rules.permissions import ALL_STAGES, LEVELS, Ability, Level, allows

README = Path(__file__).parents[2] / "README.md"
BEGIN = "<!-- abilities: made from rules/permissions.py, checked by tests/server/test_readme.py -->"
END = "<!-- /abilities -->"
LIMITS_BEGIN = "<!-- limits: made from rules/limits.py, checked by tests/server/test_readme.py -->"
LIMITS_END = "<!-- /limits -->"
NOT_OF_MODELS = {Ability.PUBLIC, Ability.ANYONE, Ability.USE_TOKENS, Ability.ADMINISTER}


def ability_table() -> str:
    columns = [Level.NONE, *(level for level, _ in LEVELS.values() if level is not Level.CREATE)]
    names = {level: wire.value for wire, (level, _) in LEVELS.items()} | {Level.NONE: "none"}
    lines = [
        "| to | " + " | ".join(f"`{names[level]}`" if level else "none" for level in columns) + " |",
        "|---|" + ":-:|" * len(columns),
    ]
    for ability in Ability:
        if ability in NOT_OF_MODELS:
            continue
        cells = []
        for level in columns:
            if allows(ability, level):
                limited = not allows(ability, level, stages=ALL_STAGES)
                cells.append("not Production" if limited else "yes")
            else:
                cells.append("own" if allows(ability, level, author=True) else "")
        lines.append(f"| {ability} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def limit_table() -> str:
    rows = [f"| `{each.name}` | {each.default:,} | {each.metadata['reason']} |" for each in fields(Limits)]
    return "\n".join(["| limit | default | of |", "|---|--:|---|", *rows])


def test_the_readmes_limits_are_those_in_force() -> None:
    text = README.read_text()
    shown = text[text.index(LIMITS_BEGIN) + len(LIMITS_BEGIN) : text.index(LIMITS_END)].strip()
    assert shown == limit_table(), f"put this between the marks in README.md:\n\n{limit_table()}"


def test_the_readmes_ability_table_is_the_one_in_force() -> None:
    text = README.read_text()
    shown = text[text.index(BEGIN) + len(BEGIN) : text.index(END)].strip()
    assert shown == ability_table(), f"put this between the marks in README.md:\n\n{ability_table()}"
