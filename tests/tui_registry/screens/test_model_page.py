"""A model's page: one table of its versions, what each was in Production, and Production rolled back."""

import re
from pathlib import Path

import pytest

from tests.bulk_models import insert_history
from tests.live_registry import serving
from tests.tui_registry.console import LARGE, SIZES, SMALL, Console, console
from tests.tui_registry.samples import ASKER, OWNER, Samples

WIDEST = (200, 50)
DATES = r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}–\d{2}:\d{2}"


def released(samples: Samples, count: int, name: str = "released") -> str:
    """A model each of whose versions was in Production until the next one came."""
    model = samples.model(name, description="Who leaves us.\nAnd why.")
    for number in range(count):
        samples.version(model, "Production", archive=True, description=f"Trained, time {number + 1}.\nLonger.")
    return model


async def opened(shown: Console, model: str) -> None:
    await shown.press("colon")
    await shown.type(model)
    await shown.press("enter")
    await shown.shows(f"Models › {model}", "SINCE")


def rows(shown: Console) -> list[list[str]]:
    """The rows of the table as cells, without its titles."""
    text = shown.text.split("\n")
    start = next(number for number, line in enumerate(text) if line.startswith("  VER"))
    end = next(number for number, line in enumerate(text) if line.startswith("────"))
    return [re.split(r"\s{2,}", line[2:].strip()) for line in text[start + 1 : end] if line.strip()]


async def test_who_has_requests_comes_first_then_production_then_what_was_there(samples: Samples) -> None:
    model = released(samples, 3)
    samples.version(model)
    samples.version(model)
    samples.ask(model, samples.version(model, "Archived"), "Staging")
    samples.ask(model, "4", "Production")
    async with console(samples.url, samples.token, LARGE) as shown:
        await opened(shown, model)
        await shown.shows("6 versions", "2 open requests")
        listed = rows(shown)
        assert [row[0] for row in listed] == ["4", "6", "3", "2", "1", "5"]
        assert [row[1] for row in listed] == [
            "None → Production?",
            "Archived → Staging?",
            "Production",
            "Archived, previous",
            "Archived",
            "None",
        ]
        assert listed[2][3] == OWNER
        assert listed[2][4].endswith("– now")
        assert re.fullmatch(DATES, listed[3][4])
        assert listed[3][5] == "Trained, time 2. Longer."
        assert listed[5][3:] == [OWNER]
        assert "▎ 4" in shown.text


async def test_columns_are_dropped_in_the_order_of_their_importance(samples: Samples) -> None:
    model = released(samples, 2)
    expected = {
        WIDEST: ["VER", "STAGE", "SINCE", "BY", "IN PRODUCTION", "DESCRIPTION"],
        SMALL: ["VER", "STAGE", "SINCE", "IN PRODUCTION", "DESCRIPTION"],
        (64, 24): ["VER", "STAGE", "SINCE", "IN PRODUCTION"],
        (55, 24): ["VER", "STAGE", "IN PRODUCTION"],
        (40, 24): ["VER", "STAGE"],
    }
    async with console(samples.url, samples.token, WIDEST) as shown:
        await opened(shown, model)
        for size, titles in expected.items():
            await shown.pilot.resize_terminal(*size)
            await shown.until(
                lambda titles=titles: (
                    [  # type: ignore[misc]  # mypy sees no defaults of lambdas
                        re.split(r"\s{2,}", line.partition("│")[0].strip())  # beside it are the details
                        for line in shown.text.split("\n")
                        if line.startswith("  VER")
                    ]
                    == [titles]
                ),
                f"{size}: {titles}",
            )
            assert "Archived, previous" in shown.text
        await shown.pilot.resize_terminal(*SMALL)
        for opening in ((), ("enter",), ("escape", "i")):
            await shown.press(*opening)
            await shown.until(lambda: "  esc back  " in shown.bar and "help" in shown.bar, "the way back")


async def test_a_time_in_production_is_counted_again(samples: Samples) -> None:
    model = released(samples, 2)
    samples.move(model, "1", "Production", archive=True)
    async with console(samples.url, samples.token, LARGE) as shown:
        await opened(shown, model)
        first, second = rows(shown)
        assert (first[0], first[4][-8:]) == ("1", "– now +1")
        samples.move(model, "2", "Production", archive=True)
        await shown.pilot.resize_terminal(*SMALL)
        await shown.until(lambda: re.search(f"{DATES} \\+1 ", shown.text), "it is not cut off")
        assert second[1] == "Archived, previous"


@SIZES
async def test_a_rollback_shows_both_moves_and_makes_them_as_one(samples: Samples, size: tuple[int, int]) -> None:
    model = released(samples, 3)
    samples.ask(model, "2", "Production")
    async with console(samples.url, samples.token, size) as shown:
        await opened(shown, model)
        await shown.until(lambda: "b roll back to 2 " in shown.bar, "to which version")
        assert "a approve  r reject  t move  b roll back to 2" in shown.bar.replace("x cancel request  ", "")
        assert {"= compare", "esc back", "? help"} <= set(shown.bar.split("  ")), "what decides, at every width"
        await shown.press("b")
        await shown.shows(
            f"Roll back Production of {model}?",
            "• version 2: Archived → Production",
            f"closes the request by {ASKER}",
            "• version 3: Production → Archived",
            "Version 2: Trained, time 2.",
            f"Type {model}",
        )
        await shown.press("tab")
        await shown.type("It mispredicts.")
        await shown.press("enter")
        await shown.type(model)
        await shown.press("enter")
        await shown.notifies("Moved from Archived to Production. Archived version 3.")
        await shown.until(
            lambda: [row[:2] for row in rows(shown)][:2] == [["2", "Production"], ["3", "Archived, previous"]]
        )
        activity = samples.activities(model, "APPLIED_TRANSITION")[0]
        system = next(each for each in samples.activities(model, "SYSTEM_TRANSITION") if each["version"] == "3")
        assert activity["comment"] == "It mispredicts."
        assert activity["creation_timestamp"] == system["creation_timestamp"]
        await shown.press("b")
        await shown.shows("• version 3: Archived → Production", "• version 2: Production → Archived")
        await shown.press("n", "u")
        await shown.shows(
            "Undo the last change?",
            f"{model} version 2: Moved from Archived to Production.",
            f"{model} version 3: moving it to Production, archiving",
        )
        await shown.press("y")
        await shown.type("production")
        await shown.press("enter")
        await shown.notifies("Archived version 2.")
    assert [samples.stage(model, each) for each in "123"] == ["Archived", "Archived", "Production"]


async def test_an_empty_production_is_restored(samples: Samples) -> None:
    model = released(samples, 2)
    samples.move(model, "2", "Archived")
    async with console(samples.url, samples.token) as shown:
        await opened(shown, model)
        await shown.press("b")
        await shown.shows("• version 2: Archived → Production", "Production is empty")
        await shown.press("y")
        await shown.type(model)
        await shown.press("enter")
        await shown.notifies("Moved from Archived to Production.")
    assert [samples.stage(model, each) for each in "12"] == ["Archived", "Production"]


@SIZES
async def test_the_page_about_a_model_tells_the_previous_version_from_the_newest_archived_one(
    samples: Samples, size: tuple[int, int]
) -> None:
    """Which is not the one that was in Production; and how many versions a stage has besides the one that is named."""
    model = released(samples, 2)
    for stage in ("Archived", "Staging", "None", "None"):
        samples.version(model, stage)
    async with console(samples.url, samples.token, size) as shown:
        await opened(shown, model)
        await shown.press("i")
        await shown.shows("in Production", "last in Production")
        lines = [line.strip() for line in shown.text.split("\n")]
        at = next(number for number, line in enumerate(lines) if line.startswith("in Production"))
        labels, values = zip(*(re.split(r"\s{2,}", line)[:2] for line in lines[at : at + 5]), strict=True)
        assert labels == ("in Production", "in Staging", "previous", "in None", "in Archived")
        assert values[0].startswith("version 2, updated ")
        assert values[1].startswith("version 4, updated ")
        assert re.fullmatch(
            r"version 1, last in Production until \d{4}-\d{2}-\d{2} \d{2}:\d{2} (UTC|[+-]\d\d:\d\d)", values[2]
        )
        assert values[3].startswith("version 6, the highest number of 2, updated ")
        assert values[4].startswith("version 3, the highest number of 2, updated ")
        await shown.press(*"jjj", "enter")
        await shown.shows(f"Models › {model} › 1")


async def test_no_rollback_is_offered_while_two_versions_are_in_production(samples: Samples) -> None:
    model = released(samples, 2)
    samples.version(model, "Production")
    async with console(samples.url, samples.token) as shown:
        await opened(shown, model)
        await shown.until(lambda: sum("Production" in row[1:] for row in rows(shown)) == 2)
        assert "roll back" not in shown.bar
        await shown.press("b")
        await shown.notifies("The versions 2, 3 are in Production together")


@pytest.mark.parametrize(
    ("versions", "by", "message"),
    [
        (1, OWNER, "No version was in Production before version 1."),
        (0, OWNER, "was ever in Production."),
        (2, ASKER, "requires CAN_MANAGE_PRODUCTION_VERSIONS; your level on"),
    ],
)
async def test_a_rollback_that_is_not_possible_says_why(samples: Samples, versions: int, by: str, message: str) -> None:
    model = released(samples, versions)
    async with console(samples.url, samples.registry.token(by)) as shown:
        await opened(shown, model)
        await shown.shows(f"{versions} version")
        assert "b roll back" not in shown.bar
        await shown.press("b")
        await shown.notifies(f"{model} cannot be rolled back", message)
        assert "Type " not in shown.text


async def test_nothing_is_rolled_back_once_production_has_changed(samples: Samples) -> None:
    model = released(samples, 2)
    third = samples.version(model)
    async with console(samples.url, samples.token) as shown:
        await opened(shown, model)
        await shown.press("b")
        await shown.shows("• version 1: Archived → Production")
        samples.move(model, third, "Production", archive=True)
        await shown.press("y")
        await shown.type(model)
        await shown.press("enter")
        await shown.notifies("Nothing was sent: Production now holds version 3.")
    assert [samples.stage(model, each) for each in "123"] == ["Archived", "Archived", "Production"]


@SIZES
async def test_the_history_of_a_model_has_all_its_versions(samples: Samples, size: tuple[int, int]) -> None:
    model = released(samples, 2)
    async with console(samples.url, samples.token, size) as shown:
        await opened(shown, model)
        await shown.shows("2 versions")
        await shown.press("H")
        await shown.shows(f"Activity › {model} (", "displaced", "None → Production")
        assert "MODEL" not in shown.text  # it is in the title
        assert len(re.findall(r"moved +[12] ", shown.text)) == 2
        await shown.press("escape", "enter")
        await shown.shows(f"{model} › 2")
        await shown.press("H")
        await shown.shows(f"Activity › {model} › 2")
        assert "displaced" not in shown.text
        assert "VER" not in shown.text


async def test_marked_requests_are_decided_together(samples: Samples) -> None:
    model = samples.model("marked")
    for _ in range(2):
        samples.ask(model, samples.version(model))
    async with console(samples.url, samples.token) as shown:
        await opened(shown, model)
        await shown.shows("2 open requests")
        await shown.press("g", "space", "space", "r")
        await shown.shows("Reject 2 requests?")
        await shown.press("y")
        await shown.shows("0 open requests")
    assert len(samples.activities(model, "REJECTED_REQUEST")) == 2


async def test_a_model_of_many_versions(tmp_path: Path) -> None:
    """Those that matter are there and first, however old they are."""
    with serving(tmp_path) as registry:
        insert_history(registry, 6_000)
        with registry.client() as client:
            for version, archive in (("7", True), ("6000", False)):
                fields = {"name": "m", "version": version, "stage": "Production", "archive_existing_versions": archive}
                assert client.post("/mlflow/model-versions/transition-stage", json=fields).is_success
            fields = {"name": "m", "version": "6000", "stage": "Archived"}
            assert client.post("/mlflow/model-versions/transition-stage", json=fields).is_success
            asked = {"name": "m", "version": "3000", "stage": "Staging"}
            assert client.post("/mlflow/transition-requests/create", json=asked).is_success
        async with console(registry.url, registry.admin_token, LARGE) as shown:
            await opened(shown, "m")
            await shown.shows("+ versions", "1 open request")
            assert [row[:2] for row in rows(shown)[:4]] == [
                ["3000", "Archived → Staging?"],
                ["7", "Production"],
                ["6000", "Archived, previous"],
                ["5999", "Archived"],
            ]
            await shown.press("b")
            await shown.shows("• version 6000: Archived → Production", "• version 7: Production → Archived")
