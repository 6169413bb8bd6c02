"""The README tells the truth about the keys: its table is made from the actions themselves."""

from pathlib import Path

from tui_registry.actions import ACTIONS, EVERYWHERE

README = Path(__file__).parents[2] / "README.md"
BEGIN = "<!-- keys: made from tui_registry/actions.py, checked by tests/tui_registry/test_readme.py -->"
END = "<!-- /keys -->"


def key_table() -> str:
    lines = ["| key | does | where |", "|---|---|---|"]
    for action in ACTIONS:
        where = EVERYWHERE if EVERYWHERE in action.places else ", ".join(action.places)
        lines.append(f"| `{action.shown}` | {action.help} | {where} |")
    return "\n".join(lines)


def test_the_readmes_keys_are_the_consoles() -> None:
    text = README.read_text()
    shown = text[text.index(BEGIN) + len(BEGIN) : text.index(END)].strip()
    assert shown == key_table(), f"put this between the marks in README.md:\n\n{key_table()}"
