"""The event stream: every change as it is committed, once, in order, and none missed after a reconnect."""

import json
from contextlib import ExitStack

import httpx

from tests.server.callers import CREATOR, Caller, Callers
from tests.server.permission_cases import CASES
from tests.server.streams import event_id, numbers_of, stream
from tests.server.test_activities import RECORDED
from tests.server.test_visibility import say


def test_every_change_is_reported_once_and_in_order(callers: Callers) -> None:
    """Events are the same as in the feed."""
    model = callers.model()
    callers.version(model)
    with stream(callers.admin) as events:
        for case in CASES:
            if f"{case.method} {case.route}" in RECORDED and case.about in ("", "None -> Staging"):
                case.prepare(callers, CREATOR).make(callers.creator).ok()
        received = events.until_comment(say(callers, model))
    numbers = numbers_of(callers.registry.database, received)
    assert numbers == sorted(set(numbers))
    received = [{name: value for name, value in one.items() if name != "event_id"} for one in received]
    listed: list[dict[str, str]] = []
    token = ""
    while len(listed) < len(received):
        page = callers.admin.get("/mlflow/activities/list", max_results=1000, page_token=token).ok()
        listed += page["activities"]
        token = page.get("next_page_token", "")
    newest = listed[: len(received)][::-1]
    assert [one["id"] for one in received] == [one["id"] for one in newest]
    assert [one["activity_type"] for one in received] == [one["activity_type"] for one in newest]


def test_a_client_that_comes_back_misses_nothing(callers: Callers) -> None:
    model = callers.model()
    callers.version(model)
    with stream(callers.creator) as events:
        first = events.until_comment(say(callers, model))[-1]
    words = [say(callers, model) for _ in range(3)]
    with stream(callers.creator, since=first["event_id"]) as events:
        assert events.ready == first["event_id"]
        assert [one["comment"] for one in events.until_comment(words[-1])] == words
        last = say(callers, model)
        assert [one["comment"] for one in events.until_comment(last)] == [last]


def test_more_than_one_batch_is_caught_up_with(callers: Callers) -> None:
    """Everything that has happened in this run, which is more than a batch."""
    model = callers.model()
    callers.version(model)
    last = say(callers, model)
    with stream(callers.admin, since=event_id(callers.registry.database, 0)) as events:
        numbers = numbers_of(callers.registry.database, events.until_comment(last))
    assert numbers == sorted(set(numbers))


def test_a_number_that_is_not_there_yet_begins_with_what_comes(callers: Callers) -> None:
    model = callers.model()
    callers.version(model)
    with stream(callers.creator, since=event_id(callers.registry.database, 10**18)) as events:
        words = say(callers, model)
        assert [one["comment"] for one in events.until_comment(words)] == [words]


def test_many_streams_at_once(callers: Callers) -> None:
    model = callers.model()
    callers.version(model)
    with ExitStack() as stack:
        open_streams = [stack.enter_context(stream(callers.api(Caller("CAN_READ", "direct")))) for _ in range(30)]
        words = say(callers, model)
        assert all(events.until_comment(words) for events in open_streams)


def test_the_headers_of_a_stream(callers: Callers) -> None:
    url = f"{callers.registry.url}/ajax-api/2.0/mlflow/events"
    with httpx.stream("GET", url, headers={"Authorization": f"Bearer {callers.admin.token}"}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        lines = response.iter_lines()
        head = [next(lines) for _ in range(3)]
        assert {line.partition(":")[0] for line in head} == {"id", "event", "data"}
        assert json.loads(next(line for line in head if line.startswith("data"))[5:]) == {}
