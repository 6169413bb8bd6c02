"""This registry's extensions of MLflow's searches: stages, and the creator of a model or version."""

from tests.server.callers import Callers

MODELS = "/mlflow/registered-models/search"
VERSIONS = "/mlflow/model-versions/search"


def names(callers: Callers, text: str) -> set[str]:
    found = callers.creator.get(MODELS, filter=text, max_results=1000).ok()
    return {each["name"] for each in found.get("registered_models", [])}


def test_models_by_the_stages_of_their_versions(callers: Callers) -> None:
    staged, empty = callers.model(), callers.model()
    callers.version(staged, "Staging")
    callers.version(staged, "Archived")
    both = f"name IN ('{staged}', '{empty}') AND"
    assert names(callers, f"{both} stage = 'staging'") == {staged}
    assert names(callers, f"{both} stage = 'Archived'") == {staged}
    assert names(callers, f"{both} stage != 'Production'") == {staged, empty}
    assert names(callers, f"{both} stage != 'Staging'") == {empty}


def test_versions_by_stage_and_by_who_made_them(callers: Callers) -> None:
    model = callers.model()
    staged, archived = callers.version(model, "Staging"), callers.version(model, "Archived")
    made_by = callers.creator.get("/mlflow/model-versions/get", name=model, version=staged).ok()["model_version"][
        "user_id"
    ]
    for text, expected in (
        ("stage = 'Staging'", {staged}),
        ("stage != 'Staging'", {archived}),
        (f"user_id = '{made_by}'", {staged, archived}),
        ("user_id = 'nobody'", set()),
    ):
        found = callers.creator.get(VERSIONS, filter=f"name = '{model}' AND {text}").ok()
        assert {each["version"] for each in found.get("model_versions", [])} == expected, text
    assert model in names(callers, f"user_id ILIKE '{made_by.upper()}'")


def test_a_stage_that_does_not_exist(callers: Callers) -> None:
    message = callers.creator.get(MODELS, filter="stage = 'Prod'").invalid()
    assert "There is no stage 'Prod'. Use one of None, Staging, Production, Archived" in message
    message = callers.creator.get(MODELS, filter="stage LIKE 'Prod%'").invalid()
    assert "Use one of !=, =" in message
