"""Registered models: creating, describing, tagging, renaming, deleting."""

import time
from collections import Counter

import pytest
from sqlalchemy import select

from tests.server.callers import CREATOR, Caller, Callers
from tests.server.database_state import DatabaseState, changing
from tests.server.permission_case import COMMENTS, MODELS, REQUESTS, VERSIONS, model_now
from tests.server.test_requests import AT_ONCE, at_once
from tui_registry_server.store.tables import (
    aliases,
    comments,
    model_tags,
    model_versions,
    transition_requests,
    version_tags,
)

READER = Caller("CAN_READ", "direct")


def populated(callers: Callers) -> str:
    """A model with one of everything."""
    model = callers.model("populated")
    version = callers.version(model, "Staging")
    callers.creator.post(f"{MODELS}/set-tag", name=model, key="team", value="fraud").ok()
    callers.creator.post(f"{MODELS}/alias", name=model, alias="champion", version=version).ok()
    callers.creator.post(f"{VERSIONS}/set-tag", name=model, version=version, key="size", value="5").ok()
    callers.creator.post(f"{REQUESTS}/create", name=model, version=version, stage="Production").ok()
    callers.creator.post(f"{COMMENTS}/create", name=model, version=version, comment="words").ok()
    return model


def test_a_new_model(callers: Callers) -> None:
    name, before = callers.new_name(), time.time_ns() // 1_000_000
    tags = [{"key": "b", "value": "2"}, {"key": "a", "value": "0"}, {"key": "a", "value": "1"}]
    made = callers.creator.post(f"{MODELS}/create", name=name, description="what", tags=tags).ok()["registered_model"]
    assert made == {
        "name": name,
        "description": "what",
        "user_id": CREATOR.name,
        "creation_timestamp": made["creation_timestamp"],
        "last_updated_timestamp": made["creation_timestamp"],
        "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}],
    }
    assert before <= made["creation_timestamp"] <= time.time_ns() // 1_000_000
    callers.creator.post(f"{MODELS}/create", name=name).refused(400, "RESOURCE_ALREADY_EXISTS")
    shown = callers.creator.get("/mlflow/databricks/registered-models/get", name=name).ok()
    assert shown["registered_model_databricks"]["permission_level"] == "CAN_MANAGE"


@pytest.mark.parametrize(
    "name", ["", " ", "a/b", "a:b", ".", "..", "../x", "x/../y", "..x", "x" * 257, "models:/x", "/", "a//b"]
)
def test_impossible_names(name: str, callers: Callers, database_state: DatabaseState) -> None:
    model = callers.model()
    with database_state.unchanged():
        callers.creator.post(f"{MODELS}/create", name=name).invalid()
        callers.creator.post(f"{MODELS}/rename", name=model, new_name=name).invalid()


@pytest.mark.parametrize(
    "name", ["x" * 256, "né", "模型", "a b", "p@q", "🙂", "a%2Fb", "A", "-", "a'b", 'a"b', "a\\b", "%"]
)
def test_possible_names(name: str, callers: Callers) -> None:
    callers.creator.post(f"{MODELS}/create", name=name).ok()
    assert callers.creator.get(f"{MODELS}/get", name=name).ok()["registered_model"]["name"] == name
    assert callers.creator.post(f"{VERSIONS}/create", name=name, source="s3://x").ok()["model_version"]["name"] == name
    callers.creator.delete(f"{MODELS}/delete", name=name).ok()


def test_names_differ_by_letter_case(callers: Callers) -> None:
    name = callers.new_name("case")
    for each in (name, name.upper()):
        callers.creator.post(f"{MODELS}/create", name=each).ok()


def test_an_update_without_a_description_clears_it(callers: Callers) -> None:
    model = callers.model()
    assert callers.creator.patch(f"{MODELS}/update", name=model, description="x").ok()["registered_model"][
        "description"
    ]
    assert "description" not in callers.creator.patch(f"{MODELS}/update", name=model).ok()["registered_model"]


def test_tags_of_a_model(callers: Callers, database_state: DatabaseState) -> None:
    model = callers.model()
    for value in ("1", "2"):
        callers.creator.post(f"{MODELS}/set-tag", name=model, key="k", value=value).ok()
    assert model_now(callers, model)["tags"] == [{"key": "k", "value": "2"}]
    callers.creator.delete(f"{MODELS}/delete-tag", name=model, key="k").ok()
    with database_state.unchanged():
        callers.creator.delete(f"{MODELS}/delete-tag", name=model, key="k").ok()
        for key in ("", "..", "/a", "a//b", "a/../b", "x" * 251, "é\n", "a$"):
            callers.creator.post(f"{MODELS}/set-tag", name=model, key=key, value="x").invalid()
    assert "tags" not in model_now(callers, model)


def test_a_rename_takes_everything_along(callers: Callers, database_state: DatabaseState) -> None:
    model, new_name = populated(callers), callers.new_name("renamed")
    before = {path: callers.creator.get(path, **fields).ok() for path, fields in surfaces(model).items()}
    identifier = callers.model_id(model)
    callers.creator.post(f"{MODELS}/rename", name=model, new_name=new_name).ok()
    after = {path: callers.creator.get(path, **fields).ok() for path, fields in surfaces(new_name).items()}
    untimed = {path: _named(answer, new_name) for path, answer in after.items()}
    assert untimed == {path: _named(answer, new_name) for path, answer in before.items()}
    assert callers.model_id(new_name) == identifier
    assert callers.api(READER).get(f"{MODELS}/get", name=new_name).ok()
    callers.api(READER).patch(f"{MODELS}/update", name=new_name).denied()
    with database_state.unchanged():
        for path, fields in surfaces(model).items():
            callers.creator.get(path, **fields).missing()
    inbox = callers.creator.get(f"{REQUESTS}/list").ok()["requests"]
    assert inbox[0]["name"] == new_name
    feed = callers.creator.get("/mlflow/activities/list", name=new_name).ok()["activities"]
    assert {each["name"] for each in feed} == {new_name}
    assert feed[0]["system_comment"] == f"renamed from {model}"
    callers.creator.post(f"{MODELS}/create", name=model).ok()  # the old name is free again
    assert "latest_versions" not in model_now(callers, model)


def surfaces(model: str) -> dict[str, dict[str, str]]:
    of_version = {"name": model, "version": "1"}
    return {
        f"{MODELS}/get": {"name": model},
        f"{MODELS}/get-latest-versions": {"name": model},
        f"{MODELS}/alias": {"name": model, "alias": "champion"},
        f"{VERSIONS}/get": of_version,
        f"{VERSIONS}/get-download-uri": of_version,
        f"{REQUESTS}/list": of_version,
        f"{COMMENTS}/list": of_version,
    }


def _named(answer: object, name: str) -> object:
    """The answer with another name, without the times of updates."""
    if isinstance(answer, dict):
        return {
            key: name if key == "name" else _named(value, name)
            for key, value in answer.items()
            if key != "last_updated_timestamp"
        }
    return [_named(each, name) for each in answer] if isinstance(answer, list) else answer


def test_a_rename_onto_another_or_itself(callers: Callers, database_state: DatabaseState) -> None:
    one, other = callers.model(), callers.model()
    with database_state.unchanged():
        callers.creator.post(f"{MODELS}/rename", name=one, new_name=other).refused(400, "RESOURCE_ALREADY_EXISTS")
    callers.creator.post(f"{MODELS}/rename", name=one, new_name=one).ok()
    assert model_now(callers, one)


def test_a_delete_takes_everything_along(callers: Callers) -> None:
    model = populated(callers)
    identifier = callers.model_id(model)
    reader = callers.api(READER)
    callers.creator.delete(f"{MODELS}/delete", name=model).ok()
    for path, fields in surfaces(model).items():
        callers.creator.get(path, **fields).missing()
    callers.creator.get(f"/permissions/registered-models/{identifier}").ok()  # by which its history is protected
    tables = (model_versions, model_tags, version_tags, aliases, transition_requests, comments)
    with changing(callers.registry.database) as connection:
        for table in tables:
            assert not connection.execute(select(table).where(table.c.model_id == identifier)).all(), table.name
    last = reader.get("/mlflow/activities/list", max_results=1).ok()["activities"][0]
    assert (last["activity_type"], last["name"]) == ("DELETED_MODEL", model)
    callers.creator.post(f"{MODELS}/create", name=model).ok()
    assert callers.version(model) == "1"  # versions of a new model of that name start at 1
    reader.get(f"{MODELS}/get", name=model).missing()  # and permissions are not inherited
    assert callers.model_id(model) != identifier


async def test_of_many_creations_of_one_name_at_once_one_wins(callers: Callers) -> None:
    name = callers.new_name()
    answers = await at_once(callers, *([("POST", f"{MODELS}/create", {"name": name})] * AT_ONCE))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: AT_ONCE - 1}


async def test_of_many_renames_to_one_name_at_once_one_wins(callers: Callers) -> None:
    models, name = [callers.model() for _ in range(5)], callers.new_name()
    calls = [("POST", f"{MODELS}/rename", {"name": model, "new_name": name}) for model in models]
    answers = await at_once(callers, *calls)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: 4}


def test_latest_versions(callers: Callers, database_state: DatabaseState) -> None:
    model = callers.model()
    for stage in ("Production", "Staging", "Production", "None", "Archived", "None"):
        callers.version(model, stage)

    def latest(**fields: object) -> list[tuple[str, str]]:
        found = callers.creator.post(f"{MODELS}/get-latest-versions", name=model, **fields).ok()
        asked = callers.creator.get(f"{MODELS}/get-latest-versions", name=model, **fields).ok()
        assert asked == found
        return sorted((each["version"], each["current_stage"]) for each in found.get("model_versions", []))

    everything = [("2", "Staging"), ("3", "Production"), ("5", "Archived"), ("6", "None")]
    assert latest() == everything
    assert latest(stages=["production", "STAGING"]) == everything[:2]
    assert latest(stages=["None"]) == everything[3:]
    shown = model_now(callers, model)["latest_versions"]
    assert sorted((each["version"], each["current_stage"]) for each in shown) == everything
    with database_state.unchanged():
        callers.creator.post(f"{MODELS}/get-latest-versions", name=model, stages=["Prod"]).invalid()


PROMPT = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]


def test_a_name_that_a_prompt_has(callers: Callers, database_state: DatabaseState) -> None:
    """The message says what has the name: a search for models would not show a prompt."""
    prompt, model = callers.new_name("prompt"), callers.model()
    creator = callers.creator
    creator.post(f"{MODELS}/create", name=prompt, tags=PROMPT).ok()
    other = callers.new_name("prompt")
    creator.post(f"{MODELS}/create", name=other, tags=PROMPT).ok()

    def taken(path: str, **fields: object) -> str:
        with database_state.unchanged():
            return creator.post(f"{MODELS}/{path}", **fields).refused(400, "RESOURCE_ALREADY_EXISTS")

    by_a_prompt, by_a_model = "is already taken by a prompt", "is already taken by a registered model"
    assert by_a_prompt in taken("create", name=prompt)
    assert by_a_model in taken("create", name=model, tags=PROMPT)
    assert by_a_prompt in taken("rename", name=model, new_name=prompt)
    assert by_a_model in taken("rename", name=prompt, new_name=model)
    assert f"Prompt (name={prompt}) already exists" in taken("create", name=prompt, tags=PROMPT)
    assert f"Prompt (name={prompt}) already exists" in taken("rename", name=other, new_name=prompt)
    assert f"Registered Model (name={model}) already exists" in taken("create", name=model)


def test_what_has_a_name_is_not_reported_to_whom_it_is_hidden_from(callers: Callers) -> None:
    prompt, model = callers.new_name("prompt"), callers.new_name("model")
    callers.creator.post(f"{MODELS}/create", name=prompt, tags=PROMPT).ok()
    callers.creator.post(f"{MODELS}/create", name=model).ok()
    _, new_user = callers.new_user()
    messages = {
        new_user.post(f"{MODELS}/create", name=name).refused(400, "RESOURCE_ALREADY_EXISTS").replace(name, "it")
        for name in (prompt, model)
    }
    assert len(messages) == 1
