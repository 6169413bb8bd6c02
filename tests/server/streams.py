"""Event streams, as clients read them."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from httpx_sse import EventSource, ServerSentEvent

from tests.live_registry import trusting
from tests.server.api import TIMEOUT, Api
from tests.server.database_state import changing
from tui_registry_server.rules.cursors import decode_cursor, encode_cursor
from tui_registry_server.store import counters
from tui_registry_server.wire.workspace_name import HEADER


@dataclass
class Stream:
    """An open stream; ``seen`` has the events that were read."""

    response: httpx.Response
    seen: list[dict[str, Any]] = field(default_factory=list)
    """Activities, each with the event's id as ``event_id``."""
    ready: str = ""
    """The id of the ``ready`` event."""

    def __post_init__(self) -> None:
        self._events: Iterator[ServerSentEvent] = EventSource(self.response).iter_sse()
        first = next(self._events)
        assert (first.event, first.data) == ("ready", "{}")
        self.ready = first.id

    def next(self) -> dict[str, Any]:
        """The next activity; StopIteration at the end of the stream."""
        event = next(self._events)
        while not event.data:  # a ping
            event = next(self._events)
        assert event.event == "activity"
        activity: dict[str, Any] = json.loads(event.data) | {"event_id": event.id}
        self.seen.append(activity)
        return activity

    def until(self, last: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """The activities up to the first one that matches."""
        read = [self.next()]
        while not last(read[-1]):
            read.append(self.next())
        return read

    def until_comment(self, text: str) -> list[dict[str, Any]]:
        return self.until(lambda activity: activity.get("comment") == text)

    def rest(self) -> list[dict[str, Any]]:
        """All activities until the server ends the stream."""
        read = []
        while True:
            try:
                read.append(self.next())
            except StopIteration:
                return read


def event_id(database: str, number: int) -> str:
    """The event id of a sequence number in a registry."""
    with changing(database) as connection:
        return encode_cursor(number, counters.key(connection))


def numbers_of(database: str, events: Iterable[dict[str, Any]]) -> list[int]:
    """The sequence numbers in the ids of events."""
    with changing(database) as connection:
        key = counters.key(connection)
    numbers = [decode_cursor(event["event_id"], key) for event in events]
    assert None not in numbers
    return [number for number in numbers if number is not None]


@contextmanager
def stream(api: Api, since: str | None = None) -> Iterator[Stream]:
    """A stream from now on, or after the event with that id."""
    headers = {"Authorization": f"Bearer {api.token}"} | ({} if since is None else {"Last-Event-ID": since})
    headers |= {} if api.workspace is None else {HEADER: api.workspace}
    with httpx.stream(
        "GET", f"{api.url}/api/2.0/mlflow/events", headers=headers, timeout=TIMEOUT, verify=trusting(None)
    ) as response:
        assert response.status_code == 200
        yield Stream(response)
