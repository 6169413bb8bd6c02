"""Checking a registry's state against its activities: nothing is half done, and every change is recorded."""

from collections import defaultdict

from sqlalchemy import Connection, select

from tui_registry_server.rules.audit import Chain
from tui_registry_server.store.activities import records
from tui_registry_server.store.tables import model_versions, registered_models, transition_requests

MOVED = {"APPLIED_TRANSITION", "APPROVED_REQUEST", "SYSTEM_TRANSITION"}
CLOSED = {"APPROVED_REQUEST", "REJECTED_REQUEST"}


def check(connection: Connection) -> int:
    """Returns the number of records. Fails if the chain, the stages, the requests or the numbers do not match."""
    chain = Chain()
    stages: dict[tuple[str, int], str] = {}
    asked: dict[tuple[str, int, str], set[str]] = defaultdict(set)
    highest: dict[str, int] = {}
    for record in records(connection):
        chain.verify(record)
        kind, model = record["activity_type"], record.get("model_id", "")
        key = (model, record.get("version", 0))
        if kind == "CREATED_MODEL":
            highest[model] = 0
        elif kind == "CREATED_VERSION":
            assert key[1] == highest[model] + 1, "version numbers have no gaps, and are not reused"
            highest[model] = key[1]
            stages[key] = "None"
        elif kind == "DELETED_VERSION":
            del stages[key]
            for each in [each for each in asked if each[:2] == key]:
                del asked[each]
        elif kind == "DELETED_MODEL":
            stages = {each: stage for each, stage in stages.items() if each[0] != model}
            for gone in [each for each in asked if each[0] == model]:
                del asked[gone]
        elif kind in MOVED:
            assert stages[key] == record["from_stage"], f"{record} does not begin at the version's stage"
            stages[key] = record["to_stage"]
        elif kind == "REQUESTED_TRANSITION":
            asked[*key, record["to_stage"]].add(record["principal_id"])
        if kind == "CANCELLED_REQUEST":  # one person's only
            asked[*key, record["to_stage"]] -= {each["by"]["id"] for each in record["detail"]["requests"]}
        elif kind in CLOSED or kind in MOVED:
            asked.pop((*key, record["to_stage"]), None)
    _compare_state(connection, stages, asked, highest)
    return chain.count


def _compare_state(
    connection: Connection,
    stages: dict[tuple[str, int], str],
    asked: dict[tuple[str, int, str], set[str]],
    highest: dict[str, int],
) -> None:
    version, request, model = model_versions.c, transition_requests.c, registered_models.c
    stored = {
        (row[0], row[1]): row[2] for row in connection.execute(select(version.model_id, version.version, version.stage))
    }
    assert stored == stages, "the stages of the versions do not match their transitions"
    open_requests: dict[tuple[str, int, str], set[str]] = defaultdict(set)
    columns = (request.model_id, request.version, request.to_stage, request.principal_id)
    for *key, principal in connection.execute(select(*columns)):
        open_requests[key[0], key[1], key[2]].add(principal)
    assert dict(open_requests) == {key: who for key, who in asked.items() if who}, (
        "the open requests do not match the activities"
    )
    for model_id, last in connection.execute(select(model.id, model.last_version)):
        assert last == highest[model_id], "the last number does not match the activities"
