"""The stage history of a model, and the version that Production would be rolled back to."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.bulk_models import insert_history
from tests.live_registry import Server, command, fresh_database, serving
from tests.server.api import Api
from tests.server.callers import CREATOR, Callers
from tui_registry_server.commands import main

MODELS, VERSIONS = "/mlflow/registered-models", "/mlflow/model-versions"
HISTORY, REQUESTS = f"{MODELS}/stage-history", "/mlflow/transition-requests"


def history(callers: Callers, model: str, **fields: Any) -> Any:
    return callers.creator.get(HISTORY, name=model, **fields).ok()


def move(callers: Callers, model: str, version: str, stage: str, *, archive: bool = False) -> None:
    fields = {"name": model, "version": version, "stage": stage, "archive_existing_versions": archive}
    callers.creator.post(f"{VERSIONS}/transition-stage", **fields).ok()


def in_short(answer: Any) -> list[str]:
    """``1 Production to Archived`` for each period; ``now`` if it has not ended, ``deleted`` if it was by deletion."""
    return [
        f"{each['version']} {each['stage']} to {each.get('next_stage', 'deleted') if 'ended_by' in each else 'now'}"
        for each in answer.get("stage_periods", [])
    ]


def predecessor(callers: Callers, model: str) -> str | None:
    number: str | None = history(callers, model).get("predecessor")
    return number


def test_each_way_to_a_stage_is_a_period(callers: Callers) -> None:
    """A direct move, an approved request, and being archived for another version."""
    model = callers.model("historic")
    first, second, third = (callers.version(model) for _ in range(3))
    assert history(callers, model) == {}
    move(callers, model, first, "Production")
    callers.creator.post(f"{REQUESTS}/create", name=model, version=second, stage="Production").ok()
    approval = {"name": model, "version": second, "stage": "Production", "archive_existing_versions": True}
    callers.admin.post(f"{REQUESTS}/approve", **approval).ok()
    callers.creator.post(f"{REQUESTS}/create", name=model, version=third, stage="Production").ok()
    callers.creator.post(f"{REQUESTS}/reject", name=model, version=third, stage="Production").ok()

    answer = history(callers, model)

    assert in_short(answer) == ["2 Production to now", "1 Archived to now", "1 Production to Archived"]
    current, archived, former = answer["stage_periods"]
    assert (current["started_by"], archived["started_by"]) == ("admin", "admin")
    assert (former["started_by"], former["ended_by"]) == (CREATOR.name, "admin")
    assert former["ended_timestamp"] == current["started_timestamp"] == archived["started_timestamp"]
    assert in_short(history(callers, model, version=first)) == ["1 Archived to now", "1 Production to Archived"]
    assert in_short(history(callers, model, version=first, stage="Archived")) == ["1 Archived to now"]
    assert in_short(history(callers, model, version=third)) == []
    assert answer["predecessor"] == first
    assert in_short(history(callers, model, stage="production")) == ["2 Production to now", "1 Production to Archived"]


def test_a_move_to_the_stage_that_a_version_is_in_is_none(callers: Callers) -> None:
    model = callers.model("stays")
    version = callers.version(model, "Production")
    move(callers, model, version, "Production")
    assert in_short(history(callers, model)) == ["1 Production to now"]


def test_what_is_renamed_keeps_its_history_and_what_is_made_anew_has_none(callers: Callers) -> None:
    model = callers.model("renamed")
    callers.version(model, "Production")
    renamed = callers.new_name("renamed")
    callers.creator.post(f"{MODELS}/rename", name=model, new_name=renamed).ok()
    callers.creator.get(HISTORY, name=model).missing()
    assert in_short(history(callers, renamed)) == ["1 Production to now"]
    callers.creator.delete(f"{MODELS}/delete", name=renamed).ok()
    callers.creator.post(f"{MODELS}/create", name=renamed).ok()
    assert history(callers, renamed) == {}


def test_a_deleted_version_is_in_the_history_but_no_predecessor(callers: Callers) -> None:
    model = callers.model("deleted")
    first, second, third = (callers.version(model) for _ in range(3))
    for version in (first, second, third):
        move(callers, model, version, "Production", archive=True)
    assert predecessor(callers, model) == second
    callers.admin.delete(f"{VERSIONS}/delete", name=model, version=second).ok()
    answer = history(callers, model)
    assert answer["predecessor"] == first
    assert in_short(answer)[:3] == ["3 Production to now", "2 Archived to deleted", "2 Production to Archived"]
    assert answer["stage_periods"][1]["ended_by"] == "admin"


def test_a_rollback_swaps_and_another_swaps_back(callers: Callers) -> None:
    model = callers.model("swapped")
    good, bad = callers.version(model, "Production"), callers.version(model)
    move(callers, model, bad, "Production", archive=True)
    for current, other in ((bad, good), (good, bad), (bad, good)):
        assert predecessor(callers, model) == other
        move(callers, model, other, "Production", archive=True)
        assert predecessor(callers, model) == current


def test_an_empty_production_is_restored_from_what_left_it_last(callers: Callers) -> None:
    model = callers.model("empty")
    first, second = callers.version(model, "Production"), callers.version(model)
    assert predecessor(callers, model) is None
    move(callers, model, second, "Production", archive=True)
    move(callers, model, second, "Archived")
    assert predecessor(callers, model) == second
    move(callers, model, second, "None")
    assert predecessor(callers, model) == second
    callers.creator.delete(f"{VERSIONS}/delete", name=model, version=second).ok()
    assert predecessor(callers, model) == first


def test_what_was_in_production_beside_the_current_version_is_no_predecessor(callers: Callers) -> None:
    """It came after it. What was there before is, even if it left later."""
    model = callers.model("beside")
    first, second, third = (callers.version(model) for _ in range(3))
    move(callers, model, first, "Production")
    move(callers, model, second, "Production")
    move(callers, model, third, "Production")
    move(callers, model, third, "Archived")
    assert predecessor(callers, model) is None
    move(callers, model, first, "Archived")
    assert predecessor(callers, model) == first


def test_pages_have_every_period_once(callers: Callers) -> None:
    model = callers.model("paged")
    versions = [callers.version(model) for _ in range(4)]
    for version in (*versions, *versions):
        move(callers, model, version, "Staging", archive=True)
    whole = history(callers, model, max_results=1000)["stage_periods"]
    assert len(whole) == 8 + 7
    listed: list[Any] = []
    token = ""
    while True:
        answer = history(callers, model, max_results=2, **({"page_token": token} if token else {}))
        listed += answer["stage_periods"]
        token = answer.get("next_page_token", "")
        if not token:
            break
    assert listed == whole
    first = history(callers, model, max_results=2)["next_page_token"]
    callers.creator.get(HISTORY, name=model, stage="Staging", page_token=first).invalid()
    callers.creator.get(HISTORY, name=callers.model("other"), page_token=first).invalid()
    callers.creator.get(HISTORY, name=model, stage="Live").invalid()
    for size in ("0", "1001", "abc"):
        assert "max_results" in callers.creator.get(HISTORY, name=model, max_results=size).invalid()
    for token in ("x", first[:-3], "W10"):
        callers.creator.get(HISTORY, name=model, page_token=token).invalid()


def test_a_backup_and_a_migrated_registry_have_the_same_history(tmp_path: Path) -> None:
    for folder in ("before", "after", "moved"):
        (tmp_path / folder).mkdir()
    with serving(tmp_path / "before") as registry, Api(registry.url, registry.admin_token) as api:
        api.post(f"{MODELS}/create", name="m").ok()
        for number in ("1", "2"):
            api.post(f"{VERSIONS}/create", name="m", source="s3://m").ok()
            moved = {"name": "m", "version": number, "stage": "Production", "archive_existing_versions": True}
            api.post(f"{VERSIONS}/transition-stage", **moved).ok()
        before = api.get(HISTORY, name="m").ok()
        token = registry.admin_token
        backed_up = str(tmp_path / "backup.db")
        command(registry.database, "backup", backed_up)
    assert before["predecessor"] == "1"
    with fresh_database(tmp_path / "after") as target:
        restored = CliRunner().invoke(main, ["restore", backed_up, "--database", target])
        assert restored.exit_code == 0, restored.output
        with Server(tmp_path, target) as server, Api(server.start(), token) as api:
            assert api.get(HISTORY, name="m").ok() == before
    with fresh_database(tmp_path / "moved") as target:
        migrated = CliRunner().invoke(main, ["migrate", backed_up, target])
        assert migrated.exit_code == 0, migrated.output
        with Server(tmp_path, target) as server, Api(server.start(), token) as api:
            assert api.get(HISTORY, name="m").ok() == before


MANY = 6_000


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A model of 6,000 versions, each of which was in Production until the next one came."""
    with serving(tmp_path_factory.mktemp("crowded")) as registry:
        insert_history(registry, MANY)
        with Api(registry.url, registry.admin_token) as api:
            yield api


def test_a_page_of_many_versions_is_bounded(crowded: Api) -> None:
    answer = crowded.get(HISTORY, name="m", stage="Production", max_results=1000)
    periods = answer.ok()["stage_periods"]
    assert [each["version"] for each in periods] == [str(MANY - number) for number in range(1000)]
    assert answer.json["predecessor"] == str(MANY - 1)
    assert answer.json["next_page_token"]
    assert len(answer.content) < 300_000
