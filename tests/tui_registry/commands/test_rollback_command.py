"""Production rolled back by a command: to the predecessor, to another former one, and back; in one transaction."""

import pytest

from tests.tui_registry.command_line import answer, lines, run
from tests.tui_registry.samples import ASKER, Samples
from tui_registry.commands.exit_codes import Exit

pytestmark = pytest.mark.usefixtures("command_home")


def stages(samples: Samples, model: str, count: int) -> list[str]:
    return [samples.stage(model, str(number)) for number in range(1, count + 1)]


def released(samples: Samples, count: int) -> str:
    """A model each of whose versions was in Production until the next one came."""
    model = samples.model("released")
    for _ in range(count):
        samples.version(model, "Production", archive=True)
    return model


def test_the_predecessor_takes_the_place_and_a_second_rollback_swaps_back(samples: Samples) -> None:
    model = released(samples, 3)
    assert stages(samples, model, 3) == ["Archived", "Archived", "Production"]
    (message,) = lines(run(samples, "rollback", model, "--comment", "It mispredicts."))
    assert message == f"{model} version 2: Moved from Archived to Production. Archived version 3."
    assert stages(samples, model, 3) == ["Archived", "Production", "Archived"]
    activity = samples.activities(model, "APPLIED_TRANSITION")[0]
    (displaced,) = (each for each in samples.activities(model, "SYSTEM_TRANSITION") if each["version"] == "3")
    assert activity["comment"] == "It mispredicts."
    assert activity["creation_timestamp"] == displaced["creation_timestamp"]
    done = answer(samples, "rollback", model)
    assert done == {
        "name": model,
        "moves": [
            {"version": "3", "from_stage": "Archived", "to_stage": "Production"},
            {"version": "2", "from_stage": "Production", "to_stage": "Archived"},
        ],
        "dry_run": False,
    }
    assert stages(samples, model, 3) == ["Archived", "Archived", "Production"]


def test_a_dry_run_says_both_moves_and_makes_none(samples: Samples) -> None:
    model = released(samples, 2)
    samples.ask(model, "1", "Production")
    assert lines(run(samples, "rollback", model, "--dry-run", TUI_REGISTRY_READ_ONLY="1")) == [
        f"{model} version 1: moving it to Production, archiving version 2",
        "version 1: Archived → Production",
        "version 2: Production → Archived",
        f"Closes the request by {ASKER}.",
        "Dry run: nothing was changed.",
    ]
    dry = answer(samples, "rollback", model, "--dry-run")
    assert (dry["dry_run"], [move["version"] for move in dry["moves"]]) == (True, ["1", "2"])
    assert stages(samples, model, 2) == ["Archived", "Production"]


def test_another_former_version_can_be_named(samples: Samples) -> None:
    model = released(samples, 3)
    assert run(samples, "rollback", model, "--to", "1").exit_code == 0
    assert stages(samples, model, 3) == ["Production", "Archived", "Archived"]


def test_an_empty_production_is_restored(samples: Samples) -> None:
    model = released(samples, 2)
    samples.move(model, "2", "None")
    assert lines(run(samples, "rollback", model)) == [f"{model} version 2: Moved from None to Production."]
    assert stages(samples, model, 2) == ["Archived", "Production"]


@pytest.mark.parametrize(
    ("model", "options", "by", "code", "message"),
    [
        ("first", (), "", Exit.REFUSED, "No version was in Production before version 1."),
        ("none", (), "", Exit.REFUSED, "was ever in Production"),
        ("several", (), "", Exit.REFUSED, "The versions 1, 2 are in Production together"),
        ("several", ("--to", "2"), "", Exit.REFUSED, "Version 2 is in Production already."),
        ("first", ("--to", "2"), "", Exit.REFUSED, "Version 2 was never in Production."),
        ("first", ("--to", "9"), "", Exit.NOT_FOUND, "not found"),
        ("first", (), ASKER, Exit.NOT_ALLOWED, "requires CAN_MANAGE_PRODUCTION_VERSIONS; your level"),
        ("nowhere", (), "", Exit.NOT_FOUND, "not found"),
    ],
)
def test_what_cannot_be_rolled_back_says_why(
    samples: Samples, model: str, options: tuple[str, ...], by: str, code: Exit, message: str
) -> None:
    made = {each: samples.model(each) for each in ("first", "none", "several")}
    samples.version(made["first"], "Production")
    samples.version(made["first"])
    samples.version(made["none"])
    for _ in range(2):
        samples.version(made["several"], "Production")
    before = stages(samples, made["first"], 2) + stages(samples, made["several"], 2)
    done = run(samples, "rollback", made.get(model, model), *options, "--json", **({"by": by} if by else {}))
    assert (done.exit_code, done.stdout) == (code, ""), done.output
    assert message in done.stderr
    assert stages(samples, made["first"], 2) + stages(samples, made["several"], 2) == before


def test_a_read_only_profile_sends_nothing(samples: Samples) -> None:
    model = released(samples, 2)
    done = run(samples, "rollback", model, TUI_REGISTRY_READ_ONLY="1")
    assert done.exit_code == Exit.NOT_ALLOWED
    assert stages(samples, model, 2) == ["Archived", "Production"]
