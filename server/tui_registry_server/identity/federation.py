"""Workload identity: tokens of issuers that federation rules name, such as GitHub Actions or a Kubernetes cluster.

Nothing is fetched for an issuer that no rule names: anybody can send tokens that name any address.
"""

from functools import partial
from typing import NamedTuple

import jwt
from jwt.exceptions import PyJWTError

from tui_registry_server.identity.keys import IssuerKeys
from tui_registry_server.identity.verification import verify
from tui_registry_server.rules.errors import Unauthenticated
from tui_registry_server.rules.federation import matches
from tui_registry_server.store import federation_rules
from tui_registry_server.store.database import Database
from tui_registry_server.store.federation_rules import RuleRow
from tui_registry_server.wire.names import name_key

MAX_ISSUERS = 100  # whose keys are kept

_NO_RULE = "No federation rule matches this token's issuer, subject and audience."


class Match(NamedTuple):
    """The rule that a token meets, and the token's subject."""

    rule_id: str
    subject: str


class Federation:
    """On one event loop. ``min_interval``: seconds between two fetches of an issuer's keys."""

    def __init__(self, database: Database, min_interval: float) -> None:
        self._database = database
        self._min_interval = min_interval
        self._keys: dict[str, IssuerKeys] = {}

    async def match(self, token: str, application_id: str | None) -> Match:
        """The rule of a token, for this service principal or, without one, for the only one that it can be for. Raises
        Unauthenticated with a reason, or TemporarilyUnavailable."""
        issuer = _issuer(token)
        rules = await self._database.read(partial(federation_rules.of_issuer, issuer=issuer)) if issuer else []
        if application_id is not None:
            rules = [rule for rule in rules if name_key(rule.application_id) == name_key(application_id)]
        if not rules:
            raise Unauthenticated(_NO_RULE)
        claims = await verify(token, self._keys_of(issuer), {rule.audience for rule in rules})
        subject, audience = claims.get("sub"), claims["aud"]
        audiences = [audience] if isinstance(audience, str) else audience
        met = [
            rule
            for rule in rules
            if isinstance(subject, str) and rule.audience in audiences and matches(rule.subject, subject)
        ]
        if not met or not isinstance(subject, str):
            raise Unauthenticated(_NO_RULE)
        return Match(_only(met).id, subject)

    def _keys_of(self, issuer: str) -> IssuerKeys:
        if issuer not in self._keys:
            if len(self._keys) >= MAX_ISSUERS:
                self._keys.clear()
            self._keys[issuer] = IssuerKeys(issuer, self._min_interval)
        return self._keys[issuer]


def _only(rules: list[RuleRow]) -> RuleRow:
    if len({rule.principal_id for rule in rules}) > 1:
        raise Unauthenticated("Several service principals have rules that match this token: send a client_id.")
    return rules[0]


def _issuer(token: str) -> str:
    """As the token says, unchecked; empty if it cannot be read."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except PyJWTError:
        return ""
    issuer = claims.get("iss")
    return issuer if isinstance(issuer, str) and "\x00" not in issuer else ""
