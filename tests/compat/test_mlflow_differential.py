"""Random histories on MLflow's own store and on this registry, through MLflow's own client: every outcome agrees.

Intended differences are listed in intended_differences.py, and tested one by one.

The fixed form, of about a minute, runs the same histories each time. For a long run, of other histories each time::

    TUI_REGISTRY_HISTORIES=2000 python -m pytest tests/compat/test_mlflow_differential.py
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.compat.intended_differences import (
    ACCEPTED,
    BEFORE_EXAMPLES,
    EXAMPLES,
    Example,
    comparable,
    in_brief,
    is_intended,
)
from tests.compat.mlflow_client import THEIR_WARNINGS, MlflowClient
from tests.compat.mlflow_histories import BEGINNING, LAST_LOOK, OPERATIONS
from tests.compat.mlflow_operation import Operation, Refused, Side
from tests.live_registry import serving

pytestmark = [*THEIR_WARNINGS, pytest.mark.timeout(0)]

FIXED_HISTORIES = 50
STEPS = 40  # operations of a history, besides its beginning and the last look
HISTORIES = int(os.environ.get("TUI_REGISTRY_HISTORIES", "0"))

Sides = tuple[Side, Side]


@pytest.fixture(scope="module")
def sides(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    """MLflow's own store, and a registry that nobody else uses."""
    folder = tmp_path_factory.mktemp("differential")
    own = f"sqlite:///{shutil.copy(empty_store, folder)}"
    with serving(folder) as live, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_TOKEN", live.admin_token)
        theirs = Side(MlflowClient(tracking_uri=own, registry_uri=own), converts=True)
        ours = Side(MlflowClient(tracking_uri=own, registry_uri=live.url), converts=False)
        yield theirs, ours


def test_histories_agree(sides: Sides) -> None:
    theirs, ours = sides
    seen: set[tuple[str, str]] = set()

    class History(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            theirs.clear()
            ours.clear()
            for operation in BEGINNING:
                self.perform(operation)

        @rule(operation=OPERATIONS)
        def perform(self, operation: Operation) -> None:
            expected, actual = theirs.perform(operation), ours.perform(operation)
            if not is_intended(expected, actual):
                assert comparable(actual) == comparable(expected)
            seen.add((operation.method, "refused" if isinstance(expected, Refused) else "done"))

        def teardown(self) -> None:
            for operation in LAST_LOOK:
                self.perform(operation)

    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=HISTORIES or FIXED_HISTORIES,
            derandomize=not HISTORIES,
            database=None,
            deadline=None,
            stateful_step_count=STEPS,
            suppress_health_check=list(HealthCheck),
        ),
    )
    methods = {method for method, _ in seen}
    assert seen == {(method, how) for method in methods for how in ("done", "refused")} - NEVER_REFUSED


NEVER_REFUSED = {("get_model_version_stages", "refused")}  # answered by the client itself


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: repr(example.operation)[:100])
def test_intended_difference(example: Example, sides: Sides) -> None:
    for side, expected in zip(sides, (example.theirs, example.ours), strict=True):
        side.clear()
        for operation in BEFORE_EXAMPLES:
            assert in_brief(side.perform(operation)) == ACCEPTED
        assert in_brief(side.perform(example.operation)) == expected
