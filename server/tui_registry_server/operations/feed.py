"""Lists across models: the inbox of open requests, and the feed of activities."""

from typing import Any

from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.record import without_empty
from tui_registry_server.operations.subjects import Subject, model, version
from tui_registry_server.operations.transitions import request_entity
from tui_registry_server.rules.cursors import decode_cursor, encode_cursor
from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.page_tokens import digest, read_token, write_token
from tui_registry_server.store import counters, feed, transition_requests
from tui_registry_server.store.feed import ActivityRow, FeedPosition, Filter
from tui_registry_server.store.transition_requests import RequestRow
from tui_registry_server.wire.activity import ListActivities
from tui_registry_server.wire.transition_request import ListTransitionRequests


def requests(call: Call, body: ListTransitionRequests, subject: Subject) -> Answer:
    """The open requests of one version, of one model, or, with neither name nor version, the inbox."""
    if body.version is None:
        return _inbox(call, body)
    if body.name is None:
        raise InvalidParameterValue("Give the model's name with the version, or neither for the inbox.")
    return _of_version(call, body)


def listed(call: Call, body: ListActivities, subject: Subject) -> Answer:
    """Activities, newest first: of a version, of a model, or of all that the caller may read."""
    if body.version is not None and body.name is None:
        raise InvalidParameterValue("Give the model's name with the version.")
    filter_ = Filter(
        model_id=None if body.name is None else _model_id(call, body),
        version=None if body.version is None else int(body.version),
        user=body.user,
        types=tuple(dict.fromkeys(body.activity_type)),  # without duplicates: a statement's parameters are limited
        since=body.from_,
        until=body.to,
    )
    query = digest("activities by time", body.model_dump(exclude={"page_token", "max_results"}))
    key = counters.key(call.connection)
    rows, more = feed.feed(
        call.connection,
        call.principal,
        filter_,
        before=decode_position(body.page_token, query, key) if body.page_token else None,
        limit=body.max_results,
    )
    return without_empty(
        {
            "activities": [activity_entity(row) for row in rows],
            "next_page_token": encode_position(rows[-1].creation_timestamp, rows[-1].sequence, query, key)
            if more
            else None,
        }
    )


def activity_entity(row: ActivityRow) -> dict[str, Any]:
    """An activity as the feed and the event stream show it."""
    return without_empty(
        {
            "id": row.id,
            "activity_type": row.activity_type,
            "creation_timestamp": row.creation_timestamp,
            "last_updated_timestamp": row.creation_timestamp,
            "user_id": row.user_id,
            "name": row.name,
            "version": None if row.version is None else str(row.version),
            "from_stage": row.from_stage,
            "to_stage": row.to_stage,
            "comment": row.comment,
            "system_comment": row.system_comment,
        }
    )


def encode_position(creation_timestamp: int, sequence: int, query: str, key: bytes) -> str:
    """The token of the page after an activity. ``query`` is the digest of the search; ``key`` hides the number."""
    return write_token(query, (creation_timestamp, encode_cursor(sequence, key)))


def decode_position(page_token: str, query: str, key: bytes) -> FeedPosition:
    """The activity after which a page begins. Raises InvalidParameterValue."""
    time, cursor = read_token(page_token, query, (int, str))
    sequence = decode_cursor(str(cursor), key)
    if sequence is None:
        raise InvalidParameterValue("The page_token is of another registry. Send none for the first page.")
    return FeedPosition(int(time), sequence)


def _model_id(call: Call, body: ListActivities | ListTransitionRequests) -> str:
    if body.version is None:
        return model(call, body).model.id  # type: ignore[arg-type]  # its name is not None
    return version(call, body).version.model_id  # type: ignore[arg-type]  # name and version are not None


def _of_version(call: Call, body: ListTransitionRequests) -> Answer:
    row = version(call, body).version  # type: ignore[arg-type]  # its name and version are not None
    rows = transition_requests.of_version(call.connection, call.principal, row.model_id, row.version)
    return {"requests": [_inbox_entity(call, row) for row in rows]} if rows else {}


def _inbox(call: Call, body: ListTransitionRequests) -> Answer:
    model_id = None if body.name is None else _model_id(call, body)
    query = digest("inbox", {"model": model_id})
    position = read_token(body.page_token, query, (int, str)) if body.page_token else None
    rows, more = transition_requests.inbox(
        call.connection,
        call.principal,
        model_id=model_id,
        after=None if position is None else (int(position[0]), str(position[1])),
        limit=body.max_results,
    )
    last = rows[-1] if more else None
    return without_empty(
        {
            "requests": [_inbox_entity(call, row) for row in rows],
            "next_page_token": None if last is None else write_token(query, (last.creation_timestamp, last.id)),
        }
    )


def _inbox_entity(call: Call, row: RequestRow) -> dict[str, Any]:
    return without_empty(
        request_entity(call, row)
        | {
            "name": row.name,
            "version": str(row.version),
            "displaces": row.displaces,
            "leaves_empty": row.leaves_empty or None,
        }
    )
