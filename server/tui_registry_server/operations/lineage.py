"""The lineage of versions: what the tracking server knows about their logged models and runs."""

import json
from typing import Any

from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.record import record, without_empty
from tui_registry_server.operations.subjects import VersionSubject
from tui_registry_server.rules.errors import InvalidState
from tui_registry_server.rules.lineage import RunLookup, origin
from tui_registry_server.store import lineages
from tui_registry_server.store.lineages import LineageRow
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.lineage import LineageStatus
from tui_registry_server.wire.model_version import VersionName


def get(call: Call, body: VersionName, subject: VersionSubject) -> Answer:
    """What the tracking server knows about a version's logged model and run, and whether it will be asked again."""
    return {"lineage": _answer(lineages.read(call.connection, subject.version.model_id, subject.version.version))}


def logged_model_of(call: Call, body: VersionName, subject: VersionSubject) -> str | None:
    """The logged model of a version without a run."""
    version = lineages.version(call.connection, subject.version.model_id, subject.version.version)
    return None if version.run_id else origin(*version).model_id or None


def retrieve(call: Call, body: VersionName, subject: VersionSubject) -> Answer:
    """Ask the tracking server about a version again: for its run at once, if it has none, and soon for all else."""
    version = subject.version
    if not origin(*lineages.version(call.connection, version.model_id, version.version)):
        raise InvalidState(
            f"Version {version.version} of '{version.name}' names no run, and its source is no logged model: there is "
            "nothing to ask a tracking server for."
        )
    lineages.ask(call.connection, version.model_id, version.version, call.clock)
    run_id, problem = call.lookup or RunLookup()
    if not call.policy.asks_tracking_server:
        problem = "This server asks no tracking server: start one with --tracking-uri."
    if not (run_id and set_run(call, version.model_id, version.name, version.version, run_id)):
        _record(call, version.model_id, version.name, version.version, "asked the tracking server about it")
    answer = _answer(lineages.read(call.connection, version.model_id, version.version))
    return {"lineage": answer | without_empty({"run_id": run_id, "problem": problem})}


def set_run(call: Call, model_id: str, name: str, version: int, run_id: str) -> bool:
    """Give a version the run that the tracking server has found, unless it has one; whether it has got it."""
    if not lineages.set_run(call.connection, model_id, version, run_id):
        return False
    _record(call, model_id, name, version, f"found its run {run_id} on the tracking server", {"run_id": ["", run_id]})
    return True


def _record(
    call: Call, model_id: str, name: str, version: int, what: str, detail: dict[str, Any] | None = None
) -> None:
    record(
        call,
        ActivityType.UPDATED_VERSION,
        model_id=model_id,
        model_name=name,
        version=version,
        system_comment=what,
        detail=detail,
    )


def _answer(row: LineageRow | None) -> dict[str, Any]:
    """A Lineage."""
    if row is None:
        return {"status": LineageStatus.UNKNOWN}
    status = LineageStatus.FAILED if row.next_attempt_timestamp is None else LineageStatus.PENDING
    return without_empty(
        (json.loads(row.document) if row.document else {})
        | {
            "status": LineageStatus.READY if row.document else status,
            "retrieved_timestamp": row.retrieved_timestamp,
            "next_attempt_timestamp": row.next_attempt_timestamp,
            "problem": row.problem,
        }
    )
