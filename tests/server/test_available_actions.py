"""The ``available_actions`` of an entity are exactly what the caller can do with it."""

from typing import Any

import pytest

from tests.server.api import Answer
from tests.server.callers import LEVELS, MOVES, STAGES, Caller, Callers
from tests.server.database_state import DatabaseState
from tests.server.permission_case import COMMENTS, REQUESTS, as_caller, shared, somebody_but

DIRECT = tuple(Caller(level, "direct") for level in LEVELS)
READERS = DIRECT[1:]
APPROVE, REJECT, CANCEL = "APPROVE_TRANSITION_REQUEST", "REJECT_TRANSITION_REQUEST", "CANCEL_TRANSITION_REQUEST"
EDIT, DELETE = "EDIT_COMMENT", "DELETE_COMMENT"


class Asked:
    """A version with one open request, by the caller or by somebody else."""

    def __init__(self, callers: Callers, caller: Caller, origin: str, target: str, *, author: bool) -> None:
        self.callers, self.caller, self.target = callers, caller, target
        self.requester = caller if author else somebody_but(caller)
        self.model = shared(callers, "asked")
        self.version = callers.version(self.model, origin)
        self.made = as_caller(callers, self.requester, self.model, f"{REQUESTS}/create", **self._fields)["request"]

    @property
    def _fields(self) -> dict[str, Any]:
        return {"name": self.model, "version": self.version, "stage": self.target}

    def listed(self) -> dict[str, Any]:
        """The request as the version's list shows it to the caller."""
        api = self.callers.api(self.caller)
        (request,) = api.get(f"{REQUESTS}/list", name=self.model, version=self.version).ok()["requests"]
        found: dict[str, Any] = request
        return found

    def in_inbox(self) -> list[dict[str, Any]]:
        """The request in the caller's inbox, at most once: it is among the newest."""
        requests = self.callers.api(self.caller).get(f"{REQUESTS}/list", max_results=20).ok().get("requests", [])
        return [request for request in requests if request["id"] == self.made["id"]]

    def do(self, action: str) -> Answer:
        api = self.callers.api(self.caller)
        if action == APPROVE:
            return api.post(f"{REQUESTS}/approve", **self._fields, archive_existing_versions=False)
        if action == REJECT:
            return api.post(f"{REQUESTS}/reject", **self._fields)
        return api.delete(f"{REQUESTS}/delete", **self._fields, creator=self.requester.name)


@pytest.mark.parametrize("author", [True, False], ids=["author", "other"])
@pytest.mark.parametrize(("origin", "target"), MOVES)
@pytest.mark.parametrize("caller", READERS, ids=str)
def test_requests(
    caller: Caller, origin: str, target: str, author: bool, callers: Callers, database_state: DatabaseState
) -> None:
    asked = Asked(callers, caller, origin, target, author=author)
    request = asked.listed()
    actions = request.get("available_actions", [])
    assert asked.in_inbox() == [request]
    if author:
        assert asked.made.get("available_actions", []) == actions
    for action in (APPROVE, REJECT, CANCEL):
        if action in actions:
            asked.do(action).ok()
            asked = Asked(callers, caller, origin, target, author=author)
        else:
            with database_state.unchanged():
                asked.do(action).denied()


@pytest.mark.parametrize(("origin", "target"), MOVES)
@pytest.mark.parametrize("caller", READERS, ids=str)
def test_requests_of_a_version_that_has_moved_since(caller: Caller, origin: str, target: str, callers: Callers) -> None:
    before = next(stage for stage in STAGES if stage not in (origin, target))
    asked = Asked(callers, caller, before, target, author=False)
    callers.move(asked.model, asked.version, origin)
    request = asked.listed()
    assert request["from_stage"] == origin
    if APPROVE in request.get("available_actions", []):
        asked.do(APPROVE).ok()
    else:
        asked.do(APPROVE).denied()


@pytest.mark.parametrize("target", ["Staging", "Production"])
def test_requests_that_the_caller_may_not_see(target: str, callers: Callers, database_state: DatabaseState) -> None:
    asked = Asked(callers, Caller("none", "direct"), "None", target, author=True)
    assert asked.in_inbox() == []
    with database_state.unchanged():
        for action in (APPROVE, REJECT, CANCEL):
            asked.do(action).missing()


@pytest.mark.parametrize("author", [True, False], ids=["author", "other"])
@pytest.mark.parametrize("caller", READERS, ids=str)
def test_comments(caller: Caller, author: bool, callers: Callers, database_state: DatabaseState) -> None:
    api, model = callers.api(caller), shared(callers, "talked")
    version = callers.version(model)
    writer = caller if author else somebody_but(caller)

    def write() -> dict[str, Any]:
        answer = as_caller(callers, writer, model, f"{COMMENTS}/create", name=model, version=version, comment="words")
        made: dict[str, Any] = answer["comment"]
        return made

    made = write()
    (comment,) = api.get(f"{COMMENTS}/list", name=model, version=version).ok()["comments"]
    actions = comment.get("available_actions", [])
    if author:
        assert made == comment
    if EDIT in actions:
        edited = api.patch(f"{COMMENTS}/update", id=made["id"], comment="other words").ok()["comment"]
        assert edited["available_actions"] == actions
    else:
        with database_state.unchanged():
            api.patch(f"{COMMENTS}/update", id=made["id"], comment="other words").denied()
    if DELETE in actions:
        assert api.delete(f"{COMMENTS}/delete", id=made["id"]).ok() == {}
    else:
        with database_state.unchanged():
            api.delete(f"{COMMENTS}/delete", id=made["id"]).denied()


def test_the_open_requests_of_a_moved_version(callers: Callers) -> None:
    """Databricks' answer to a transition lists them too, for the caller who moved the version."""
    for caller in DIRECT[3:]:
        asked = Asked(callers, caller, "None", "Production", author=True)
        answer = callers.api(caller).post(
            "/mlflow/databricks/model-versions/transition-stage",
            name=asked.model,
            version=asked.version,
            stage="Archived",
            archive_existing_versions=False,
        )
        version = answer.ok()["model_version_databricks"]
        assert version["permission_level"] == caller.level
        assert version["open_requests"][0]["available_actions"] == asked.listed()["available_actions"]
