"""The demo's data, on a live registry: enough of everything, at plausible times, and every call accepted."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from tests.live_registry import LiveRegistry, command, serving
from tests.tui_registry.recording_server import everywhere, recorder
from tui_registry.client.endpoint import Endpoint
from tui_registry.demo.clock import Clock, Minutes, Workday
from tui_registry.demo.fill import FillError, fill
from tui_registry.demo.people import ADMIN, GROUPS, NAMES
from tui_registry.demo.plan import plan
from tui_registry.demo.prompts import PROMPTS
from tui_registry.queries.prompts import messages, prompts_filter
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.permission import PermissionLevel

DAY = 24 * 60 * 60 * 1000  # milliseconds
NOW = datetime(2026, 3, 11, 15, 20, tzinfo=timezone(timedelta(hours=1)))  # a Wednesday

DATABRICKS_ACTIVITIES = {
    "APPLIED_TRANSITION",
    "REQUESTED_TRANSITION",
    "CANCELLED_REQUEST",
    "APPROVED_REQUEST",
    "REJECTED_REQUEST",
    "NEW_COMMENT",
    "SYSTEM_TRANSITION",
}


@dataclass(frozen=True)
class Filled:
    """A filled registry, asked as its admin; ``progress`` is what the filling reported."""

    client: httpx.Client
    now: int
    progress: list[tuple[int, int]]

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    def pages(self, path: str, member: str, **query: str | int) -> list[dict[str, Any]]:
        """The entities of all pages."""
        listed: list[dict[str, Any]] = []
        token = ""
        while True:
            page = self.get(path, page_token=token, **query)
            listed += page.get(member, [])
            token = page.get("next_page_token", "")
            if not token:
                return listed

    def activities(self) -> list[dict[str, Any]]:
        return self.pages("/mlflow/activities/list", "activities", max_results=1000)

    def inbox(self) -> list[dict[str, Any]]:
        return self.pages("/mlflow/transition-requests/list", "requests")

    def models(self) -> list[dict[str, Any]]:
        return self.pages("/mlflow/registered-models/search", "registered_models")

    def versions(self) -> list[dict[str, Any]]:
        return self.pages("/mlflow/model-versions/search", "model_versions", max_results=1000)


def tokens_of(live: LiveRegistry, names: Sequence[str]) -> list[str]:
    return command(live.database, "tokens", "create", *names).split()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with serving(tmp_path_factory.mktemp("demo"), "--throwaway") as live:
        token = live.token(ADMIN, admin=True)
        progress: list[tuple[int, int]] = []
        now = datetime.now(UTC)
        with pytest.MonkeyPatch.context() as patch, recorder() as proxy:
            for name, value in everywhere(proxy.url).items():  # which is for other machines
                patch.setenv(name, value)
            endpoint = Endpoint.of(live.url)
            fill(endpoint, token, lambda names: tokens_of(live, names), now, lambda *report: progress.append(report))
            assert proxy.connections == 0
        with live.client(token) as client:
            yield Filled(client, int(now.timestamp() * 1000), progress)


def test_every_step_is_taken_and_told(filled: Filled) -> None:
    """A call that the server refuses would have ended the filling."""
    total = len(plan(NOW))
    assert filled.progress == sorted(filled.progress)
    assert filled.progress[0] == (0, total)
    assert filled.progress[-1] == (total, total)
    assert len(filled.progress) >= 50


def test_there_are_enough_models_and_versions(filled: Filled) -> None:
    assert 35 <= len(filled.models()) <= 45
    assert 230 <= len(filled.versions()) <= 280


def test_there_are_prompts(filled: Filled) -> None:
    found = filled.pages("/mlflow/registered-models/search", "registered_models", filter=prompts_filter(""))
    assert len(found) == len(PROMPTS)
    newest = [
        filled.get("/mlflow/model-versions/get", name=each.name, version=str(len(each.versions))) for each in PROMPTS
    ]
    kinds = {messages(ModelVersion.model_validate(each["model_version"])) is not None for each in newest}
    assert kinds == {True, False}, "texts and chats"
    assert any(len(model.get("aliases", [])) > 1 for model in found)


def test_names_exercise_the_screens(filled: Filled) -> None:
    names = [model["name"] for model in filled.models()]
    assert any(len(name) > 100 for name in names)
    assert any(not name.isascii() for name in names)
    assert any(name.startswith("[") for name in names)


def test_versions_are_in_every_stage(filled: Filled) -> None:
    stages = Counter(version["current_stage"] for version in filled.versions())
    assert min(stages[stage] for stage in ("None", "Staging", "Production", "Archived")) >= 8


def test_versions_say_where_they_come_from(filled: Filled) -> None:
    versions = filled.versions()
    assert all(version["run_id"] and version["run_link"] for version in versions)
    keys = Counter(tag["key"] for version in versions for tag in version["tags"])
    assert {"framework", "dataset", "git_sha"} <= keys.keys()
    assert any(key.startswith("val_") for key in keys)
    assert 50 <= sum(version["description"] != "" for version in versions) < len(versions)


def test_models_have_descriptions_tags_and_aliases(filled: Filled) -> None:
    models = filled.models()
    assert sum("**" in model.get("description", "") for model in models) >= 5
    assert all("team" in {tag["key"] for tag in model["tags"]} for model in models)
    read = [filled.get("/mlflow/registered-models/get", name=model["name"])["registered_model"] for model in models]
    aliases = Counter(alias["alias"] for model in read for alias in model.get("aliases", []))
    assert aliases["champion"] >= 5
    assert aliases["challenger"] >= 5


def test_people_and_groups_are_there(filled: Filled) -> None:
    users = filled.get("/preview/scim/v2/Users")["Resources"]
    assert {user["userName"] for user in users} >= set(NAMES.values()) - {NAMES["jenkins"]}
    assert {group["displayName"] for group in filled.get("/preview/scim/v2/Groups")["Resources"]} >= GROUPS.keys()


def test_every_level_is_granted_somewhere(filled: Filled) -> None:
    """To users and to groups, on models and on the whole registry."""
    answers = [filled.get("/permissions/registered-models/root")]
    for model in filled.models():
        asked = filled.get("/mlflow/databricks/registered-models/get", name=model["name"])
        answers.append(filled.get(f"/permissions/registered-models/{asked['registered_model_databricks']['id']}"))
    granted = {
        (field, permission["permission_level"], answer["object_id"].endswith("/root"))
        for answer in answers
        for entry in answer["access_control_list"]
        for field in ("user_name", "group_name", "service_principal_name")
        if field in entry
        for permission in entry["all_permissions"]
        if not permission.get("inherited")
    }
    assert {level for _, level, _ in granted} == set(PermissionLevel)
    assert {(field, on_root) for field, _, on_root in granted} >= {
        ("user_name", False),
        ("group_name", False),
        ("user_name", True),
        ("group_name", True),
        ("service_principal_name", True),
    }


def test_the_inbox_holds_old_and_new_requests(filled: Filled) -> None:
    requests = filled.inbox()
    assert len(requests) >= 8
    ages = sorted(filled.now - request["creation_timestamp"] for request in requests)
    assert ages[0] < DAY / 24
    assert ages[-1] > 21 * DAY
    assert sum(DAY < age < 14 * DAY for age in ages) >= 5


def test_the_inbox_has_the_cases_that_an_admin_meets(filled: Filled) -> None:
    requests = filled.inbox()
    asked = Counter((request["name"], request["version"], request["to_stage"]) for request in requests)
    assert sum(times > 1 for times in asked.values()) >= 2
    assert sum(request["to_stage"] == "Production" and "displaces" in request for request in requests) >= 5
    assert {request["to_stage"] for request in requests} == {"Staging", "Production", "Archived"}
    assert sum(request["user_id"] == ADMIN for request in requests) >= 2
    assert sum("\n" in request.get("comment", "") for request in requests) >= 1
    assert sum("comment" not in request for request in requests) >= 1


def test_activities_spread_over_people_and_months(filled: Filled) -> None:
    activities = filled.activities()
    kinds = Counter(activity["activity_type"] for activity in activities)
    assert kinds.keys() >= DATABRICKS_ACTIVITIES
    assert kinds[ActivityType.NEW_COMMENT] >= 80
    assert len({activity["user_id"] for activity in activities}) >= 15
    times = [activity["creation_timestamp"] for activity in activities]
    assert times == sorted(times, reverse=True)
    assert times[0] <= filled.now
    months = Counter(datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m") for moment in times)
    assert sum(count >= 50 for count in months.values()) >= 4


def test_comments_are_short_and_long_and_formatted(filled: Filled) -> None:
    said = [each for each in filled.activities() if each["activity_type"] == ActivityType.NEW_COMMENT]
    comments = [each["comment"] for each in said if "comment" in each]  # a deleted version takes its comments along
    assert min(map(len, comments)) < 40
    assert max(map(len, comments)) > 500
    assert any("```" in comment for comment in comments)
    assert any("\n- " in comment for comment in comments)
    assert not [comment for comment in comments if "{" in comment]


def test_a_refused_call_is_reported(filled: Filled) -> None:
    def fail(_names: Sequence[str]) -> list[str]:
        raise AssertionError("nobody can be enrolled by somebody unknown")

    url = str(filled.client.base_url).removesuffix("/api/2.0/")
    with pytest.raises(FillError, match="UNAUTHENTICATED"):
        fill(Endpoint.of(url), "tr_wrong", fail, NOW, lambda *_: None)


def test_the_plan_is_the_same_for_everybody() -> None:
    assert plan(NOW) == plan(NOW)


@pytest.mark.parametrize("hour", [0, 5, 6, 12, 23])
@pytest.mark.parametrize("day", range(9, 16))
def test_the_plan_depends_on_now_by_its_times_only(day: int, hour: int) -> None:
    now = NOW.replace(day=day, hour=hour)
    then, here = plan(NOW), plan(now)
    assert [(step.who, step.method, step.path, step.of) for step in here] == [
        (step.who, step.method, step.path, step.of) for step in then
    ]
    times = [step.at for step in here]
    assert times == sorted(times)
    assert times[-1] <= now.timestamp() * 1000


def test_people_work_on_working_days_at_working_hours() -> None:
    long_ago = NOW.timestamp() * 1000 - DAY
    for step in plan(NOW):
        if step.at < long_ago and step.who != NAMES["jenkins"]:
            moment = datetime.fromtimestamp(step.at / 1000, NOW.tzinfo)
            assert moment.weekday() < 5
            assert 8 <= moment.hour <= 18, step


def test_the_clock_counts_working_days() -> None:
    monday = Clock(datetime(2026, 3, 9, 10, 0, tzinfo=UTC))
    assert monday.at(Workday(1, 15.5)) == datetime(2026, 3, 6, 15, 30, tzinfo=UTC).timestamp() * 1000
    assert monday.at(Workday(6, 8)) == datetime(2026, 2, 27, 8, 0, tzinfo=UTC).timestamp() * 1000
    sunday = Clock(datetime(2026, 3, 8, 10, 0, tzinfo=UTC))
    assert sunday.at(Workday(5, 8)) == datetime(2026, 3, 2, 8, 0, tzinfo=UTC).timestamp() * 1000
    assert sunday.at(Minutes(15)) == datetime(2026, 3, 8, 9, 45, tzinfo=UTC).timestamp() * 1000


def test_only_recent_things_are_reported_in_minutes() -> None:
    with pytest.raises(ValueError, match="name a working day"):
        Minutes(500)
