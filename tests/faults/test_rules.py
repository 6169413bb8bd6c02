"""After any sequence of calls, a live registry has the same answers and the same state as the reference registry.

Everything goes over HTTP, as an administrator and two ordinary users; on PostgreSQL alternately to two servers, so that
stale caches show.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import chain, groupby
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from tests.faults.model_rules import ModelRules
from tests.faults.permission_rules import PermissionRules
from tests.faults.reading_rules import ReadingRules
from tests.faults.reference_registry import ADMIN, GROUP
from tests.faults.registry_machine import ALIASES, ANN, BOB, KEYS, NAMES, VALUES, levels, members, stages
from tests.faults.rounds import ROUNDS
from tests.faults.shared_registry import SharedRegistry, shared_registry
from tests.faults.stage_rules import StageRules
from tests.faults.version_rules import VersionRules
from tests.live_registry import command
from tests.server.api import Api
from tests.server.callers import SCIM, add_group

EXAMPLES = max(5, ROUNDS // 3)
STEPS = 30  # of each example
PHASES = (Phase.generate, Phase.shrink) if ROUNDS > 100 else (Phase.generate,)
"""Shrinking a failing example takes minutes, so the short form reports the first one as it is."""


class Rules(ModelRules, PermissionRules, VersionRules, StageRules, ReadingRules):
    """All rules."""

    @initialize(levels=st.tuples(levels, levels), of_group=levels, members=members, stage=stages)
    def begin(self, levels: tuple[str, str], of_group: str, members: set[str], stage: str) -> None:
        """Start with two models that have everything."""
        for name, who, other, level in ((NAMES[0], ANN, BOB, levels[0]), (NAMES[1], BOB, ANN, levels[1])):
            self.create_model(who, name, None, {})
            for _ in range(2):
                self.create_version(who, name, None, None)
            self.grant(who, name, [(other, level), (GROUP, of_group)], False, True)
            self.transition(who, (name, 1), stage, False, None, False)
            self.request(other, (name, 1), "Archived", None)
            for each in (who, other):
                self.request(each, (name, 2), "Production", "please")
            self.comment(other, (name, 1))
            self.tag_model(who, name, KEYS[0], VALUES[1])
            self.tag_version(who, (name, 1), KEYS[1], VALUES[2])
            self.set_alias(who, (name, 1), ALIASES[0])
        self.let_in(ADMIN, members)

    def teardown(self) -> None:
        for who in (ADMIN, BOB):
            self.look(who)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedRegistry]:
    with shared_registry(tmp_path_factory.mktemp("rules")) as shared:
        yield shared


@pytest.mark.timeout(300 + 3 * ROUNDS)
def test_the_registry_does_what_the_rules_say(shared: SharedRegistry) -> None:
    tokens = {ADMIN: shared.token}
    with shared.api as admin:
        add_group(admin, GROUP)
        for name in (ANN, BOB):
            admin.post(f"{SCIM}/Users", userName=name).ok()
            tokens[name] = command(shared.database, "tokens", "create", name).strip()

    class Here(Rules):
        apis: ClassVar = {who: [Api(url, token) for url in shared.urls] for who, token in tokens.items()}
        counts: ClassVar = Counter()

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=PHASES,
        ),
    )
    for api in chain(*Here.apis.values()):
        api.__exit__(None, None, None)
    records = shared.check()
    for verb, outcomes in groupby(sorted(Here.counts.items()), key=lambda each: each[0][0]):
        print(f"{verb}: " + ", ".join(f"{how} {count}" for (_, how), count in outcomes))
    done = sum(count for (_, how), count in Here.counts.items() if how in ("done", "found"))
    print(f"{EXAMPLES} examples: {Here.counts.total()} calls of which {done} did something; {records} records are true")
    assert done > EXAMPLES * STEPS // 4, "most of what was tried was refused"
