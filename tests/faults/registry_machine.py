"""A state machine that calls a live registry and the reference registry, and compares what both do.

The rules are in other modules, by noun, as subclasses.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from tests.faults.reference_comparison import MODELS
from tests.faults.reference_registry import ADMIN, GROUP, LEVELS, STAGES, ReferenceRegistry, Refused
from tests.server.api import Answer, Api
from tests.server.callers import SCIM, user_id

ANN, BOB = "ann", "bob"
NAMES = ["alpha", "Alpha", "a_pha", "gäm%ma's"]
KEYS, VALUES = ["k", "a.b c"], ["", "x", "X%", "it's ä"]
ALIASES = ["champion", "champion", "Champion", "b-2"]
PATTERNS = ["%", "", "alpha", "ALPHA", "%pha", "%PH%", "a_pha", "%ä%", "%'s", "_", "x", "x_", "%!%%", "%\\%%"]
PEOPLE = [ADMIN, ANN, BOB]

REQUESTS, COMMENTS = "/mlflow/transition-requests", "/mlflow/comments"

Asked = tuple[str, int, str, str]
"""A model's name, a version's number, a stage, and the requester."""

whos = st.sampled_from([ADMIN, ANN, ANN, BOB, BOB])
mostly_admins = st.sampled_from([ADMIN, ADMIN, ANN, BOB])
names: st.SearchStrategy[str] = st.runner().flatmap(lambda machine: st.sampled_from(machine.likely_names()))
places: st.SearchStrategy[tuple[str, int]] = st.runner().flatmap(
    lambda machine: st.sampled_from(machine.likely_versions())
)
asked: st.SearchStrategy[Asked] = st.runner().flatmap(lambda machine: st.sampled_from(machine.likely_requests()))
commented: st.SearchStrategy[tuple[str, str]] = st.runner().flatmap(lambda machine: st.sampled_from(machine.comments))
stages = st.sampled_from([*STAGES, "Production"])
texts = st.sampled_from([None, "said", "said ä'\"\n"])
levels = st.sampled_from(LEVELS)
members = st.sets(st.sampled_from([ANN, BOB]))
entries = st.lists(st.tuples(st.sampled_from([ANN, BOB, GROUP]), levels), max_size=3)
keys, values, aliases = st.sampled_from(KEYS), st.sampled_from(VALUES), st.sampled_from(ALIASES)


class RegistryMachine(RuleBasedStateMachine):
    """``apis``: those of each caller, one per server; ``counts``: the outcomes of each verb."""

    apis: ClassVar[dict[str, list[Api]]]
    counts: ClassVar[Counter[tuple[str, str]]]

    def __init__(self) -> None:
        super().__init__()
        self._turn = 0
        self.reference = ReferenceRegistry()
        self.seen: dict[str, tuple[dict[str, str], str]] = {}
        """The grants on models as they were last read, with their etag."""
        self.comments = [("0" * 32, ANN)]
        """The ids and authors of all comments, including deleted ones."""
        admin = self.apis[ADMIN][0]
        while found := admin.get(f"{MODELS}/search").ok().get("registered_models"):
            for each in found:
                admin.delete(f"{MODELS}/delete", name=each["name"]).ok()
        admin.put("/permissions/registered-models/root").ok()
        self._group = admin.get(f"{SCIM}/Groups", filter=f'displayName eq "{GROUP}"').ok()["Resources"][0]["id"]
        self._ids = {name: user_id(admin, name) for name in (ANN, BOB)}
        admin.put(f"{SCIM}/Groups/{self._group}", displayName=GROUP, members=[]).ok()
        time.sleep(0.002)  # so that earlier activities are of another millisecond
        self._since = int(time.time() * 1000)

    def api(self, who: str) -> Api:
        self._turn += 1
        return self.apis[who][self._turn % len(self.apis[who])]

    def likely_names(self) -> list[str]:
        return [*self.reference.models, *self.reference.models, *NAMES[1:]]

    def likely_versions(self) -> list[tuple[str, int]]:
        there = [(name, number) for name, model in self.reference.models.items() for number in model.versions]
        return [*there, *there, *((name, 3) for name in NAMES[:2])]

    def likely_requests(self) -> list[Asked]:
        there = [
            (each["name"], each["version"], each["to"], each["creator"]) for each in self.reference.open_requests(ADMIN)
        ]
        return [*there, *there, *((*place, "Staging", ANN) for place in self.likely_versions()[:2])]

    def _same(self, verb: str, expected: Callable[[], Any], call: Callable[[], Answer]) -> tuple[Any, Any]:
        """The reference registry's result and the live one's JSON, or None if both refused."""
        try:
            result = expected()
        except Refused as refused:
            self.counts[verb, refused.code] += 1
            call().refused(refused.status, refused.code)
            return None, None
        self.counts[verb, "done"] += 1
        return result, call().ok()


def access_list(entries: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Levels in the form of request bodies."""
    return [
        {"group_name" if principal == GROUP else "user_name": principal, "permission_level": level}
        for principal, level in entries
    ]


def version_of(place: tuple[str, int]) -> dict[str, str]:
    """A version in the form of request bodies."""
    return {"name": place[0], "version": str(place[1])}
