"""Random histories on MLflow's own store and on this registry, through MLflow's own client: every outcome agrees.

Intended differences are listed in intended_differences.py, and tested one by one.

Each seed is a deterministic history; a failing one is minimized. The short form runs for half a minute. For the long
form, of more histories::

    TUI_REGISTRY_HISTORIES=2000 python -m pytest tests/compat/test_mlflow_differential.py
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

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
from tests.compat.mlflow_histories import history
from tests.compat.mlflow_operation import Operation, Outcome, Refused, Side
from tests.live_registry import serving

pytestmark = THEIR_WARNINGS

HISTORIES = int(os.environ.get("TUI_REGISTRY_HISTORIES", "25"))
LENGTH = 60  # random operations of a history

Sides = tuple[Side, Side]


@pytest.fixture(scope="module")
def sides(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    """MLflow's own store, and a registry that no other test uses."""
    folder = tmp_path_factory.mktemp("differential")
    own = f"sqlite:///{shutil.copy(empty_store, folder)}"
    with serving(folder) as live, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_TOKEN", live.admin_token)
        theirs = Side(MlflowClient(tracking_uri=own, registry_uri=own), converts=True)
        ours = Side(MlflowClient(tracking_uri=own, registry_uri=live.url), converts=False)
        yield theirs, ours


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_a_history_agrees(seed: int, sides: Sides) -> None:
    operations = history(seed, LENGTH)
    failing = _first_difference(sides, operations)
    if failing is not None:
        _report(sides, _shortened(sides, operations[: failing + 1]))


@pytest.mark.variant
def test_histories_have_every_call_done_and_refused(sides: Sides) -> None:
    theirs, _ = sides
    seen: set[tuple[str, bool]] = set()
    for seed in range(8):
        theirs.clear()
        for operation in history(seed, LENGTH):
            seen.add((operation.method, isinstance(theirs.perform(operation), Refused)))
    everything = {(method, refused) for method, _ in seen for refused in (True, False)}
    assert seen == everything - {("get_model_version_stages", True)}  # which the client answers by itself


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: repr(example.operation)[:100])
def test_intended_difference(example: Example, sides: Sides) -> None:
    for side, expected in zip(sides, (example.theirs, example.ours), strict=True):
        side.clear()
        for operation in BEFORE_EXAMPLES:
            assert in_brief(side.perform(operation)) == ACCEPTED
        assert in_brief(side.perform(example.operation)) == expected


def _outcomes(sides: Sides, operations: Sequence[Operation]) -> Iterator[tuple[Outcome, Outcome]]:
    """The outcomes on MLflow's store and on this registry."""
    for side in sides:
        side.clear()
    for operation in operations:
        theirs, ours = (side.perform(operation) for side in sides)
        yield comparable(operation, theirs), comparable(operation, ours)


def _first_difference(sides: Sides, operations: Sequence[Operation]) -> int | None:
    for number, (theirs, ours) in enumerate(_outcomes(sides, operations)):
        if theirs != ours and not is_intended(theirs, ours):
            return number
    return None


def _shortened(sides: Sides, operations: list[Operation]) -> list[Operation]:
    """Minimize: without operations that are not needed for a difference, first halves, then quarters, and so on."""
    size = len(operations) // 2
    while size:
        for start in reversed(range(0, len(operations), size)):
            shorter = operations[:start] + operations[start + size :]
            if (failing := _first_difference(sides, shorter)) is not None:
                operations = shorter[: failing + 1]
        size //= 2
    return operations


def _report(sides: Sides, operations: list[Operation]) -> None:
    """Fail, and show the history up to the difference."""
    theirs, ours = list(_outcomes(sides, operations))[-1]
    print(*operations, sep="\n")
    assert ours == theirs
