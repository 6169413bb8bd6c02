"""The models, searched as one types, and one model's page."""

import pytest
from textual.widgets import Input

from tests.tui_registry.console import SIZES, console
from tests.tui_registry.proxy import proxied
from tests.tui_registry.samples import ASKER, Samples
from tests.variants import variant
from tui_registry.screens.models.model import Model
from tui_registry.screens.models.models import Models


@SIZES
async def test_models_are_listed_with_their_stages(samples: Samples, size: tuple[int, int]) -> None:
    model = samples.model("churn")
    samples.version(model, "Production")
    samples.version(model, "Staging")
    samples.version(model)
    empty = samples.model("empty")
    async with console(samples.url, samples.token, size) as shown:
        await shown.press("2")
        await shown.shows(model, empty, "Models (2)")
        assert shown.row(model)[2:].split()[1:4] == ["1", "2", "3"]
        assert shown.row(empty)[2:].split()[1:4] == ["–", "–", "–"]


async def test_no_models_is_said(samples: Samples) -> None:
    async with console(samples.url, samples.token) as shown:
        await shown.press("2")
        await shown.shows("No models that you can read.")
        await shown.press("enter", "y", "G", "pagedown", "f5")
        await shown.shows("Models (0)")


async def test_models_are_searched_as_one_types(samples: Samples) -> None:
    churn, fraud = samples.model("churn-risk"), samples.model("fraud-risk")
    async with console(samples.url, samples.token) as shown:
        await shown.press("2")
        await shown.shows(churn, fraud)
        await shown.press("slash")
        await shown.type("RISK fr")
        await shown.shows("(1)", "matching", fraud)
        await shown.hides(churn)
        await shown.press("escape")
        await shown.shows(churn, fraud, "Models (2)")


async def test_enter_keeps_the_filter_and_opens_no_row_that_does_not_match(samples: Samples) -> None:
    """Enter again opens what was found, even before it is shown."""
    samples.model("churn")
    fraud = samples.model("fraud")
    async with proxied(samples.url) as proxy, console(proxy.url, samples.token) as shown:
        await shown.press("2")
        await shown.shows("Models (2)")
        proxy.hold("fra")
        await shown.press("slash")
        await shown.type("frau")
        await shown.press("enter", "enter")
        assert isinstance(shown.app.screen, Models)
        proxy.release()
        await shown.shows(f"Models › {fraud}")
        await shown.press("escape")
        await shown.shows("matching “frau” (1)")
        await shown.press("escape")
        await shown.shows("Models (2)")


async def test_late_answers_to_what_was_typed_before_are_not_shown(samples: Samples) -> None:
    ab, ac = samples.model("ab"), samples.model("ac")
    async with proxied(samples.url) as proxy, console(proxy.url, samples.token) as shown:
        await shown.press("2")
        await shown.shows(ab, ac)
        proxy.hold("ab")
        await shown.press("slash")
        await shown.type("ab")
        await shown.until(lambda: any("ab" in line for line in proxy.asked), "ab is asked for")
        await shown.press("backspace")
        await shown.type("c")
        await shown.shows("“ac” (1)", ac)
        proxy.release()
        await shown.press("f5")
        await shown.until(lambda: sum("ac" in line for line in proxy.asked) >= 1, "ac is asked for")
        await shown.pilot.pause(0.3)  # for the late answer to do its harm
        assert "“ac” (1)" in shown.text
        assert ab not in shown.text


async def test_a_filter_of_the_registrys_own_grammar(samples: Samples) -> None:
    churn = samples.model("churn", tags=[{"key": "team", "value": "risk"}])
    fraud = samples.model("fraud")
    async with console(samples.url, samples.token) as shown:
        await shown.press("2")
        await shown.shows(churn, fraud)
        await shown.press("slash")
        await shown.type("= tags.team = 'risk'")
        await shown.shows(churn, "(1)")
        await shown.hides(fraud)


@pytest.mark.parametrize(
    "typed", ["=bad", *map(variant, ["= name = ", "=("]), "'\"%_", variant("= name = 'x' OR name = 'y'")]
)
async def test_a_search_that_the_server_refuses_does_no_harm(samples: Samples, typed: str) -> None:
    churn = samples.model("churn")
    async with console(samples.url, samples.token) as shown:
        await shown.press("2")
        await shown.shows(churn)
        await shown.press("slash")
        await shown.type(typed)
        await shown.until(
            lambda: "load failed" in shown.header or "(0)" in shown.header, "it says that nothing was found"
        )
        await shown.press("escape")
        await shown.shows(churn, "● live")


async def test_a_long_text_can_be_searched_for(samples: Samples) -> None:
    churn = samples.model("churn")
    async with console(samples.url, samples.token) as shown:
        await shown.press("2")
        await shown.shows(churn)
        await shown.press("slash")
        shown.app.screen.query_one("#filter", Input).value = "x" * 100_000  # as pasted into the line
        await shown.until(lambda: "load failed" in shown.header or "(0)" in shown.header, "it is reported")
        await shown.press("escape")
        await shown.shows(churn, "● live")


@pytest.mark.parametrize(
    "name", [*map(variant, ["=it's", '=a "b" c']), '=it\'s "both"', "=100% _under", variant("=back\\slash")]
)
async def test_models_with_quotes_are_found_and_opened(samples: Samples, name: str) -> None:
    model = samples.model(name)
    samples.version(model, description="the one")
    async with console(samples.url, samples.token) as shown:
        await shown.press("2", "slash")
        await shown.type(name[1:].split(maxsplit=1)[0])
        await shown.shows("(1)", model)
        await shown.press("enter", "enter")
        await shown.shows(f"Models › {model}", "1 version  ", "the one")


async def test_more_models_are_read_when_they_are_needed(samples: Samples) -> None:
    for number in range(105):
        samples.call("POST", "/mlflow/registered-models/create", name=f"paged-{samples.id}-{number:03}")
    async with console(samples.url, samples.token) as shown:
        await shown.press("2")
        await shown.shows("Models (100+)")
        await shown.press("G")
        await shown.shows("Models (105)")
        await shown.press("G")
        await shown.shows(f"▎ paged-{samples.id}-104")


@SIZES
async def test_a_model_without_versions(samples: Samples, size: tuple[int, int]) -> None:
    model = samples.model("empty")
    async with console(samples.url, samples.token, size) as shown:
        await shown.press("2")
        await shown.shows(model)
        await shown.press("enter")
        await shown.shows(f"Models › {model}", "0 versions", "No versions.")
        await shown.press("j", "tab", "a", "y", "G", "enter", "f5", "J", "K")
        await shown.press("escape")
        await shown.shows("Models (1)")


async def test_each_of_two_requests_for_a_version_can_be_decided(samples: Samples) -> None:
    model = samples.model("churn")
    samples.version(model)
    samples.ask(model, "1", "Production")
    samples.ask(model, "1", "Staging")
    async with console(samples.url, samples.token) as shown:
        await shown.press("2")
        await shown.shows(model)
        await shown.press("enter")
        await shown.shows("2 open requests")
        await shown.press("r", "y")
        await shown.notifies("Rejected; version")
        await shown.shows("1 open request ")
        await shown.press("r", "y")
        await shown.shows("0 open requests")


async def test_a_model_that_goes_away_is_reported(samples: Samples) -> None:
    model = samples.model("churn")
    samples.version(model)
    async with console(samples.url, samples.token) as shown:
        await shown.press("2")
        await shown.shows(model)
        await shown.press("enter")
        await shown.shows(f"Models › {model}", "1 version")
        samples.delete(model)
        await shown.shows("load failed")
        await shown.press("escape")
        await shown.shows("No models that you can read")


async def test_places_are_reached_from_everywhere(samples: Samples) -> None:
    model = samples.pending("churn")
    async with console(samples.url, samples.registry.token(ASKER)) as shown:
        await shown.shows(model)
        await shown.press("enter")
        await shown.until(lambda: isinstance(shown.app.screen, Model), "the model")
        await shown.press("2")
        await shown.shows("Models (1)")
        await shown.press("enter")
        await shown.shows(f"Models › {model}")
        await shown.press("2")
        await shown.shows("Models (1)")
        await shown.press("1")
        await shown.press("1")
        await shown.shows("Inbox (1)")
