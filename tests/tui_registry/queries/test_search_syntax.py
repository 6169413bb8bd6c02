"""What is typed stands for itself, wherever it is typed; and what is called so comes first."""

import pytest

from tests.tui_registry.command_line import answer, run
from tests.tui_registry.console import console
from tests.tui_registry.samples import OWNER, Samples
from tui_registry.client.registry import RegistryClient
from tui_registry.queries.model_search import ModelSearch
from tui_registry.queries.search_syntax import models_filter, versions_filter
from tui_registry.screens.models.model import Model
from tui_registry.tracking.experiment import Experiment
from tui_registry.tracking.filters import (
    experiments_filter,
    matches_experiment,
    matches_run,
    matching_page,
    runs_filter,
)
from tui_registry.tracking.run import Run, RunInfo
from tui_registry_server.wire.stage import Stage

NAMES = ("fraud_v1", "fraud v1", "fraud%v1", "fraud-v1", "a\\b", "it's", 'it"s', "both'\"", "[x]*?", "ends\\")


def listed(samples: Samples, *words: str) -> list[str]:
    return [model["name"] for model in answer(samples, "models", "list", *words)["registered_models"]]


@pytest.mark.usefixtures("command_home")
def test_a_word_of_a_command_finds_what_has_it_and_nothing_else(samples: Samples) -> None:
    names = [samples.model(name) for name in NAMES]
    for word in ("_", "%", "d_v", "D%V", "\\", "'", '"', "'\"", "[", "*?", "s\\", "%'", "fraud"):
        expected = sorted(name for name in names if word.casefold() in name.casefold())
        assert sorted(listed(samples, samples.id, word)) == expected, word
    assert listed(samples, "fraud_v1-" + samples.id) == [names[0]]
    for name in names:
        assert run(samples, "models", "show", name).exit_code == 0


@pytest.mark.usefixtures("command_home")
def test_people_and_tags_are_meant_as_they_are_typed(samples: Samples) -> None:
    tagged = samples.model("tagged", tags=[{"key": "team", "value": "it's_\"5%\\"}])
    samples.model("other", tags=[{"key": "team", "value": "it's-\"5%\\"}])
    assert listed(samples, "tag:team=it's_\"5%\\") == [tagged]
    assert len(listed(samples, samples.id, f"user:{OWNER}")) == 2
    assert listed(samples, samples.id, f"user:{OWNER.replace('-', '_')}") == []


@pytest.mark.usefixtures("command_home")
def test_the_name_itself_is_first_and_then_what_begins_so(samples: Samples) -> None:
    typed = f"Churn{samples.id}"
    names = [f"{mark}{typed}" for mark in "abcd"] + [f"{typed}-{end}" for end in "AB"] + [typed, typed.lower()]
    for name in names:
        samples.model(f"={name}")
    first = [typed, typed.lower(), f"{typed}-A", f"{typed}-B"]
    assert listed(samples, typed)[:4] == first
    assert listed(samples, typed, "--limit", "2")[:2] == first[:2]
    samples.model(f"={typed} ")
    assert listed(samples, f"{typed} ")[0] == f"{typed} "
    assert listed(samples, typed)[0] == typed


async def test_every_match_comes_once_on_whatever_pages(samples: Samples) -> None:
    typed = f"Churn{samples.id}"
    begin = [f"{typed}{end}" for end in ("", "-1", "-2", "_3")]
    others = [f"{mark}-{typed}" for mark in "abcde"]
    for name in (*begin, *others):
        samples.model(f"={name}")
    async with RegistryClient(samples.url, samples.token) as client:
        for size in (1, 2, 3, 100):
            search, token, found = ModelSearch(client.models, typed.lower()), "", []
            while True:
                models, token = await search.page(token, size)
                assert models
                found += [model.name for model in models]
                if not token:
                    break
            assert found == [*begin, *others]


async def test_the_finder_opens_the_model_of_this_name(samples: Samples) -> None:
    meant_name = samples.model("fraud_v1")
    samples.model("fraud v1")
    for number in range(12):
        samples.model(f"a{number}-{meant_name}"[:-7])
    async with console(samples.url, samples.token) as shown:
        await shown.shows("● live")
        await shown.press("colon")
        await shown.type(meant_name)
        await shown.shows(f"model    {meant_name}")
        assert f"fraud v1-{samples.id}" not in shown.text
        await shown.press("enter")
        await shown.until(lambda: isinstance(shown.app.screen, Model), "a model")
        assert isinstance(shown.app.screen, Model)
        assert shown.app.screen.model_name == meant_name


async def test_the_search_of_models_takes_no_wildcards(samples: Samples) -> None:
    meant_name, other = samples.model("fraud_v1"), samples.model("fraud v1")
    async with console(samples.url, samples.token) as shown:
        await shown.press("2")
        await shown.shows(meant_name, other)
        await shown.press("slash")
        await shown.type("d_v")
        await shown.shows("(1)", meant_name)
        assert other not in shown.text
        await shown.press("3")


async def test_what_mlflow_takes_for_wildcards_is_left_out_afterwards() -> None:
    names = ("a_b", "a-b", "100%", "1000", "it's", "it-s")
    experiments = [Experiment(experiment_id=name, name=name) for name in names]

    async def read(token: str) -> tuple[list[Experiment], str]:
        number = int(token or 0)
        return experiments[number : number + 1], str(number + 1) if number < len(experiments) - 1 else ""

    async def found(typed: str) -> list[str]:
        kept: list[Experiment] = []
        token = ""
        while True:
            page, token = await matching_page(read, lambda each: matches_experiment(each, typed), token)
            kept += page
            if not token:
                return [each.name for each in kept]

    assert await found("a_b") == ["a_b"]
    assert await found("0%") == ["100%"]
    assert await found("IT's") == ["it's"]
    assert await found("= name LIKE 'a_b'") == list(names)
    assert experiments_filter("it's 5%") == "name ILIKE '%it_s%' AND name ILIKE '%5_%'"
    assert runs_filter("tag:k=it's") == "tags.`k` LIKE 'it_s'"
    run_found = Run(info=RunInfo(run_id="1", experiment_id="1", run_name="a-b", user_id="ada"))
    assert not matches_run(run_found, "a_b")
    assert matches_run(run_found, "A-B user:ad rmse<0.5")


def test_what_is_missing_or_old_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 100 * 86_400)
    assert models_filter("churn missing:owner") == "name CONTAINS 'churn' AND missing = 'owner'"
    assert models_filter("missing:desc") == "missing = 'description'"
    assert models_filter("older:90d") == "name CONTAINS 'older:90d'"
    production = "stage = 'Production'"
    assert versions_filter("older:90d", Stage.PRODUCTION) == f"creation_timestamp <= {10 * 86_400_000} AND {production}"
    assert versions_filter("older:90", Stage.PRODUCTION) == production  # not typed completely
