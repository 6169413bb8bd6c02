"""Model versions: numbers, descriptions, tags, aliases, deleting."""

from typing import Any

import pytest

from tests.server.callers import CREATOR, Callers
from tests.server.database_state import DatabaseState
from tests.server.permission_case import MODELS, VERSIONS, model_now, version_now
from tests.server.test_requests import AT_ONCE, at_once


def test_a_new_version(callers: Callers) -> None:
    model = callers.model()
    fields = {
        "source": "s3://bucket/model",
        "run_id": "a" * 32,
        "run_link": "https://runs/1",
        "description": "what",
        "tags": [{"key": "k", "value": ""}],
        "model_id": "m-" + "0" * 32,
    }
    made = callers.creator.post(f"{VERSIONS}/create", name=model, **fields).ok()["model_version"]
    assert made == fields | {
        "name": model,
        "version": "1",
        "user_id": CREATOR.name,
        "current_stage": "None",
        "status": "READY",
        "creation_timestamp": made["creation_timestamp"],
        "last_updated_timestamp": made["creation_timestamp"],
    }
    assert version_now(callers, model, "1") == made
    assert callers.creator.get(f"{VERSIONS}/get-download-uri", name=model, version="1").ok() == {
        "artifact_uri": fields["source"]
    }


UNSET = {"description": "", "run_id": "", "run_link": ""}


def test_what_was_not_given_is_empty(callers: Callers) -> None:
    """As in the answers of MLflow's server: in every answer with a version."""
    model = callers.model()
    creator = callers.creator
    made = creator.post(f"{VERSIONS}/create", name=model, source="s3://x").ok()["model_version"]
    creator.post(f"{MODELS}/alias", name=model, alias="champion", version="1").ok()
    moved = {"name": model, "version": "1", "stage": "Staging"}
    databricks = creator.post(
        "/mlflow/databricks/model-versions/transition-stage", archive_existing_versions=False, **moved
    )
    alone = creator.get("/mlflow/databricks/registered-models/get", name=model).ok()["registered_model_databricks"]
    filters = {"filter": f"name = '{model}'"}
    answered = {
        "create": made,
        "get": version_now(callers, model, "1"),
        "transition": creator.post(f"{VERSIONS}/transition-stage", **moved).ok()["model_version"],
        "databricks transition": databricks.ok()["model_version_databricks"],
        "search": creator.get(f"{VERSIONS}/search", **filters).ok()["model_versions"][0],
        "alias": creator.get(f"{MODELS}/alias", name=model, alias="champion").ok()["model_version"],
        "latest": creator.get(f"{MODELS}/get-latest-versions", name=model).ok()["model_versions"][0],
        "in the model": model_now(callers, model)["latest_versions"][0],
        "in Databricks' model": alone["latest_versions"][0],
        "in models found": creator.get(f"{MODELS}/search", **filters).ok()["registered_models"][0]["latest_versions"][
            0
        ],
    }
    for about, each in answered.items():
        assert {name: each.get(name) for name in UNSET} == UNSET, about
    assert "description" not in model_now(callers, model)
    found = creator.get(f"{VERSIONS}/search", filter=f"name = '{model}' AND run_id = ''").ok()["model_versions"]
    assert [each["version"] for each in found] == ["1"]


def test_numbers_are_never_used_again(callers: Callers) -> None:
    model = callers.model()
    assert [callers.version(model) for _ in range(3)] == ["1", "2", "3"]
    for number in ("3", "1"):
        callers.creator.delete(f"{VERSIONS}/delete", name=model, version=number).ok()
    assert callers.version(model) == "4"
    for number in ("2", "4"):
        callers.creator.delete(f"{VERSIONS}/delete", name=model, version=number).ok()
    assert callers.version(model) == "5"
    callers.creator.get(f"{VERSIONS}/get", name=model, version="3").missing()


async def test_of_many_versions_at_once_each_has_its_number(callers: Callers) -> None:
    model = callers.model()
    call = ("POST", f"{VERSIONS}/create", {"name": model, "source": "s3://x"})
    answers = await at_once(callers, *([call] * AT_ONCE))
    numbers = sorted(int(answer.json()["model_version"]["version"]) for answer in answers)
    assert numbers == list(range(1, AT_ONCE + 1))


def test_a_failed_version_takes_no_number(callers: Callers, database_state: DatabaseState) -> None:
    model = callers.model()
    with database_state.unchanged():
        callers.creator.post(f"{VERSIONS}/create", name=model, source="..").invalid()
        callers.creator.post(
            f"{VERSIONS}/create", name=model, source="s3://x", tags=[{"key": "ok"}, {"key": ".."}]
        ).invalid()
    assert callers.version(model) == "1"


def test_an_update_without_a_description_clears_it(callers: Callers) -> None:
    model = callers.model()
    version = callers.version(model)
    fields = {"name": model, "version": version}
    updated = callers.creator.patch(f"{VERSIONS}/update", **fields, description="x").ok()["model_version"]
    assert updated["description"] == "x"
    assert "description" not in callers.creator.patch(f"{VERSIONS}/update", **fields).ok()["model_version"]


def test_a_delete_takes_what_belongs_to_it(callers: Callers) -> None:
    model = callers.model()
    first, second = callers.version(model), callers.version(model)
    for alias, version in (("champion", first), ("challenger", second)):
        callers.creator.post(f"{MODELS}/alias", name=model, alias=alias, version=version).ok()
    callers.creator.delete(f"{VERSIONS}/delete", name=model, version=first).ok()
    assert model_now(callers, model)["aliases"] == [{"alias": "challenger", "version": second}]
    callers.creator.get(f"{MODELS}/alias", name=model, alias="champion").invalid()


def wherever_versions_are(callers: Callers, model: str) -> list[list[dict[str, Any]]]:
    """The versions in searches and in their model, lowest first; those of the model are the latest ones."""
    filters = {"filter": f"name = '{model}'"}
    found = callers.creator.get(f"{VERSIONS}/search", **filters, order_by="version_number ASC").ok()["model_versions"]
    models = callers.creator.get(f"{MODELS}/search", **filters).ok()["registered_models"]
    return [found, models[0]["latest_versions"], model_now(callers, model)["latest_versions"]]


def test_an_alias_is_one_versions(callers: Callers, database_state: DatabaseState) -> None:
    model = callers.model()
    first, second = callers.version(model), callers.version(model)
    for version in (first, second):
        callers.creator.post(f"{MODELS}/alias", name=model, alias="champion", version=version).ok()
        found = callers.creator.get(f"{MODELS}/alias", name=model, alias="champion").ok()["model_version"]
        assert (found["version"], found["aliases"]) == (version, ["champion"])
    assert "aliases" not in version_now(callers, model, first)
    for found in wherever_versions_are(callers, model):
        assert [(each["version"], each.get("aliases")) for each in found][-1] == (second, ["champion"])
    for filter_text, numbers in (("alias = 'champion'", [second]), ("alias != 'champion'", [first])):
        filters = {"filter": f"name = '{model}' AND {filter_text}"}
        found = callers.creator.get(f"{VERSIONS}/search", **filters).ok()["model_versions"]
        assert [each["version"] for each in found] == numbers
    models = [
        callers.creator.get(f"{MODELS}/search", filter=f"name = '{model}' AND alias {each} 'champion'").ok()
        for each in ("=", "!=")
    ]
    assert [len(each.get("registered_models", [])) for each in models] == [1, 0]
    callers.creator.delete(f"{MODELS}/alias", name=model, alias="champion").ok()
    for found in wherever_versions_are(callers, model):
        assert all("aliases" not in each for each in found)
    with database_state.unchanged():
        callers.creator.delete(f"{MODELS}/alias", name=model, alias="champion").ok()
        callers.creator.get(f"{MODELS}/alias", name=model, alias="champion").invalid()
        callers.creator.post(f"{MODELS}/alias", name=model, alias="champion", version="99").missing()


@pytest.mark.parametrize("alias", ["latest", "LATEST", "v1", "V12", "", "a b", "a.b", "a/b", "a@b", "x" * 256])
def test_impossible_aliases(alias: str, callers: Callers, database_state: DatabaseState) -> None:
    model = callers.model()
    version = callers.version(model)
    with database_state.unchanged():
        callers.creator.post(f"{MODELS}/alias", name=model, alias=alias, version=version).invalid()


@pytest.mark.parametrize("version", ["0", "-1", "2", "9" * 18, str(2**31), str(2**63 - 1)])
def test_versions_that_are_not_there(version: str, callers: Callers, database_state: DatabaseState) -> None:
    model = callers.model()
    callers.version(model)
    with database_state.unchanged():
        callers.creator.get(f"{VERSIONS}/get", name=model, version=version).missing()
        callers.creator.delete(f"{VERSIONS}/delete", name=model, version=version).missing()
        callers.creator.get(f"{VERSIONS}/get-download-uri", name=model, version=version).missing()
        callers.creator.get("/mlflow/activities/list", name=model, version=version).missing()


def test_texts_of_every_kind_come_back_as_they_went(callers: Callers) -> None:
    model = callers.model()
    for text in (
        "é",
        "模型",
        "🙂",
        "a\nb\tc",
        "\u202e",
        "'; --",
        '"',
        "\\",
        "\x1b[31m",
        "null",
        "{}",
        "\ufeff",
        "e\u0301",
    ):
        version = callers.creator.post(f"{VERSIONS}/create", name=model, source="s3://x", description=text)
        assert version.ok()["model_version"]["description"] == text
        tag = {"key": "k", "value": text}
        callers.creator.post(f"{MODELS}/set-tag", name=model, **tag).ok()
        assert model_now(callers, model)["tags"] == [tag]
