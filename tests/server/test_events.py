"""The event stream: every change as it is committed, once, in order, and none missed over an interruption."""

import json
from contextlib import ExitStack

import httpx

from tests.server.callers import CREATOR, Caller, People
from tests.server.permission_cases import CASES
from tests.server.streams import event_id, numbers_of, stream
from tests.server.test_activities import RECORDED
from tests.server.test_visibility import say


def test_every_change_is_told_once_and_in_order(people: People) -> None:
    """What the stream tells is what the feed lists."""
    model = people.model()
    people.version(model)
    with stream(people.admin) as events:
        for case in CASES:
            if f"{case.method} {case.route}" in RECORDED and case.about in ("", "None -> Staging"):
                case.prepare(people, CREATOR).make(people.creator).ok()
        told = events.until_comment(say(people, model))
    numbers = numbers_of(people.registry.database, told)
    assert numbers == sorted(set(numbers))
    told = [{name: value for name, value in one.items() if name != "event_id"} for one in told]
    listed: list[dict[str, str]] = []
    token = ""
    while len(listed) < len(told):
        page = people.admin.get("/mlflow/activities/list", max_results=1000, page_token=token).ok()
        listed += page["activities"]
        token = page.get("next_page_token", "")
    newest = listed[: len(told)][::-1]
    assert [one["id"] for one in told] == [one["id"] for one in newest]
    assert [one["activity_type"] for one in told] == [one["activity_type"] for one in newest]


def test_a_client_that_comes_back_misses_nothing(people: People) -> None:
    model = people.model()
    people.version(model)
    with stream(people.creator) as events:
        first = events.until_comment(say(people, model))[-1]
    words = [say(people, model) for _ in range(3)]
    with stream(people.creator, since=first["event_id"]) as events:
        assert events.ready == first["event_id"]
        assert [one["comment"] for one in events.until_comment(words[-1])] == words
        last = say(people, model)
        assert [one["comment"] for one in events.until_comment(last)] == [last]


def test_more_than_one_batch_is_caught_up_with(people: People) -> None:
    """All that has happened in this run, which is more than the server reads at once."""
    model = people.model()
    people.version(model)
    last = say(people, model)
    with stream(people.admin, since=event_id(people.registry.database, 0)) as events:
        numbers = numbers_of(people.registry.database, events.until_comment(last))
    assert numbers == sorted(set(numbers))


def test_a_number_that_is_not_there_yet_begins_with_what_comes(people: People) -> None:
    model = people.model()
    people.version(model)
    with stream(people.creator, since=event_id(people.registry.database, 10**18)) as events:
        words = say(people, model)
        assert [one["comment"] for one in events.until_comment(words)] == [words]


def test_many_streams_at_once(people: People) -> None:
    model = people.model()
    people.version(model)
    with ExitStack() as stack:
        open_streams = [stack.enter_context(stream(people.api(Caller("CAN_READ", "direct")))) for _ in range(30)]
        words = say(people, model)
        assert all(events.until_comment(words) for events in open_streams)


def test_the_headers_of_a_stream(people: People) -> None:
    url = f"{people.registry.url}/ajax-api/2.0/mlflow/events"
    with httpx.stream("GET", url, headers={"Authorization": f"Bearer {people.admin.token}"}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        lines = response.iter_lines()
        head = [next(lines) for _ in range(3)]
        assert {line.partition(":")[0] for line in head} == {"id", "event", "data"}
        assert json.loads(next(line for line in head if line.startswith("data"))[5:]) == {}
