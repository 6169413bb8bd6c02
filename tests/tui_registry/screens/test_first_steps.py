"""What an empty registry shows to its first user."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live_registry import LiveRegistry, serving
from tests.tui_registry.console import console
from tests.tui_registry.samples import Samples
from tests.variants import variant


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[LiveRegistry]:
    with serving(tmp_path) as registry:
        yield registry


@pytest.mark.parametrize("size", [(60, 20), variant((80, 24)), variant((120, 40))], ids=["60x20", "80x24", "120x40"])
async def test_the_first_steps_are_shown_and_copied(empty: LiveRegistry, size: tuple[int, int]) -> None:
    code = [
        "import mlflow, os",
        'os.environ["MLFLOW_TRACKING_TOKEN"] = "tr_..."',
        f'mlflow.set_registry_uri("{empty.url}")',
        'mlflow.register_model("s3://bucket/model", "churn")',
    ]
    async with console(empty.url, empty.admin_token, size) as shown:
        for place, message in (("1", "No open requests on models that you can read."), ("2", "Press n to create one.")):
            await shown.press(place)
            await shown.shows(message, f"First steps at {empty.url}", "tui-registry tokens create", *code)
            assert "y copies this" in shown.text
            await shown.press("y")
            await shown.notifies(code[-1])
            shown.app.clear_notifications()
        with empty.client() as client:
            client.post("/mlflow/registered-models/create", json={"name": "churn"}).raise_for_status()
        await shown.hides("First steps")
        await shown.press("1")
        await shown.shows("No open requests on models that you can read.")
        await shown.hides("First steps")


async def test_a_registry_in_use_has_no_first_steps(samples: Samples) -> None:
    model = samples.model("used")
    async with console(samples.url, samples.token) as shown:
        await shown.shows("No open requests on models that you can read.", "● live")
        assert "First steps" not in shown.text
        await shown.press("2")
        await shown.shows(model)
        await shown.press("/", "z", "z", "z")
        await shown.shows("No matching models.")
        assert "First steps" not in shown.text


async def test_few_lines_are_left_to_the_list(empty: LiveRegistry) -> None:
    async with console(empty.url, empty.admin_token, (80, 12)) as shown:
        await shown.shows("No open requests on models that you can read.", "● live")
        assert "First steps" not in shown.text
        assert "y copy" not in shown.bar


async def test_empty_places_say_what_to_do_and_only_what_one_may(empty: LiveRegistry) -> None:
    new_user = empty.token("new_user")
    async with console(empty.url, new_user) as shown:
        await shown.press("3")
        await shown.shows("No version in Staging.", "2 shows how to register a first model.")
        await shown.press("slash")
        await shown.type("churn")
        await shown.shows("No matching version in Staging.")
        await shown.hides("shows how to register")
        await shown.press("enter", "4")
        await shown.shows("No activity yet.", "is listed here")
        await shown.press("v", "slash")
        await shown.type("nothing-is-called-so")
        await shown.shows("No matching activity.", "Stage transitions per day: 0", "● live")
        await shown.press("escape", "6")
        await shown.shows("no model lacks a description", "an active account has CAN_MANAGE on each")
        await shown.press("5", "tab", "tab", "tab")
        await shown.shows("No service principals.", "only members of the group admins")
        assert "Press n" not in shown.text
        await shown.press("tab")
        await shown.shows("Access › Tokens (1)")
        assert shown.row("▎ new_user (you)")
    async with console(empty.url, empty.admin_token) as shown:
        await shown.press("5", "tab", "tab", "tab")
        await shown.shows("No service principals.", "Press n to create one for a program")
