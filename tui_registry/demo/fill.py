"""Filling a throwaway registry: people first, then the plan, a step at a time.

One call follows the other: the feed is in the order in which the server came to know of things, and the plan is in the
order of their times. The server must have been started with ``--throwaway``, so that it believes those times.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx

from tui_registry.client.endpoint import Endpoint
from tui_registry.client.transport import API
from tui_registry.demo.clock import Clock
from tui_registry.demo.people import ADMIN, GROUPS, JENKINS, NAMES, PEOPLE
from tui_registry.demo.plan import OPENED, plan
from tui_registry.demo.step import Step

SCIM = "/preview/scim/v2"
CLOCK = "X-Demo-Time"
TIMEOUT = 30.0  # seconds
TOLD = 10  # steps between two words on the progress: a terminal far away should not be what the filling waits for


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
    tokens_of: makes a token for each of the users and service principals named, who exist by then.
    now: with its time zone; nothing happens later than this.
    progress: told now and then how many steps are done, of how many; the first time 0, the last time all.
    """
    steps = plan(now)
    with endpoint.client(timeout=TIMEOUT) as client:
        registry = _Registry(client, {ADMIN: token})
        progress(0, len(steps))
        registry.enrol(Clock(now).at(OPENED))
        others = [name for name in NAMES.values() if name != ADMIN]
        registry.tokens.update(zip(others, tokens_of(others), strict=True))
        for done, step in enumerate(steps, start=1):
            registry.take(step)
            if done % TOLD == 0 or done == len(steps):
                progress(done, len(steps))


class _Registry:
    """The server, as the people of the demo call it."""

    def __init__(self, client: httpx.Client, tokens: dict[str, str]) -> None:
        self.tokens = tokens
        self._client = client

    def enrol(self, at: int) -> None:
        """The people, the build server, and the groups with their members."""
        ids: dict[str, str] = {}
        for key, person in PEOPLE.items():
            body = {"userName": person.name, "displayName": person.shown}
            ids[key] = self._call(Step(at, ADMIN, "POST", f"{SCIM}/Users", body))["id"]
        body = {"applicationId": JENKINS, "displayName": "Jenkins, nightly retraining"}
        self._call(Step(at, ADMIN, "POST", f"{SCIM}/ServicePrincipals", body))
        for group, members in GROUPS.items():
            listed = [{"value": ids[member]} for member in members]
            created = Step(at, ADMIN, "POST", f"{SCIM}/Groups", {"displayName": group, "members": listed})
            ids[group] = self._call(created)["id"]

    def take(self, step: Step) -> None:
        """Do a step of the plan."""
        if step.of is None:
            self._call(step)
            return
        asked = Step(step.at, step.who, "GET", "/mlflow/databricks/registered-models/get", {"name": step.of})
        model_id = self._call(asked)["registered_model_databricks"]["id"]
        self._call(Step(step.at, step.who, step.method, step.path.format(id=model_id), step.body))

    def _call(self, step: Step) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {self.tokens[step.who]}", CLOCK: str(step.at)}
        if step.method == "GET":
            answer = self._client.request(step.method, API + step.path, params=step.body, headers=headers)
        else:
            answer = self._client.request(step.method, API + step.path, json=step.body, headers=headers)
        if not answer.is_success:
            raise FillError(
                f"{step.who}: {step.method} {step.path} {dict(step.body)}: {answer.status_code} {answer.text}"
            )
        said: Mapping[str, Any] = answer.json()
        return said
