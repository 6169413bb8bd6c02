"""The overview of the registry: what waits, what happened in the last days, and what should be looked after."""

from typing import Annotated

from pydantic import Field

from tui_registry_server.wire.fields import Entity, Integer, Milliseconds, RequestBody
from tui_registry_server.wire.lists import MaxLength
from tui_registry_server.wire.overview_defaults import EXPIRY_DAYS, LONGEST, MAX_DAYS, OLD_DAYS


class GetOverview(RequestBody):
    """``day_start``: the beginnings of the days whose transitions are counted, each up to the next one, the last up to
    now; by default the last 14 days in UTC. ``production_days``: the age from which on versions in Production are
    counted. ``token_days``: within which tokens expire that are counted."""

    day_start: Annotated[list[Milliseconds], MaxLength(MAX_DAYS)] = []
    production_days: Integer = Field(default=OLD_DAYS, ge=0, le=LONGEST)
    token_days: Integer = Field(default=EXPIRY_DAYS, ge=0, le=LONGEST)


class Counted(Entity):
    """``more``: whether there are more than these 10,000."""

    count: int
    more: bool = False


class OpenRequests(Counted):
    """``oldest_timestamp``: when the one that is open longest was made."""

    oldest_timestamp: Milliseconds | None = None


class DayOfTransitions(Entity):
    start_timestamp: Milliseconds
    count: int


class RecentTransitions(Counted):
    """Transitions by people: moves and approvals, not the archiving that follows from them. The newest 10,000 are
    counted, so that with ``more`` the earliest of the days lack some."""

    days: list[DayOfTransitions] = []


class ExpiringTokens(Counted):
    """``of_everybody``: whether these are all tokens, as for administrators, or the caller's own."""

    of_everybody: bool = False


class RegistryOverview(Entity):
    """What the caller may see of each. Models have no owner if nobody but members of ``admins`` can manage them: their
    search for ``missing = 'owner'`` lists these. Old versions are those in Production that were created at least
    ``production_days`` ago."""

    open_requests: OpenRequests
    transitions: RecentTransitions
    models_without_description: Counted
    models_without_owner: Counted
    old_production_versions: Counted
    expiring_tokens: ExpiringTokens
