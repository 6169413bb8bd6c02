"""Running an operation: load what the request is about, check the caller's ability, then call the operation."""

from collections.abc import Callable
from typing import Any

from tui_registry_server.operations.call import Answer, Call, Caller, WebhookTest
from tui_registry_server.operations.subjects import Subject
from tui_registry_server.rules.permissions import require
from tui_registry_server.wire.permission_policy import Ability

LoadSubject = Callable[..., Subject]


def authorize(ability: Ability, load: LoadSubject | None, call: Call | Caller, body: Any) -> Subject | None:
    """The subject of the request. Raises PermissionDenied if the caller does not have the ability on it. Without
    ``load`` there is no subject, and the operation's own statements filter what the caller may read."""
    if load is None:
        return None
    subject = load(call, body)
    require(ability, subject.level, stages=subject.stages, author=subject.author)
    return subject


def run(
    operation: Callable[..., Answer | WebhookTest], ability: Ability, load: LoadSubject | None, call: Call, body: Any
) -> Answer | WebhookTest:
    """The answer of an operation. Raises PermissionDenied if the caller does not have its ability."""
    return operation(call, body, authorize(ability, load, call, body))
