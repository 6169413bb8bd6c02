"""Models listed and shown by commands."""

import json

import pytest

from tests.tui_registry.command_line import answer, lines, run
from tests.tui_registry.samples import Samples
from tui_registry.commands.exit_codes import Exit

pytestmark = pytest.mark.usefixtures("command_home")


def test_models_are_listed_by_words_and_by_grammar(samples: Samples) -> None:
    risk = samples.model("=Risk-EU-" + samples.id, tags=[{"key": "team", "value": "risk"}], description="Two\nlines.")
    churn = samples.model("churn-eu")
    samples.version(risk, "Staging")
    assert [row.split()[0] for row in lines(run(samples, "models", "list", "EU", samples.id))[1:]] == [risk, churn]
    _, row = lines(run(samples, "models", "list", f"= name LIKE '%{samples.id}' AND tags.team = 'risk'"))
    assert row.split("  ")[0] == risk
    assert "Staging 1" in row
    assert "team=risk" in row
    assert row.endswith("Two lines.")
    listed = answer(samples, "models", "list", samples.id)
    path = "/mlflow/registered-models/search"
    assert listed == samples.call("GET", path, filter=f"name ILIKE '%{samples.id}%'")


@pytest.mark.usefixtures("pages_of_two")
def test_models_are_limited_and_the_rest_is_not_hidden(samples: Samples) -> None:
    names = sorted(samples.model(f"limited-{number}") for number in range(5))
    all_of_them = answer(samples, "models", "list", samples.id)
    assert [model["name"] for model in all_of_them["registered_models"]] == names
    assert "next_page_token" not in all_of_them
    done = run(samples, "models", "list", samples.id, "--limit", "3")
    assert [line.split()[0] for line in lines(done)[1:]] == names[:3]
    assert done.stderr == "There are more than these 3: raise --limit.\n"
    done = run(samples, "models", "list", samples.id, "--limit", "3", "--json")
    cut = json.loads(done.stdout)
    assert len(cut["registered_models"]) == 3
    rest = samples.call(
        "GET",
        "/mlflow/registered-models/search",
        filter=f"name CONTAINS '{samples.id}'",
        page_token=cut["next_page_token"],
    )
    assert [model["name"] for model in rest["registered_models"]] == names[3:]


def test_no_models_is_no_failure(samples: Samples) -> None:
    done = run(samples, "models", "list", "there-is-none-of-this-name")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "There are no matching models.\n")
    assert answer(samples, "models", "list", "there-is-none-of-this-name") == {"registered_models": []}


def test_a_filter_that_the_server_refuses(samples: Samples) -> None:
    done = run(samples, "models", "list", "= nonsense")
    assert done.exit_code == Exit.REFUSED
    assert done.stdout == ""


def test_a_model_is_shown_whole(samples: Samples) -> None:
    model = samples.model(
        "shown", tags=[{"key": "team", "value": "risk"}], description="# Churn\n\nWho leaves us, and why."
    )
    samples.version(model, "Production", description="The first.")
    samples.ask(model, samples.version(model), "Staging", comment="Please.")
    samples.call("POST", "/mlflow/registered-models/alias", name=model, alias="champion", version="1")
    shown = lines(run(samples, "models", "show", model))
    text = "\n".join(shown)
    for fact in (
        f"Model:        {model}",
        "Your level:   CAN_MANAGE",
        "Created by:   console-owner",
        "Tags:         team=risk",
        "Aliases:      @champion = 1",
        "Latest:       Production 1, None 2",
        "Description:  # Churn\n\n              Who leaves us, and why.\n",
    ):
        assert fact in text, text
    newest, first = shown[shown.index("Versions") + 2 :][:2]
    assert newest.split()[:2] == ["2", "None"]
    assert first.split()[:2] == ["1", "Production"]
    assert "@champion" in first
    assert "s3://models/1" in first
    assert shown[shown.index("Open requests") + 2].endswith("Please.")
    shown = answer(samples, "models", "show", model)
    found = samples.call("GET", "/mlflow/databricks/registered-models/get", name=model)
    versions = samples.call("GET", "/mlflow/model-versions/search", filter=f"name = '{model}'")["model_versions"]
    assert shown["registered_model_databricks"] == found["registered_model_databricks"]
    assert sorted(shown["model_versions"], key=str) == sorted(versions, key=str)
    assert shown["requests"] == samples.requests()


@pytest.mark.parametrize("name", ["it's", 'the "best"', "both ' and \"", "模型"])
def test_a_model_of_any_name_is_shown(samples: Samples, name: str) -> None:
    model = samples.model(name)
    samples.version(model)
    shown = answer(samples, "models", "show", model)
    assert [version["name"] for version in shown["model_versions"]] == [model]


def test_a_model_that_is_not_there(samples: Samples) -> None:
    assert run(samples, "models", "show", "nowhere").exit_code == Exit.NOT_FOUND
