"""The stage history of a model: which version was in which stage, from when to when, and by whom."""

from typing import Any

from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.feed import decode_position, encode_position
from tui_registry_server.operations.record import without_empty
from tui_registry_server.operations.subjects import ModelSubject
from tui_registry_server.rules.names import version_number
from tui_registry_server.rules.page_tokens import digest
from tui_registry_server.rules.stages import parse_stage
from tui_registry_server.store import counters, stage_history
from tui_registry_server.store.stage_history import PeriodRow
from tui_registry_server.wire.stage_history import ListStageHistory


def listed(call: Call, body: ListStageHistory, subject: ModelSubject) -> Answer:
    """The stages that a model's versions were in, newest first, and, on the first page, the version to which Production
    can be rolled back."""
    model_id = subject.model.id
    stage = None if body.stage is None else parse_stage(body.stage)
    version = None if body.version is None else version_number(body.version)
    query = digest("stage history", {"model": model_id, "stage": stage, "version": version})
    key = counters.key(call.connection)
    rows, more = stage_history.periods(
        call.connection,
        model_id,
        stage,
        version,
        before=decode_position(body.page_token, query, key) if body.page_token else None,
        limit=body.max_results,
    )
    predecessor = None if body.page_token else stage_history.predecessor(call.connection, model_id)
    last = rows[-1] if more else None
    return without_empty(
        {
            "stage_periods": [_period(row) for row in rows],
            "predecessor": None if predecessor is None else str(predecessor),
            "next_page_token": None
            if last is None
            else encode_position(last.creation_timestamp, last.sequence, query, key),
        }
    )


def _period(row: PeriodRow) -> dict[str, Any]:
    ended, ended_by, next_stage = row.end or (None, None, None)
    return without_empty(
        {
            "version": str(row.version),
            "stage": row.stage,
            "started_timestamp": row.creation_timestamp,
            "started_by": row.user_id,
            "ended_timestamp": ended,
            "ended_by": ended_by,
            "next_stage": next_stage,
        }
    )
