"""Models, versions, comments, aliases and requests changed by commands: what they print, change and only show."""

import pytest

from tests.tui_registry.command_line import answer, lines, run
from tests.tui_registry.scene import ASKER, OWNER, Scene
from tui_registry.commands.exits import Exit

pytestmark = pytest.mark.usefixtures("command_home")


def test_a_model_from_its_creation_to_its_end(scene: Scene) -> None:
    name = f"life-{scene.id}"
    made = answer(scene, "models", "create", name, "--description", "Predicts churn.")["registered_model_databricks"]
    assert (made["name"], made["description"], made["permission_level"]) == (name, "Predicts churn.", "CAN_MANAGE")
    assert lines(run(scene, "models", "describe", name, "Better.")) == [f"{name}: Description changed."]
    assert lines(run(scene, "models", "describe", name, "Better.")) == [f"{name} already has this description."]
    tagged = lines(run(scene, "models", "tag", name, "team=risk", "formula=a=b"))
    assert tagged == [f"{name}: Tag team set to risk.", f"{name}: Tag formula set to a=b."]
    assert lines(run(scene, "models", "tag", name, "team=risk")) == [f"{name} already has this value of: team."]
    assert run(scene, "models", "tag", name, "team").exit_code == Exit.USAGE
    same, change = f"{name} already has this value of: team.", f"{name}: setting the tag owner"
    assert lines(run(scene, "models", "tag", name, "team=risk", "owner=ann", "--dry-run"))[:2] == [same, change]
    document = answer(scene, "models", "tag", name, "team=risk", "owner=ann", "--dry-run")
    assert (document["already"], len(document["changes"])) == (same, 1)
    shown = answer(scene, "models", "show", name)["registered_model_databricks"]
    assert (shown["description"], shown["tags"]) == (
        "Better.",
        [
            {"key": "formula", "value": "a=b"},
            {"key": "team", "value": "risk"},
        ],
    )
    assert run(scene, "models", "untag", name, "team", "formula").exit_code == 0
    assert run(scene, "models", "untag", name, "team").exit_code == Exit.NOT_FOUND
    renamed = answer(scene, "models", "rename", name, f"{name}-new")["registered_model_databricks"]
    assert (renamed["name"], renamed.get("tags", [])) == (f"{name}-new", [])
    warning = f"{name}-new with 0 versions will be deleted. This cannot be undone."
    assert warning in lines(run(scene, "models", "delete", f"{name}-new", "--dry-run"))
    assert answer(scene, "models", "delete", f"{name}-new", "--dry-run")["warning"] == warning
    refused = run(scene, "models", "delete", f"{name}-new")
    assert refused.exit_code == Exit.REFUSED
    assert warning in refused.stderr
    assert "add --yes" in refused.stderr
    assert lines(run(scene, "models", "delete", f"{name}-new", "--yes")) == [f"{name}-new: Model deleted."]
    assert run(scene, "models", "show", f"{name}-new").exit_code == Exit.NOT_FOUND


def test_a_description_is_read_from_standard_input(scene: Scene) -> None:
    from click.testing import CliRunner

    from tests.tui_registry.command_line import variables
    from tui_registry.cli import main

    model = scene.model("card")
    done = CliRunner().invoke(main, ["models", "describe", model, "-"], input="# Card\n\nü\n", env=variables(scene))
    assert done.exit_code == 0, done.output
    assert answer(scene, "models", "show", model)["registered_model_databricks"]["description"] == "# Card\n\nü"


def test_versions_are_created_listed_and_shown(scene: Scene) -> None:
    model = scene.model("listed")
    made = answer(scene, "versions", "create", model, "s3://bucket/1", "--description", "First.", "--run-id", "r1")
    assert made["model_version"]["version"] == "1"
    assert (made["model_version"]["source"], made["model_version"]["run_id"]) == ("s3://bucket/1", "r1")
    scene.version(model, "Production")
    scene.ask(model, "1", "Staging")
    listed = answer(scene, "versions", "list", model)["model_versions"]
    assert [each["version"] for each in listed] == ["2", "1"]
    (only,) = answer(scene, "versions", "list", model, "--stage", "production")["model_versions"]
    assert only["version"] == "2"
    limited = answer(scene, "versions", "list", model, "--limit", "1")
    assert [each["version"] for each in limited["model_versions"]] == ["2"]
    assert limited["next_page_token"]
    headings, first, _ = lines(run(scene, "versions", "list", model))
    assert first[headings.index("STAGE") :].startswith("Production")
    shown = lines(run(scene, "versions", "show", model, "1"))
    assert "Source:       s3://bucket/1" in shown
    assert any(ASKER in line for line in shown[shown.index("Open requests") :])
    assert answer(scene, "versions", "show", model, "1")["requests"] == scene.requests()
    assert run(scene, "versions", "show", model, "9").exit_code == Exit.NOT_FOUND
    assert run(scene, "versions", "list", "nowhere").exit_code == Exit.NOT_FOUND


def test_a_transition_keeps_or_archives_who_is_there(scene: Scene) -> None:
    model = scene.model("moved")
    for stage in ("Production", "None", "None"):
        scene.version(model, stage)
    done = run(scene, "versions", "transition", model, "2", "production", "--comment", "Ship it.")
    assert lines(done) == [f"{model} version 2: Moved from None to Production."]
    assert scene.stage(model, "1") == "Production"
    (activity,) = [each for each in scene.activities(model, "APPLIED_TRANSITION") if each.get("comment")]
    assert activity["comment"] == "Ship it."
    dry = lines(run(scene, "versions", "transition", model, "3", "Production", "--archive-existing", "--dry-run"))
    assert dry == [
        f"{model} version 3: moving it to Production, archiving versions 1, 2",
        "Dry run: nothing was changed.",
    ]
    assert scene.stage(model, "3") == "None"
    moved = answer(scene, "versions", "transition", model, "3", "Production", "--archive-existing")
    assert moved["model_version"]["current_stage"] == "Production"
    assert [scene.stage(model, each) for each in "123"] == ["Archived", "Archived", "Production"]
    again = run(scene, "versions", "transition", model, "3", "Production")
    assert lines(again) == [f"{model} version 3 is already in Production."]
    refused = run(scene, "versions", "transition", model, "3", "Staging", by=ASKER)
    assert refused.exit_code == Exit.NOT_ALLOWED
    assert scene.stage(model, "3") == "Production"


EMPTY = "Production is left EMPTY: no other version is there."


def test_who_leaves_production_empty_is_told(scene: Scene) -> None:
    model = scene.model("emptied")
    for _ in range(2):
        scene.version(model, "Production")
    move = ("versions", "transition", model)
    assert EMPTY not in lines(run(scene, *move, "1", "Archived", "--dry-run"))
    quiet = run(scene, *move, "1", "Archived")
    assert (lines(quiet), quiet.stderr) == ([f"{model} version 1: Moved from Production to Archived."], "")
    assert EMPTY in lines(run(scene, *move, "2", "None", "--dry-run"))
    assert answer(scene, *move, "2", "None", "--dry-run")["notice"] == EMPTY
    assert EMPTY not in run(scene, *move, "2", "Production", "--dry-run").output
    assert EMPTY in run(scene, "versions", "delete", model, "2").stderr
    assert EMPTY not in run(scene, "versions", "delete", model, "1").stderr
    scene.ask(model, "2", "Archived")
    assert EMPTY in lines(run(scene, "requests", "approve", model, "2", "Archived", "--dry-run"))
    assert EMPTY not in lines(run(scene, "requests", "reject", model, "2", "Archived", "--dry-run"))
    assert run(scene, "requests", "approve", model, "2", "Archived").stderr == f"{EMPTY}\n"
    assert scene.stage(model, "2") == "Archived"


def test_to_archive_others_where_several_belong_is_refused(scene: Scene) -> None:
    model = scene.pending("shelved", "Archived")
    for group, verb in (("versions", "transition"), ("requests", "approve")):
        done = run(scene, group, verb, model, "1", "Archived", "--archive-existing")
        assert done.exit_code == Exit.USAGE
        assert "nothing is archived in Archived" in done.stderr
    assert scene.stage(model, "1") == "None"


def test_a_version_is_described_tagged_and_deleted(scene: Scene) -> None:
    model = scene.model("edited")
    scene.version(model)
    described = answer(scene, "versions", "describe", model, "1", "AUC 0.91")
    assert described["model_version"]["description"] == "AUC 0.91"
    assert run(scene, "versions", "tag", model, "1", "signed=yes").exit_code == 0
    (tag,) = answer(scene, "versions", "show", model, "1")["model_version"]["tags"]
    assert tag == {"key": "signed", "value": "yes"}
    assert answer(scene, "versions", "untag", model, "1", "signed")["model_version"].get("tags", []) == []
    dry = lines(run(scene, "versions", "delete", model, "1", "--dry-run"))
    assert dry == [
        f"{model} version 1: deleting the version",
        f"{model} version 1, in None, will be deleted. This cannot be undone.",
        "Dry run: nothing was changed.",
    ]
    assert run(scene, "versions", "delete", model, "1").exit_code == Exit.REFUSED
    assert answer(scene, "versions", "delete", model, "1", "--yes") == {}
    assert run(scene, "versions", "show", model, "1").exit_code == Exit.NOT_FOUND


def test_comments_are_added_edited_listed_and_deleted(scene: Scene) -> None:
    model = scene.model("discussed")
    scene.version(model)
    added = answer(scene, "comments", "add", model, "1", "Looks good, ü.")["comment"]
    assert (added["comment"], added["user_id"]) == ("Looks good, ü.", OWNER)
    edited = answer(scene, "comments", "edit", model, "1", added["id"], "Looks better.")["comment"]
    assert (edited["id"], edited["comment"]) == (added["id"], "Looks better.")
    headings, row = lines(run(scene, "comments", "list", model, "1"))
    assert row.startswith(added["id"])
    assert row[headings.index("COMMENT") :] == "Looks better."
    assert run(scene, "comments", "edit", model, "1", added["id"], "Mine.", by=ASKER).exit_code == Exit.NOT_ALLOWED
    refused = run(scene, "comments", "delete", model, "1", added["id"])
    assert refused.exit_code == Exit.REFUSED
    assert "“Looks better.” by console-owner will be deleted." in refused.stderr
    assert run(scene, "comments", "delete", model, "1", added["id"], "--yes").exit_code == 0
    assert answer(scene, "comments", "list", model, "1") == {"comments": []}
    assert run(scene, "comments", "delete", model, "1", added["id"], "--yes").exit_code == Exit.NOT_FOUND


def test_an_alias_is_set_moved_and_deleted(scene: Scene) -> None:
    model = scene.model("named")
    scene.version(model)
    scene.version(model)
    assert lines(run(scene, "aliases", "set", model, "champion", "1")) == [
        f"{model}: @champion now points to version 1."
    ]
    dry = lines(run(scene, "aliases", "set", model, "@champion", "2", "--dry-run"))
    assert "@champion points to version 1 now." in dry
    assert answer(scene, "aliases", "set", model, "champion", "2") == {
        "aliases": [{"alias": "champion", "version": "2"}]
    }
    assert lines(run(scene, "aliases", "list", model)) == ["ALIAS     VERSION", "champion  2"]
    assert run(scene, "aliases", "delete", model, "champion").exit_code == 0
    assert run(scene, "aliases", "delete", model, "champion").exit_code == Exit.NOT_FOUND
    assert answer(scene, "aliases", "list", model) == {"aliases": []}


def test_a_request_is_created_and_cancelled(scene: Scene) -> None:
    model = scene.model("requested")
    scene.version(model)
    made = answer(scene, "requests", "create", model, "1", "Staging", "--comment", "Please.", by=ASKER)["request"]
    assert [made["id"]] == [each["id"] for each in scene.requests()]
    assert (made["user_id"], made["comment"]) == (ASKER, "Please.")
    twice = run(scene, "requests", "create", model, "1", "Staging", by=ASKER)
    assert twice.exit_code == Exit.REFUSED
    assert "you have already requested Staging" in twice.stderr
    other = run(scene, "requests", "cancel", model, "1", "Staging")
    assert other.exit_code == Exit.NOT_FOUND
    assert "no open request by you" in other.stderr
    dry = run(scene, "requests", "cancel", model, "1", "Staging", "--dry-run", by=ASKER)
    assert "cancelling" in dry.stdout
    assert len(scene.requests()) == 1
    done = run(scene, "requests", "cancel", model, "1", "Staging", by=ASKER)
    assert "Cancelled; version 1 stays in None." in done.stdout
    assert scene.requests() == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("models", "describe", "{model}", "x"),
        ("models", "delete", "{model}", "--yes"),
        ("versions", "transition", "{model}", "1", "Staging"),
        ("requests", "approve", "{model}", "1", "Staging"),
        ("comments", "add", "{model}", "1", "x"),
        ("aliases", "set", "{model}", "a", "1"),
    ],
)
def test_a_dry_run_changes_nothing_and_may_be_read_only(scene: Scene, arguments: tuple[str, ...]) -> None:
    model = scene.pending("dry")
    given = [each.format(model=model) for each in arguments]
    refused = run(scene, *given, TUI_REGISTRY_READ_ONLY="1")
    assert refused.exit_code == Exit.NOT_ALLOWED
    before = scene.call("GET", "/mlflow/activities/list", name=model)
    shown = run(scene, *given, "--dry-run", TUI_REGISTRY_READ_ONLY="1")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.splitlines()[-1] == "Dry run: nothing was changed."
    document = answer(scene, *given, "--dry-run")
    assert document["dry_run"] is True
    assert len(document["changes"]) == 1
    assert scene.call("GET", "/mlflow/activities/list", name=model) == before
    assert scene.stage(model) == "None"
