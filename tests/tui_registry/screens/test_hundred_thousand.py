"""A registry of 100,000 models, by real keys in a real terminal: one of them found from anywhere, and governed."""

from collections.abc import Iterator

import pytest

from tests.bulk_models import insert_models
from tests.live_registry import LiveRegistry, serving
from tests.tui_registry.console import SIZES
from tests.tui_registry.terminal_process import Terminal, terminal

MODELS = 100_000
WANTED, LETTERS = "zeppelin-fares-eu", "zep far"
GROUP = "risk"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """With the model that is wanted in the middle of the others, and a group."""
    with serving(tmp_path_factory.mktemp("large-registry")) as live:
        insert_models(live, MODELS, WANTED)
        with live.client() as client:
            answer = client.post("/preview/scim/v2/Groups", json={"displayName": GROUP})
            assert answer.status_code == 201, answer.text
        yield live


def opened(registry: LiveRegistry) -> dict[str, str]:
    return {"TUI_REGISTRY_URL": registry.url, "TUI_REGISTRY_TOKEN": registry.admin_token}


def level(registry: LiveRegistry) -> list[str]:
    """What the group has on the model that is wanted."""
    with registry.client() as client:
        found = client.get("/mlflow/databricks/registered-models/get", params={"name": WANTED}).json()
        path = f"/permissions/registered-models/{found['registered_model_databricks']['id']}"
        entries = client.get(path).json()["access_control_list"]
    mine = [entry for entry in entries if entry.get("group_name") == GROUP]
    return [each["permission_level"] for entry in mine for each in entry["all_permissions"]]


def find(shown: Terminal) -> None:
    """The journey: colon, some letters, Enter."""
    before = shown.pressed
    shown.press(":")
    shown.type(LETTERS)
    shown.press("enter")  # at once: nothing that was asked for is awaited
    shown.shows(f"Models › {WANTED}", "1 version", "Production")
    assert shown.pressed - before == 2 + len(LETTERS)


@SIZES
def test_one_is_found_from_anywhere(large: LiveRegistry, size: tuple[int, int]) -> None:
    with terminal(variables=opened(large), size=size) as shown:
        shown.shows("No open requests", "● live")
        find(shown)
        for place, title in (("2", "Models (100+)"), ("3", "Board"), ("4", "Activity"), ("5", "Access")):
            shown.press(place)
            shown.shows(title, "● live")
            find(shown)
        shown.press("i")
        shown.shows(f"{WANTED} › Details")
        shown.press("1", "1")
        shown.shows("Inbox (0)")
        shown.child.send(f":{LETTERS}\r")  # in one packet
        shown.shows(f"Models › {WANTED}", "1 version", "Production")
        shown.press("ctrl+q")
        assert shown.ends() == 0


@SIZES
def test_the_list_goes_on_as_it_is_looked_at(large: LiveRegistry, size: tuple[int, int]) -> None:
    with terminal(variables=opened(large), size=size) as shown:
        shown.shows("No open requests", "● live")
        shown.press("2")
        shown.shows("Models (100+)", "model-000000")
        shown.press("G")
        shown.shows("model-000099", "Models (600+)")
        shown.press("G")
        shown.shows("model-000599", "Models (1100+)")
        shown.press("g")
        shown.shows("model-000000")
        shown.press("q")
        assert shown.ends() == 0


@SIZES
def test_a_group_is_granted_a_level(large: LiveRegistry, size: tuple[int, int]) -> None:
    with terminal(variables=opened(large), size=size) as shown:
        shown.shows("No open requests", "● live")
        find(shown)
        before = shown.pressed
        shown.press("p")
        shown.shows("Permissions", "n grant")
        shown.press("n")
        shown.shows("Permission level")
        shown.type(GROUP)
        shown.press("tab", "j", "enter")
        shown.shows("CAN_EDIT", "y  Grant")
        shown.press("y")
        shown.shows(GROUP, "CAN_EDIT", "this model")
        keys = shown.pressed - before - len(GROUP)
        assert keys <= 10
        print(f"granted by {keys} keys, besides the name")
        shown.press("u")
        shown.shows("Undo the last change?")
        shown.press("y")
        shown.until(lambda: level(large) == [], "it is taken back")
        shown.press("q")
        assert shown.ends() == 0
