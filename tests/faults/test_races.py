"""Concurrent calls on the same thing: exactly one effect, a clear answer to all others, and a true history.

On PostgreSQL two servers share the database, and every second caller uses the other one.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.faults.rounds import ROUNDS
from tests.faults.shared_registry import SharedRegistry, shared_registry
from tests.live_registry import ADMIN
from tests.server.api import Answer, Api

APPROVERS = 50
CLEAR = {
    "RESOURCE_DOES_NOT_EXIST",
    "RESOURCE_CONFLICT",
    "RESOURCE_ALREADY_EXISTS",
    "INVALID_STATE",
    "INVALID_PARAMETER_VALUE",
    "PERMISSION_DENIED",
}
"""The errors that the others may get. Never a 5xx."""
REPEATS = max(3, ROUNDS // 20)
VERSIONS = "/mlflow/model-versions"
REQUESTS = "/mlflow/transition-requests"


class Shared(SharedRegistry):
    """A registry with many concurrent callers."""

    def at_once(self, *calls: Callable[[Api], Answer]) -> list[Answer]:
        """All of them start together, alternately on the servers; those that are refused get a reason."""
        ready = threading.Barrier(len(calls))
        answers: dict[int, Answer] = {}

        def make(number: int, call: Callable[[Api], Answer]) -> None:
            with Api(self.urls[number % len(self.urls)], self.token) as api:
                api.get("/preview/scim/v2/Me").ok()  # connected, and authenticated
                ready.wait()
                answers[number] = call(api)

        threads = [threading.Thread(target=make, args=(number, call)) for number, call in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == len(calls)
        for answer in answers.values():
            if answer.status != 200:
                assert 400 <= answer.status < 500, answer
                assert answer.json["error_code"] in CLEAR, answer
                assert answer.json["message"]
        return [answers[number] for number in range(len(calls))]

    def activities(self, name: str) -> list[tuple[str, str | None, str | None]]:
        with self.api as api:
            found = api.get("/mlflow/activities/list", name=name, max_results=1000).ok()["activities"]
        return [(each["activity_type"], each.get("version"), each.get("to_stage")) for each in reversed(found)]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with shared_registry(tmp_path_factory.mktemp("races")) as found:
        yield Shared(found.database, found.urls, found.token)


@pytest.fixture
def name(shared: Shared, request: pytest.FixtureRequest) -> Iterator[str]:
    """A model with a version in Production and a request for another one; afterwards the history must be true."""
    name = request.node.name
    make(shared, name)
    yield name
    shared.check()


def make(shared: Shared, name: str) -> None:
    with shared.api as api:
        api.post("/mlflow/registered-models/create", name=name).ok()
        for _ in range(2):
            api.post(f"{VERSIONS}/create", name=name, source="s3://x").ok()
        api.post(f"{VERSIONS}/transition-stage", name=name, version="1", stage="Production").ok()
        api.post(f"{REQUESTS}/create", name=name, version="2", stage="Production").ok()


def approve(name: str) -> Callable[[Api], Answer]:
    return lambda api: api.post(
        f"{REQUESTS}/approve", name=name, version="2", stage="Production", archive_existing_versions=True
    )


def reject(name: str) -> Callable[[Api], Answer]:
    return lambda api: api.post(f"{REQUESTS}/reject", name=name, version="2", stage="Production")


def cancel(name: str) -> Callable[[Api], Answer]:
    return lambda api: api.delete(f"{REQUESTS}/delete", name=name, version="2", stage="Production", creator=ADMIN)


def statuses(answers: Sequence[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


def test_fifty_approvers_of_one_request(shared: Shared, name: str) -> None:
    answers = shared.at_once(*[approve(name)] * APPROVERS)
    assert statuses(answers)[200] == 1, statuses(answers)
    kinds = Counter(kind for kind, *_ in shared.activities(name))
    assert (kinds["APPROVED_REQUEST"], kinds["SYSTEM_TRANSITION"]) == (1, 1)
    with shared.api as api:
        versions = api.get(f"{VERSIONS}/search", filter=f"name = '{name}'").ok()["model_versions"]
        assert {each["version"]: each["current_stage"] for each in versions} == {"1": "Archived", "2": "Production"}
    print(f"{APPROVERS} approvers at once: {dict(statuses(answers))}")


@pytest.mark.parametrize("number", range(REPEATS))
def test_approving_against_all_that_settles_a_request_otherwise(shared: Shared, name: str, number: int) -> None:
    """Cancelled, rejected, its version deleted, its model deleted, its version moved: one of them was first."""
    moved = {"name": name, "version": "2", "stage": "Staging"}
    answers = shared.at_once(
        *[approve(name), cancel(name), reject(name)] * 5,
        lambda api: api.post(f"{VERSIONS}/transition-stage", **moved),
        lambda api: api.post(f"{VERSIONS}/transition-stage", **moved | {"stage": "Production"}),
    )
    settled = [kind for kind, version, stage in shared.activities(name) if (version, stage) == ("2", "Production")]
    assert Counter(settled)["REQUESTED_TRANSITION"] == 1
    assert sum(answer.status == 200 for answer in answers[:15]) <= 1, "the request was settled once"


@pytest.mark.parametrize("number", range(REPEATS))
def test_approving_what_is_deleted_meanwhile(shared: Shared, name: str, number: int) -> None:
    gone: Callable[[Api], Answer]
    if number % 2:
        gone = lambda api: api.delete(f"{VERSIONS}/delete", name=name, version="2")  # noqa: E731  # one of two
    else:
        gone = lambda api: api.delete("/mlflow/registered-models/delete", name=name)  # noqa: E731  # the other
    answers = shared.at_once(*[approve(name)] * 5, *[gone] * 3)
    assert sum(answer.status == 200 for answer in answers[5:]) == 1, "deleted once"
    assert sum(answer.status == 200 for answer in answers[:5]) <= 1
    with shared.api as api:
        api.get(f"{VERSIONS}/get", name=name, version="2").missing()


@pytest.mark.parametrize("number", range(REPEATS))
def test_renaming_against_moving(shared: Shared, name: str, number: int) -> None:
    """By the old name or by the new one: what was answered with success has happened to the model."""
    new = f"{name}-new"
    answers = shared.at_once(
        lambda api: api.post("/mlflow/registered-models/rename", name=name, new_name=new),
        lambda api: api.post("/mlflow/registered-models/rename", name=name, new_name=new),
        *[lambda api: api.post(f"{VERSIONS}/transition-stage", name=name, version="1", stage="Staging")] * 4,
        *[lambda api: api.post(f"{VERSIONS}/transition-stage", name=new, version="1", stage="Archived")] * 4,
    )
    assert statuses(answers[:2]) == {200: 1, 404: 1}
    moves = sum(kind == "APPLIED_TRANSITION" for kind, *_ in shared.activities(new))
    assert moves >= 1, "that into Production, before"
    with shared.api as api:
        api.get("/mlflow/registered-models/get", name=name).missing()
        stage = api.get(f"{VERSIONS}/get", name=new, version="1").ok()["model_version"]["current_stage"]
    done = [answer.status == 200 for answer in answers[2:]]
    assert stage == ("Archived" if any(done[4:]) else "Staging" if any(done[:4]) else "Production")


def test_one_name_for_many(shared: Shared, name: str) -> None:
    created = shared.at_once(
        *[lambda api: api.post("/mlflow/registered-models/create", name=f"{name}-taken")] * 10,
    )
    assert statuses(created) == {200: 1, 400: 9}
    others = [f"{name}-{number}" for number in range(5)]
    with shared.api as api:
        for other in others:
            api.post("/mlflow/registered-models/create", name=other).ok()
    renamed = shared.at_once(
        *[
            lambda api, other=other: api.post("/mlflow/registered-models/rename", name=other, new_name=f"{name}-wanted")
            for other in others
        ]
    )
    assert statuses(renamed) == {200: 1, 400: 4}


def test_versions_made_at_once(shared: Shared, name: str) -> None:
    answers = shared.at_once(*[lambda api: api.post(f"{VERSIONS}/create", name=name, source="s3://x")] * 40)
    numbers = [int(answer.ok()["model_version"]["version"]) for answer in answers]
    assert sorted(numbers) == list(range(3, 43))


def test_two_who_change_the_permissions(shared: Shared, name: str) -> None:
    """Grants to different users do not undo each other; of those to the same user, one remains."""
    with shared.api as api:
        found = api.get("/mlflow/databricks/registered-models/get", name=name).ok()["registered_model_databricks"]
        users = [f"{name}-{number}".replace("[", "").replace("]", "") for number in range(10)]
        for user in users:
            api.post("/preview/scim/v2/Users", userName=user).ok()
    path = f"/permissions/registered-models/{found['id']}"

    def grant(user: str, level: str) -> Callable[[Api], Answer]:
        entries = [{"user_name": user, "permission_level": level}]
        return lambda api: api.patch(path, access_control_list=entries)

    for answer in shared.at_once(*(grant(user, "CAN_READ") for user in users)):
        answer.ok()
    levels = granted(shared, path)
    assert [levels[user] for user in users] == ["CAN_READ"] * 10
    for answer in shared.at_once(*(grant(users[0], level) for level in ("CAN_EDIT", "CAN_MANAGE") * 5)):
        answer.ok()
    assert granted(shared, path)[users[0]] in {"CAN_EDIT", "CAN_MANAGE"}


def test_editors_who_all_read_the_same_list(shared: Shared, name: str) -> None:
    """Each replaces the whole list, which is needed to remove an entry: one of them succeeds, the others get 409."""
    with shared.api as api:
        found = api.get("/mlflow/databricks/registered-models/get", name=name).ok()["registered_model_databricks"]
        for number in range(8):
            api.post("/preview/scim/v2/Users", userName=f"{name}-{number}").ok()
        path = f"/permissions/registered-models/{found['id']}"
        read = api.get(path).ok()["etag"]

    def write(user: str) -> Callable[[Api], Answer]:
        entries = [{"user_name": user, "permission_level": "CAN_READ"}]
        return lambda api: api.put(path, access_control_list=entries, etag=read)

    answers = shared.at_once(*(write(f"{name}-{number}") for number in range(8)))
    assert statuses(answers) == {200: 1, 409: 7}
    (winner,) = (number for number, answer in enumerate(answers) if answer.status == 200)
    assert [each for each in granted(shared, path) if each.startswith(name)] == [f"{name}-{winner}"]


def granted(shared: Shared, path: str) -> dict[str, str]:
    """The level of each user with a direct grant on the object."""
    with shared.api as api:
        entries: list[dict[str, Any]] = api.get(path).ok()["access_control_list"]
    return {
        each["user_name"]: level["permission_level"]
        for each in entries
        if "user_name" in each
        for level in each["all_permissions"]
        if not level["inherited"]
    }


def test_a_token_that_is_revoked_meanwhile(shared: Shared, name: str) -> None:
    """Everything acknowledged has happened; nothing is acknowledged after the revocation was."""
    with shared.api as admin:
        made = admin.post("/token/create").ok()
        revoked = threading.Event()
        late: list[int] = []

        def write(number: int) -> None:
            with Api(shared.urls[number % len(shared.urls)], made["token_value"]) as api:
                while True:
                    over = revoked.is_set()
                    answer = api.post(f"{VERSIONS}/set-tag", name=name, version="1", key=f"k{number}", value="v")
                    if over:
                        late.append(answer.status)
                    if answer.status != 200:
                        return

        writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for each in writers:
            each.start()
        admin.post("/token/delete", token_id=made["token_info"]["token_id"]).ok()
        revoked.set()
        for each in writers:
            each.join()
    assert set(late) <= {401}, json.dumps(late)
