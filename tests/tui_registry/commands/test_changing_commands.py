"""Models, versions, comments, aliases and requests changed by commands: what they print, change and only show."""

import pytest

from tests.tui_registry.command_line import answer, lines, run
from tests.tui_registry.samples import ASKER, OWNER, Samples
from tui_registry.commands.exit_codes import Exit
from tui_registry.queries.version_page import version_page

pytestmark = pytest.mark.usefixtures("command_home")


def test_a_model_from_its_creation_to_its_end(samples: Samples) -> None:
    name = f"life-{samples.id}"
    made = answer(samples, "models", "create", name, "--description", "Predicts churn.")["registered_model_databricks"]
    assert (made["name"], made["description"], made["permission_level"]) == (name, "Predicts churn.", "CAN_MANAGE")
    assert lines(run(samples, "models", "describe", name, "Better.")) == [f"{name}: Description changed."]
    assert lines(run(samples, "models", "describe", name, "Better.")) == [f"{name} already has this description."]
    tagged = lines(run(samples, "models", "tag", name, "team=risk", "formula=a=b"))
    assert tagged == [f"{name}: Tag team set to risk.", f"{name}: Tag formula set to a=b."]
    assert lines(run(samples, "models", "tag", name, "team=risk")) == [f"{name} already has this value of: team."]
    assert run(samples, "models", "tag", name, "team").exit_code == Exit.USAGE
    same, change = f"{name} already has this value of: team.", f"{name}: setting the tag owner"
    assert lines(run(samples, "models", "tag", name, "team=risk", "owner=ann", "--dry-run"))[:2] == [same, change]
    document = answer(samples, "models", "tag", name, "team=risk", "owner=ann", "--dry-run")
    assert (document["already"], len(document["changes"])) == (same, 1)
    shown = answer(samples, "models", "show", name)["registered_model_databricks"]
    assert (shown["description"], shown["tags"]) == (
        "Better.",
        [
            {"key": "formula", "value": "a=b"},
            {"key": "team", "value": "risk"},
        ],
    )
    assert run(samples, "models", "untag", name, "team", "formula").exit_code == 0
    assert run(samples, "models", "untag", name, "team").exit_code == Exit.NOT_FOUND
    renamed = answer(samples, "models", "rename", name, f"{name}-new")["registered_model_databricks"]
    assert (renamed["name"], renamed.get("tags", [])) == (f"{name}-new", [])
    warning = f"{name}-new with 0 versions will be deleted. This cannot be undone."
    assert warning in lines(run(samples, "models", "delete", f"{name}-new", "--dry-run"))
    assert answer(samples, "models", "delete", f"{name}-new", "--dry-run")["warning"] == warning
    refused = run(samples, "models", "delete", f"{name}-new")
    assert refused.exit_code == Exit.REFUSED
    assert warning in refused.stderr
    assert "add --yes" in refused.stderr
    assert lines(run(samples, "models", "delete", f"{name}-new", "--yes")) == [f"{name}-new: Model deleted."]
    assert run(samples, "models", "show", f"{name}-new").exit_code == Exit.NOT_FOUND


def test_a_description_is_read_from_standard_input(samples: Samples) -> None:
    from click.testing import CliRunner

    from tests.tui_registry.command_line import variables
    from tui_registry.cli import main

    model = samples.model("card")
    done = CliRunner().invoke(main, ["models", "describe", model, "-"], input="# Card\n\nü\n", env=variables(samples))
    assert done.exit_code == 0, done.output
    assert answer(samples, "models", "show", model)["registered_model_databricks"]["description"] == "# Card\n\nü"


def test_versions_are_created_listed_and_shown(samples: Samples) -> None:
    model = samples.model("listed")
    made = answer(samples, "versions", "create", model, "s3://bucket/1", "--description", "First.", "--run-id", "r1")
    assert made["model_version"]["version"] == "1"
    assert (made["model_version"]["source"], made["model_version"]["run_id"]) == ("s3://bucket/1", "r1")
    samples.version(model, "Production")
    samples.ask(model, "1", "Staging")
    listed = answer(samples, "versions", "list", model)["model_versions"]
    assert [each["version"] for each in listed] == ["2", "1"]
    (only,) = answer(samples, "versions", "list", model, "--stage", "production")["model_versions"]
    assert only["version"] == "2"
    limited = answer(samples, "versions", "list", model, "--limit", "1")
    assert [each["version"] for each in limited["model_versions"]] == ["2"]
    assert limited["next_page_token"]
    headings, first, _ = lines(run(samples, "versions", "list", model))
    assert first[headings.index("STAGE") :].startswith("Production")
    shown = lines(run(samples, "versions", "show", model, "1"))
    assert "Source:       s3://bucket/1" in shown
    assert any(ASKER in line for line in shown[shown.index("Open requests") :])
    assert answer(samples, "versions", "show", model, "1")["requests"] == samples.requests()
    assert run(samples, "versions", "show", model, "9").exit_code == Exit.NOT_FOUND
    assert run(samples, "versions", "list", "nowhere").exit_code == Exit.NOT_FOUND


def test_a_transition_keeps_or_archives_who_is_there(samples: Samples) -> None:
    model = samples.model("moved")
    for stage in ("Production", "None", "None"):
        samples.version(model, stage)
    done = run(samples, "versions", "transition", model, "2", "production", "--comment", "Ship it.")
    assert lines(done) == [f"{model} version 2: Moved from None to Production."]
    assert samples.stage(model, "1") == "Production"
    (activity,) = [each for each in samples.activities(model, "APPLIED_TRANSITION") if each.get("comment")]
    assert activity["comment"] == "Ship it."
    samples.ask(model, "3", "Production")
    dry = lines(run(samples, "versions", "transition", model, "3", "Production", "--archive-existing", "--dry-run"))
    assert dry == [
        f"{model} version 3: moving it to Production, archiving versions 1, 2",
        f"Closes the request by {ASKER}.",
        "Dry run: nothing was changed.",
    ]
    assert samples.stage(model, "3") == "None"
    moved = answer(samples, "versions", "transition", model, "3", "Production", "--archive-existing")
    assert moved["model_version"]["current_stage"] == "Production"
    assert [samples.stage(model, each) for each in "123"] == ["Archived", "Archived", "Production"]
    again = run(samples, "versions", "transition", model, "3", "Production")
    assert lines(again) == [f"{model} version 3 is already in Production."]
    refused = run(samples, "versions", "transition", model, "3", "Staging", by=ASKER)
    assert refused.exit_code == Exit.NOT_ALLOWED
    assert samples.stage(model, "3") == "Production"


EMPTY = "Production is left EMPTY: no other version is there."


def test_who_leaves_production_empty_is_reported(samples: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    model = samples.model("emptied")
    for _ in range(2):
        samples.version(model, "Production")
    move = ("versions", "transition", model)
    assert EMPTY not in lines(run(samples, *move, "1", "Archived", "--dry-run"))
    quiet = run(samples, *move, "1", "Archived")
    assert (lines(quiet), quiet.stderr) == ([f"{model} version 1: Moved from Production to Archived."], "")
    assert EMPTY in lines(run(samples, *move, "2", "None", "--dry-run"))
    assert answer(samples, *move, "2", "None", "--dry-run")["notice"] == EMPTY
    assert EMPTY not in run(samples, *move, "2", "Production", "--dry-run").output
    serving = f"will be deleted. 1 of the versions is in Production: {model} version 2. This cannot be undone."
    delete = ("models", "delete", model, "--dry-run")
    assert f"{model} with 2 versions {serving}" in lines(run(samples, *delete))
    with monkeypatch.context() as patch:
        patch.setitem(version_page.__kwdefaults__ or {}, "max_results", 1)
        samples.version(model)  # newer than what is read of those in Production
        assert f"{model} with 1 or more version {serving}" in lines(run(samples, *delete))
    assert EMPTY in run(samples, "versions", "delete", model, "2").stderr
    assert EMPTY not in run(samples, "versions", "delete", model, "1").stderr
    samples.ask(model, "2", "Archived")
    assert EMPTY in lines(run(samples, "requests", "approve", model, "2", "Archived", "--dry-run"))
    assert EMPTY not in lines(run(samples, "requests", "reject", model, "2", "Archived", "--dry-run"))
    assert run(samples, "requests", "approve", model, "2", "Archived").stderr == f"{EMPTY}\n"
    assert samples.stage(model, "2") == "Archived"


def test_to_archive_others_where_several_belong_is_refused(samples: Samples) -> None:
    model = samples.pending("shelved", "Archived")
    for group, verb in (("versions", "transition"), ("requests", "approve")):
        done = run(samples, group, verb, model, "1", "Archived", "--archive-existing")
        assert done.exit_code == Exit.USAGE
        assert "nothing is archived in Archived" in done.stderr
    assert samples.stage(model, "1") == "None"


def test_a_version_is_described_tagged_and_deleted(samples: Samples) -> None:
    model = samples.model("edited")
    samples.version(model)
    described = answer(samples, "versions", "describe", model, "1", "AUC 0.91")
    assert described["model_version"]["description"] == "AUC 0.91"
    assert run(samples, "versions", "tag", model, "1", "signed=yes").exit_code == 0
    (tag,) = answer(samples, "versions", "show", model, "1")["model_version"]["tags"]
    assert tag == {"key": "signed", "value": "yes"}
    assert answer(samples, "versions", "untag", model, "1", "signed")["model_version"].get("tags", []) == []
    dry = lines(run(samples, "versions", "delete", model, "1", "--dry-run"))
    assert dry == [
        f"{model} version 1: deleting the version",
        f"{model} version 1, in None, will be deleted. This cannot be undone.",
        "Dry run: nothing was changed.",
    ]
    assert run(samples, "versions", "delete", model, "1").exit_code == Exit.REFUSED
    assert answer(samples, "versions", "delete", model, "1", "--yes") == {}
    assert run(samples, "versions", "show", model, "1").exit_code == Exit.NOT_FOUND


def test_comments_are_added_edited_listed_and_deleted(samples: Samples) -> None:
    model = samples.model("discussed")
    samples.version(model)
    added = answer(samples, "comments", "add", model, "1", "Looks good, ü.")["comment"]
    assert (added["comment"], added["user_id"]) == ("Looks good, ü.", OWNER)
    edited = answer(samples, "comments", "edit", model, "1", added["id"], "Looks better.")["comment"]
    assert (edited["id"], edited["comment"]) == (added["id"], "Looks better.")
    headings, row = lines(run(samples, "comments", "list", model, "1"))
    assert row.startswith(added["id"])
    assert row[headings.index("COMMENT") :] == "Looks better."
    assert run(samples, "comments", "edit", model, "1", added["id"], "Mine.", by=ASKER).exit_code == Exit.NOT_ALLOWED
    refused = run(samples, "comments", "delete", model, "1", added["id"])
    assert refused.exit_code == Exit.REFUSED
    assert "“Looks better.” by console-owner will be deleted." in refused.stderr
    assert run(samples, "comments", "delete", model, "1", added["id"], "--yes").exit_code == 0
    assert answer(samples, "comments", "list", model, "1") == {"comments": []}
    assert run(samples, "comments", "delete", model, "1", added["id"], "--yes").exit_code == Exit.NOT_FOUND


def test_an_alias_is_set_moved_and_deleted(samples: Samples) -> None:
    model = samples.model("named")
    samples.version(model)
    samples.version(model)
    assert lines(run(samples, "aliases", "set", model, "champion", "1")) == [
        f"{model}: @champion now points to version 1."
    ]
    dry = lines(run(samples, "aliases", "set", model, "@champion", "2", "--dry-run"))
    assert "@champion points to version 1 now." in dry
    assert answer(samples, "aliases", "set", model, "champion", "2") == {
        "aliases": [{"alias": "champion", "version": "2"}]
    }
    assert lines(run(samples, "aliases", "list", model)) == ["ALIAS     VERSION", "champion  2"]
    assert run(samples, "aliases", "delete", model, "champion").exit_code == 0
    assert run(samples, "aliases", "delete", model, "champion").exit_code == Exit.NOT_FOUND
    assert answer(samples, "aliases", "list", model) == {"aliases": []}


def test_a_request_is_created_and_cancelled(samples: Samples) -> None:
    model = samples.model("requested")
    samples.version(model)
    made = answer(samples, "requests", "create", model, "1", "Staging", "--comment", "Please.", by=ASKER)["request"]
    assert [made["id"]] == [each["id"] for each in samples.requests()]
    assert (made["user_id"], made["comment"]) == (ASKER, "Please.")
    twice = run(samples, "requests", "create", model, "1", "Staging", by=ASKER)
    assert twice.exit_code == Exit.REFUSED
    assert "you have already requested Staging" in twice.stderr
    other = run(samples, "requests", "cancel", model, "1", "Staging")
    assert other.exit_code == Exit.NOT_FOUND
    assert "no open request by you" in other.stderr
    dry = run(samples, "requests", "cancel", model, "1", "Staging", "--dry-run", by=ASKER)
    assert "cancelling" in dry.stdout
    assert len(samples.requests()) == 1
    done = run(samples, "requests", "cancel", model, "1", "Staging", by=ASKER)
    assert "Cancelled; version 1 stays in None." in done.stdout
    assert samples.requests() == []


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
def test_a_dry_run_changes_nothing_and_may_be_read_only(samples: Samples, arguments: tuple[str, ...]) -> None:
    model = samples.pending("dry")
    given = [each.format(model=model) for each in arguments]
    refused = run(samples, *given, TUI_REGISTRY_READ_ONLY="1")
    assert refused.exit_code == Exit.NOT_ALLOWED
    before = samples.call("GET", "/mlflow/activities/list", name=model)
    shown = run(samples, *given, "--dry-run", TUI_REGISTRY_READ_ONLY="1")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.splitlines()[-1] == "Dry run: nothing was changed."
    document = answer(samples, *given, "--dry-run")
    assert document["dry_run"] is True
    assert len(document["changes"]) == 1
    assert samples.call("GET", "/mlflow/activities/list", name=model) == before
    assert samples.stage(model) == "None"
