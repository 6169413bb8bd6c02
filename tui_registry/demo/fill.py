"""Filling a temporary registry: users first, then the planned calls, one at a time.

Calls are sequential: the activity feed is in the order in which the server received them, and the plan is in the order
of their times. The server must have been started with ``--throwaway``, so that it accepts those times.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx

from tui_registry.client.endpoint import Endpoint
from tui_registry.client.transport import API
from tui_registry.demo.call import Call
from tui_registry.demo.clock import Clock
from tui_registry.demo.people import ADMIN, GROUPS, JENKINS, NAMES, PEOPLE
from tui_registry.demo.plan import OPENED, plan

SCIM = "/preview/scim/v2"
TIME_HEADER = "X-Demo-Time"
TIMEOUT = 30.0  # seconds
PROGRESS_INTERVAL = 10  # calls between two reports: a slow terminal should not delay the filling


class FillError(Exception):
    """A call of the demo was refused. Its text names the call and the answer."""


def fill(
    endpoint: Endpoint,
    token: str,
    tokens_of: Callable[[Sequence[str]], Sequence[str]],
    now: datetime,
    progress: Callable[[int, int], None],
) -> None:
    """Fill the registry at ``endpoint``; blocks for some seconds.

    token: of ADMIN, who exists already and is an administrator.
    tokens_of: creates a token for each of these users and service principals, which exist by then.
    now: with its time zone; nothing happens later than this.
    progress: called regularly with the calls done and their total, from 0 to all.
    """
    calls = plan(now)
    with endpoint.client(timeout=TIMEOUT) as client:
        registry = _Registry(client, {ADMIN: token})
        progress(0, len(calls))
        registry.create_principals(Clock(now).at(OPENED))
        others = [name for name in NAMES.values() if name != ADMIN]
        registry.tokens.update(zip(others, tokens_of(others), strict=True))
        for done, call in enumerate(calls, start=1):
            registry.send(call)
            if done % PROGRESS_INTERVAL == 0 or done == len(calls):
                progress(done, len(calls))


class _Registry:
    """The server, called with the tokens of the demo's users."""

    def __init__(self, client: httpx.Client, tokens: dict[str, str]) -> None:
        self.tokens = tokens
        self._client = client

    def create_principals(self, at: int) -> None:
        """Create the users, the build server, and the groups with their members."""
        ids: dict[str, str] = {}
        for key, person in PEOPLE.items():
            body = {"userName": person.name, "displayName": person.display_name}
            ids[key] = self._call(Call(at, ADMIN, "POST", f"{SCIM}/Users", body))["id"]
        body = {"applicationId": JENKINS, "displayName": "Jenkins, nightly retraining"}
        self._call(Call(at, ADMIN, "POST", f"{SCIM}/ServicePrincipals", body))
        for group, members in GROUPS.items():
            listed = [{"value": ids[member]} for member in members]
            created = Call(at, ADMIN, "POST", f"{SCIM}/Groups", {"displayName": group, "members": listed})
            ids[group] = self._call(created)["id"]

    def send(self, call: Call) -> None:
        """Send a call of the plan."""
        if call.of is None:
            self._call(call)
            return
        asked = Call(call.at, call.who, "GET", "/mlflow/databricks/registered-models/get", {"name": call.of})
        model_id = self._call(asked)["registered_model_databricks"]["id"]
        self._call(Call(call.at, call.who, call.method, call.path.format(id=model_id), call.body))

    def _call(self, call: Call) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {self.tokens[call.who]}", TIME_HEADER: str(call.at)}
        if call.method == "GET":
            answer = self._client.request(call.method, API + call.path, params=call.body, headers=headers)
        else:
            answer = self._client.request(call.method, API + call.path, json=call.body, headers=headers)
        if not answer.is_success:
            raise FillError(
                f"{call.who}: {call.method} {call.path} {dict(call.body)}: {answer.status_code} {answer.text}"
            )
        content: Mapping[str, Any] = answer.json()
        return content
