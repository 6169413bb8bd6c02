"""Production rolled back by a command: to the predecessor, to another former one, and back; in one transaction."""

import pytest

from tests.tui_registry.command_line import answer, lines, run
from tests.tui_registry.scene import ASKER, Scene
from tui_registry.commands.exits import Exit

pytestmark = pytest.mark.usefixtures("command_home")


def stages(scene: Scene, model: str, count: int) -> list[str]:
    return [scene.stage(model, str(number)) for number in range(1, count + 1)]


def released(scene: Scene, count: int) -> str:
    """A model each of whose versions was in Production until the next one came."""
    model = scene.model("released")
    for _ in range(count):
        scene.version(model, "Production", archive=True)
    return model


def test_the_predecessor_takes_the_place_and_a_second_rollback_swaps_back(scene: Scene) -> None:
    model = released(scene, 3)
    assert stages(scene, model, 3) == ["Archived", "Archived", "Production"]
    (told,) = lines(run(scene, "rollback", model, "--comment", "It mispredicts."))
    assert told == f"{model} version 2: Moved from Archived to Production. Archived version 3."
    assert stages(scene, model, 3) == ["Archived", "Production", "Archived"]
    activity = scene.activities(model, "APPLIED_TRANSITION")[0]
    (displaced,) = (each for each in scene.activities(model, "SYSTEM_TRANSITION") if each["version"] == "3")
    assert activity["comment"] == "It mispredicts."
    assert activity["creation_timestamp"] == displaced["creation_timestamp"]
    done = answer(scene, "rollback", model)
    assert done == {
        "name": model,
        "moves": [
            {"version": "3", "from_stage": "Archived", "to_stage": "Production"},
            {"version": "2", "from_stage": "Production", "to_stage": "Archived"},
        ],
        "dry_run": False,
    }
    assert stages(scene, model, 3) == ["Archived", "Archived", "Production"]


def test_a_dry_run_says_both_moves_and_makes_none(scene: Scene) -> None:
    model = released(scene, 2)
    assert lines(run(scene, "rollback", model, "--dry-run", TUI_REGISTRY_READ_ONLY="1")) == [
        f"{model} version 1: moving it to Production, archiving version 2",
        "version 1: Archived → Production",
        "version 2: Production → Archived",
        "Dry run: nothing was changed.",
    ]
    dry = answer(scene, "rollback", model, "--dry-run")
    assert (dry["dry_run"], [move["version"] for move in dry["moves"]]) == (True, ["1", "2"])
    assert stages(scene, model, 2) == ["Archived", "Production"]


def test_another_former_version_can_be_named(scene: Scene) -> None:
    model = released(scene, 3)
    assert run(scene, "rollback", model, "--to", "1").exit_code == 0
    assert stages(scene, model, 3) == ["Production", "Archived", "Archived"]


def test_an_empty_production_is_restored(scene: Scene) -> None:
    model = released(scene, 2)
    scene.move(model, "2", "None")
    assert lines(run(scene, "rollback", model)) == [f"{model} version 2: Moved from None to Production."]
    assert stages(scene, model, 2) == ["Archived", "Production"]


@pytest.mark.parametrize(
    ("model", "options", "by", "code", "told"),
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
    scene: Scene, model: str, options: tuple[str, ...], by: str, code: Exit, told: str
) -> None:
    made = {each: scene.model(each) for each in ("first", "none", "several")}
    scene.version(made["first"], "Production")
    scene.version(made["first"])
    scene.version(made["none"])
    for _ in range(2):
        scene.version(made["several"], "Production")
    before = stages(scene, made["first"], 2) + stages(scene, made["several"], 2)
    done = run(scene, "rollback", made.get(model, model), *options, "--json", **({"by": by} if by else {}))
    assert (done.exit_code, done.stdout) == (code, ""), done.output
    assert told in done.stderr
    assert stages(scene, made["first"], 2) + stages(scene, made["several"], 2) == before


def test_a_read_only_profile_sends_nothing(scene: Scene) -> None:
    model = released(scene, 2)
    done = run(scene, "rollback", model, TUI_REGISTRY_READ_ONLY="1")
    assert done.exit_code == Exit.NOT_ALLOWED
    assert stages(scene, model, 2) == ["Archived", "Production"]
