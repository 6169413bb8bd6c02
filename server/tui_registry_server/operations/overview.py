"""The overview of the registry: counts of what the caller may see, each as the list behind it would have."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.rules.search import MODELS, VERSIONS, Search, Searchable, read_search
from tui_registry_server.store import overview, registered_models, version_search
from tui_registry_server.wire.overview import GetOverview
from tui_registry_server.wire.overview_defaults import LAST_DAYS, MAX_COUNTED
from tui_registry_server.wire.stage import Stage

DAY = 24 * 60 * 60 * 1000  # milliseconds
LIMIT = MAX_COUNTED + 1


def get(call: Call, body: GetOverview, subject: None) -> Answer:
    """Open requests, recent transitions, models without a description or an owner, old versions in Production, and
    tokens that expire soon: how many of each the caller may see, up to 10,000."""
    connection, principal = call.connection, call.principal
    requests, oldest = overview.open_requests(connection, principal, LIMIT)
    old = max(0, call.clock - body.production_days * DAY)
    undescribed, unowned = (_search(MODELS, f"missing = '{what}'") for what in ("description", "owner"))
    aged = _search(VERSIONS, f"stage = '{Stage.PRODUCTION}' AND creation_timestamp <= {old}", include_prompts=True)
    expiring = overview.expiring_tokens(
        connection,
        None if principal.admin else principal.id,
        now=call.clock,
        until=call.clock + body.token_days * DAY,
        limit=LIMIT,
    )
    return {
        "open_requests": _counted(requests) | ({} if oldest is None else {"oldest_timestamp": oldest}),
        "transitions": _transitions(call, body.day_start),
        "models_without_description": _counted(registered_models.count(connection, principal, undescribed, LIMIT)),
        "models_without_owner": _counted(registered_models.count(connection, principal, unowned, LIMIT)),
        "old_production_versions": _counted(version_search.count(connection, principal, aged, LIMIT)),
        "expiring_tokens": _counted(expiring) | {"of_everybody": principal.admin},
    }


def _search(searchable: Searchable, filter_text: str, *, include_prompts: bool = False) -> Search:
    return read_search(
        searchable,
        filter_text=filter_text,
        order_by=(),
        max_results=1,
        page_token="",
        include_prompts=include_prompts,
    )


def _transitions(call: Call, day_start: Sequence[int]) -> dict[str, Any]:
    today = call.clock // DAY
    starts = sorted(set(day_start)) or [max(0, today - back) * DAY for back in reversed(range(LAST_DAYS))]
    times = overview.transition_times(call.connection, call.principal, starts[0], LIMIT)
    days = Counter(bisect_right(starts, time) - 1 for time in times[:MAX_COUNTED])
    listed = [{"start_timestamp": start, "count": days[number]} for number, start in enumerate(starts)]
    return _counted(len(times)) | {"days": listed}


def _counted(count: int) -> dict[str, Any]:
    """Of a count up to LIMIT."""
    return {"count": min(count, MAX_COUNTED), **({"more": True} if count > MAX_COUNTED else {})}
