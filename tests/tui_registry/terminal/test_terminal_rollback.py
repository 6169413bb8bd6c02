"""Production rolled back by real keys in a real terminal, with the keys counted."""

from tests.tui_registry.console import SIZES
from tests.tui_registry.samples import Samples
from tests.tui_registry.terminal_process import terminal


@SIZES
def test_four_keys_and_the_name_roll_back(samples: Samples, size: tuple[int, int]) -> None:
    model = samples.model("churn")
    for _ in range(2):
        samples.version(model, "Production", archive=True)
    with terminal(variables={"TUI_REGISTRY_URL": samples.url, "TUI_REGISTRY_TOKEN": samples.token}, size=size) as shown:
        shown.shows("No open requests", "● live")
        shown.press(":")
        shown.type(model)
        shown.press("enter")
        shown.shows(f"Models › {model}", "Archived, previous", "b roll back")
        before = shown.pressed
        shown.press("b")
        shown.shows("• version 1: Archived → Production", "• version 2: Production → Archived", f"Type {model}")
        shown.press("y")
        shown.type(model)
        shown.press("enter")
        shown.shows("Moved from Archived to Production.")
        assert shown.pressed - before - len(model) <= 4
        shown.press("q")
        assert shown.ends() == 0
    assert [samples.stage(model, each) for each in "12"] == ["Production", "Archived"]
