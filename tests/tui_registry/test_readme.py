"""The README tells the truth about keys and exit codes: its tables are made from what the program goes by."""

from pathlib import Path

from tui_registry.commands.exits import MEANINGS
from tui_registry.keys.actions import ACTIONS, EVERYWHERE

README = Path(__file__).parents[2] / "README.md"
BEGIN = "<!-- keys: made from tui_registry/keys/actions.py, checked by tests/tui_registry/test_readme.py -->"
END = "<!-- /keys -->"
EXITS_BEGIN = "<!-- exits: made from tui_registry/commands/exits.py, checked by tests/tui_registry/test_readme.py -->"
EXITS_END = "<!-- /exits -->"


def key_table() -> str:
    lines = ["| key | does | where |", "|---|---|---|"]
    for action in ACTIONS:
        where = EVERYWHERE if EVERYWHERE in action.places else ", ".join(action.places)
        lines.append(f"| `{action.display_key}` | {action.help} | {where} |")
    return "\n".join(lines)


def test_the_readmes_keys_are_the_consoles() -> None:
    text = README.read_text()
    shown = text[text.index(BEGIN) + len(BEGIN) : text.index(END)].strip()
    assert shown == key_table(), f"put this between the marks in README.md:\n\n{key_table()}"


def exit_table() -> str:
    rows = [f"| {code.value} | {meaning} |" for code, meaning in MEANINGS.items()]
    return "\n".join(["| exit code | means |", "|---|---|", *rows])


def test_the_readmes_exit_codes_are_the_commands() -> None:
    text = README.read_text()
    shown = text[text.index(EXITS_BEGIN) + len(EXITS_BEGIN) : text.index(EXITS_END)].strip()
    assert shown == exit_table(), f"put this between the marks in README.md:\n\n{exit_table()}"
