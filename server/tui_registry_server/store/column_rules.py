"""Valid values of columns, beyond their types: for checking rows that may not have been written by this program."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from tui_registry_server.rules.audit import YEAR_10000
from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.permissions import Level
from tui_registry_server.rules.principals import ROOT, TOKENS, check_name
from tui_registry_server.rules.webhook_events import Dialect
from tui_registry_server.store.counters import NAMES
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.follow import Digest
from tui_registry_server.wire.lineage import LineageDocument
from tui_registry_server.wire.lists import MAX_VALUES
from tui_registry_server.wire.principal import PrincipalKind
from tui_registry_server.wire.registry_webhook import RegistryWebhookStatus, WebhookFormat
from tui_registry_server.wire.scim import ComplexValue
from tui_registry_server.wire.stage import Stage
from tui_registry_server.wire.webhook_delivery import DeliveryStatus
from tui_registry_server.wire.workspace_name import is_workspace_name

MAX_TIME = YEAR_10000 - 1  # milliseconds: the last one that has a date


class Rule(NamedTuple):
    """``accepts``: whether a value, which is not NULL, is valid."""

    description: str
    accepts: Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_number(value: Any) -> bool:
    return type(value) is int


def _matching(description: str, pattern: str) -> Rule:
    matches = re.compile(pattern).fullmatch
    return Rule(description, lambda value: type(value) is str and matches(value) is not None)


def _one_of(values: Iterable[object]) -> Rule:
    allowed = frozenset(values)
    return Rule(f"one of {', '.join(sorted(map(str, allowed)))}", lambda value: value in allowed)


def _at_least(minimum: int, maximum: int = 2**63 - 1) -> Rule:
    return Rule(f"a number from {minimum}", lambda value: type(value) is int and minimum <= value <= maximum)


def _is_name(value: Any) -> bool:
    if type(value) is not str:
        return False
    try:
        check_name(value)
    except InvalidParameterValue:
        return False
    return True


def _parsed(value: Any) -> Any:
    """The value of a JSON text; None if it is not one."""
    try:
        return json.loads(value) if type(value) is str else None
    except (ValueError, RecursionError):
        return None


_VALUES = TypeAdapter(list[ComplexValue])


def _is_list(value: Any) -> bool:
    """Whether SCIM could store it: PUT of a principal validates its current lists, too."""
    try:
        return type(value) is str and len(_VALUES.validate_json(value)) <= MAX_VALUES
    except ValidationError:
        return False


def _is_lineage(value: Any) -> bool:
    try:
        return type(value) is str and LineageDocument.model_validate_json(value) is not None
    except ValidationError:
        return False


_ID = _matching("32 hex digits", "[0-9a-f]{32}")
_DIGEST = _matching("64 hex digits", "(?:[0-9a-f]{64})?")
_HASH = _matching("64 hex digits", "[0-9a-f]{64}")
_PRINCIPAL = _matching("a decimal number", "[0-9]{1,18}")
_STAGE = _one_of(Stage)
_WORKSPACE = _matching("32 hex digits, or empty", "(?:[0-9a-f]{32})?")
_VERSION = _at_least(1, 2**31 - 1)
_TIME = _at_least(0, MAX_TIME)
_OBJECT = Rule("an object in JSON", lambda value: isinstance(_parsed(value), dict))
_LISTED = Rule("a list of SCIM's values in JSON", _is_list)

_RULES: Mapping[str, Mapping[str, Rule]] = {
    "principals": {
        "id": _PRINCIPAL,
        "kind": _one_of(PrincipalKind),
        "name": Rule("a name", _is_name),
        "emails": _LISTED,
        "entitlements": _LISTED,
        "roles": _LISTED,
        "active": _one_of((0, 1)),
    },
    "memberships": {"group_id": _PRINCIPAL, "member_id": _PRINCIPAL},
    "tokens": {"id": _ID, "hash": _HASH, "principal_id": _PRINCIPAL},
    "sign_ins": {"principal_id": _PRINCIPAL},
    "client_secrets": {"id": _ID, "hash": _HASH, "principal_id": _PRINCIPAL},
    "federation_rules": {"id": _ID, "principal_id": _PRINCIPAL},
    "oauth_tokens": {"id": _ID, "hash": _HASH, "principal_id": _PRINCIPAL, "secret_id": _ID, "rule_id": _ID},
    "grants": {
        "object_id": _matching(f"32 hex digits, {ROOT} or {TOKENS}", f"[0-9a-f]{{32}}|{ROOT}|{TOKENS}"),
        "principal_id": _PRINCIPAL,
        "level": _one_of(map(int, Level)),
    },
    "workspaces": {"id": _WORKSPACE, "name": Rule("a workspace's name", is_workspace_name)},
    "registered_models": {
        "id": _ID,
        "last_version": _at_least(0, 2**31 - 1),
        "revision": _DIGEST,
        "workspace_id": _WORKSPACE,
    },
    "model_versions": {"model_id": _ID, "version": _VERSION, "stage": _STAGE},
    "version_tags": {"model_id": _ID, "version": _VERSION},
    "model_tags": {"model_id": _ID},
    "aliases": {"model_id": _ID, "version": _VERSION},
    "transition_requests": {"id": _ID, "model_id": _ID, "version": _VERSION, "to_stage": _STAGE},
    "comments": {"id": _ID, "model_id": _ID, "version": _VERSION},
    "lineages": {
        "model_id": _ID,
        "version": _VERSION,
        "document": Rule("a lineage document in JSON", _is_lineage),
        "attempts": _at_least(0, 2**31 - 1),
    },
    "activities": {
        "sequence": _at_least(1),
        "id": _ID,
        "activity_type": _one_of(ActivityType),
        "model_id": _ID,
        "version": _VERSION,
        "from_stage": _STAGE,
        "to_stage": _STAGE,
        "comment_id": _ID,
        "detail": _OBJECT,
        "digest": _DIGEST,
        "workspace_id": _ID,
    },
    "webhooks": {
        "id": _ID,
        "dialect": _one_of(Dialect),
        "enable_ssl_verification": _one_of((0, 1)),
        "events": Rule("a list in JSON", lambda value: isinstance(_parsed(value), list)),
        "status": _one_of(RegistryWebhookStatus),
        "format": _one_of(WebhookFormat),
        "digest": _one_of(Digest),
        "workspace_id": _WORKSPACE,
        "model_id": _ID,
        "principal_id": _PRINCIPAL,
    },
    "webhook_deliveries": {
        "number": _at_least(1),
        "id": _ID,
        "webhook_id": _ID,
        "sequence": _at_least(1),
        "status": _one_of(DeliveryStatus),
        "attempts": _at_least(0),
    },
    "model_imports": {
        "model_id": _ID,
        "base": _OBJECT,
    },
    "version_imports": {
        "model_id": _ID,
        "version": _VERSION,
        "base": _OBJECT,
    },
    "counters": {"name": _one_of(NAMES), "value": _at_least(0)},
}


def rule_of(table: str, column: str, *, is_text: bool) -> Rule:
    """The rule of a column's non-null values; by default, a timestamp or any value of its type."""
    if (rule := _RULES.get(table, {}).get(column)) is not None:
        return rule
    if column.endswith("_timestamp"):
        return _TIME
    return Rule("a text", _is_text) if is_text else Rule("a number", _is_number)
