"""Levels shown, granted and revoked by commands."""

import pytest

from tests.tui_registry.command_line import answer, levels, lines, run
from tests.tui_registry.samples import ASKER, OWNER, SECOND_ASKER, Samples
from tui_registry.commands.exit_codes import Exit

pytestmark = pytest.mark.usefixtures("command_home")


@pytest.fixture
def group(samples: Samples) -> str:
    """A group with SECOND_ASKER in it."""
    name = f"group-{samples.id}"
    with samples.registry.client() as client:
        users = client.get("/preview/scim/v2/Users", params={"filter": f'userName eq "{SECOND_ASKER}"'}).json()
        members = [{"value": users["Resources"][0]["id"]}]
        made = client.post("/preview/scim/v2/Groups", json={"displayName": name, "members": members})
        assert made.is_success, made.text
    return name


def test_levels_are_granted_shown_and_revoked(samples: Samples, group: str) -> None:
    model = samples.model("shared")
    done = run(samples, "permissions", "grant", model, "--group", group, "can_edit")
    assert done.stdout == f"group {group} on {model}: Now has CAN_EDIT; before: no direct level.\n"
    assert levels(samples, model, group) == [("CAN_EDIT", False)]
    row = next(row for row in lines(run(samples, "permissions", "show", model)) if group in row)
    assert row.split() == ["group", group, "CAN_EDIT", "this", "model"]
    done = run(samples, "permissions", "grant", model, "CAN_READ", "--group", group)
    assert "before: CAN_EDIT" in done.stdout
    others = levels(samples, model, ASKER)
    done = run(samples, "permissions", "revoke", model, "--group", group.upper())
    assert done.exit_code == 0, done.output
    assert levels(samples, model, group) == []
    assert levels(samples, model, ASKER) == others == [("CAN_READ", False)]
    assert levels(samples, model, OWNER) == [("CAN_MANAGE", False)]


def test_permissions_are_the_wires_own_as_json(samples: Samples) -> None:
    model = samples.model("explained")
    identity = answer(samples, "models", "show", model)["registered_model_databricks"]["id"]
    path = f"/permissions/registered-models/{identity}"
    assert answer(samples, "permissions", "show", model) == samples.call("GET", path)
    changed = answer(samples, "permissions", "grant", model, "--user", ASKER, "CAN_EDIT")
    assert changed == samples.call("GET", path)
    changed = answer(samples, "permissions", "revoke", model, "--user", ASKER)
    assert changed == samples.call("GET", path)


def test_what_is_inherited_stays_and_is_reported(samples: Samples, group: str) -> None:
    model = samples.model("inherited")
    granted = run(samples, "permissions", "grant", "--registry", "--group", group, "CAN_READ", by="admin")
    assert granted.exit_code == 0, granted.output
    try:
        run(samples, "permissions", "grant", model, "--group", group, "CAN_EDIT")
        done = run(samples, "permissions", "revoke", model, "--group", group)
        assert done.exit_code == 0
        assert "It still has CAN_READ, inherited from the whole registry." in done.stdout
        again = run(samples, "permissions", "revoke", model, "--group", group)
        assert again.exit_code == Exit.NOT_FOUND
        assert "no direct level" in again.stderr
        assert "It still has CAN_READ, inherited from the whole registry." in again.stderr
        row = next(row for row in lines(run(samples, "permissions", "show", model)) if group in row)
        assert row.endswith("whole registry")
    finally:
        done = run(samples, "permissions", "revoke", "--registry", "--group", group, by="admin")
    assert done.exit_code == 0, done.output
    assert levels(samples, model, group) == []


def test_ones_own_level_is_not_dropped_by_mistake(samples: Samples) -> None:
    model = samples.model("own")
    for arguments in (("revoke", model), ("grant", model, "CAN_EDIT")):
        done = run(samples, "permissions", *arguments, "--user", OWNER)
        assert done.exit_code == Exit.REFUSED
        assert f"You would lose your own CAN_MANAGE on {model}." in done.stderr
        assert "--yes" in done.stderr
        assert levels(samples, model, OWNER) == [("CAN_MANAGE", False)]
    assert run(samples, "permissions", "grant", model, "--user", SECOND_ASKER, "CAN_MANAGE").exit_code == 0
    done = run(samples, "permissions", "revoke", model, "--user", OWNER, "--yes")
    assert lines(done) == [f"{OWNER} on {model}: No longer has CAN_MANAGE."]
    given_back = run(samples, "permissions", "grant", model, "--user", OWNER, "CAN_MANAGE", by=SECOND_ASKER)
    assert given_back.exit_code == 0


def test_who_manages_by_a_group_may_drop_the_level_of_their_own(samples: Samples, group: str) -> None:
    model = samples.model("twice")
    run(samples, "permissions", "grant", model, "--user", SECOND_ASKER, "CAN_MANAGE")
    run(samples, "permissions", "grant", model, "--group", group, "CAN_MANAGE")
    done = run(samples, "permissions", "revoke", model, "--user", SECOND_ASKER, by=SECOND_ASKER)
    assert done.exit_code == 0, done.output
    done = run(samples, "permissions", "revoke", model, "--group", group, by=SECOND_ASKER)
    assert done.exit_code == Exit.REFUSED
    assert levels(samples, model, group) == [("CAN_MANAGE", False)]


def test_why_somebody_may_do_what_they_may(samples: Samples, group: str) -> None:
    model = samples.model("explained")
    run(samples, "permissions", "grant", model, "CAN_EDIT", "--group", group)
    run(samples, "permissions", "grant", model, "CAN_READ", "--user", SECOND_ASKER)
    assert lines(run(samples, "permissions", "why", model, SECOND_ASKER)) == [
        f"{SECOND_ASKER} has CAN_EDIT on {model}:",
        f"- CAN_EDIT through group {group}, on this model",
        "- CAN_READ directly, on this model",
    ]
    named = lines(run(samples, "permissions", "why", model, f"group:{group}"))
    assert named[0] == f"group {group} has CAN_EDIT on {model}:"
    assert lines(run(samples, "permissions", "why", model)) == [
        f"{OWNER} has CAN_MANAGE on {model}:",
        "- CAN_MANAGE directly, on this model",
    ]
    assert lines(run(samples, "permissions", "why", "--registry", f"user:{ASKER}", by="admin")) == [
        f"{ASKER} has no level on the whole registry."
    ]
    assert lines(run(samples, "permissions", "why", "--registry", by="admin")) == [
        "admin has CAN_MANAGE on the whole registry:",
        "- CAN_MANAGE as a member of admins",
    ]
    identity = answer(samples, "models", "show", model)["registered_model_databricks"]["id"]
    explained = samples.call("GET", f"/permissions/registered-models/{identity}/why", principal=f"group:{group}")
    assert answer(samples, "permissions", "why", model, f"group:{group}") == explained


def test_a_dry_run_tells_and_changes_nothing(samples: Samples, group: str) -> None:
    model = samples.model("dry")
    before = answer(samples, "permissions", "show", model)
    arguments = ("permissions", "grant", model, "CAN_EDIT", "--group", group, "--dry-run")
    assert lines(run(samples, *arguments)) == [
        f"group {group} on {model}: none → CAN_EDIT",
        f"group {group}, effective level: none → CAN_EDIT",
        f"1 member, CAN_READ → CAN_EDIT: {SECOND_ASKER}",
        "you: CAN_MANAGE (unchanged)",
        "Dry run: nothing was changed.",
    ]
    assert run(samples, *arguments, TUI_REGISTRY_READ_ONLY="yes").exit_code == Exit.DONE
    preview = answer(samples, *arguments)
    assert [each["level_after"] for each in preview["named"]] == ["CAN_EDIT"]
    assert preview["etag"] == before["etag"]
    assert preview["changes"] == [{"subject": f"group {group} on {model}", "change": "none → CAN_EDIT"}]
    assert lines(run(samples, "permissions", "revoke", model, "--user", OWNER, "--dry-run")) == [
        f"{OWNER} on {model}: CAN_MANAGE → none",
        f"{OWNER}, effective level: CAN_MANAGE → none",
        "you: CAN_MANAGE → none",
        f"You would lose your own CAN_MANAGE on {model}.",
        "Dry run: nothing was changed.",
    ]
    nothing = run(samples, "permissions", "grant", model, "CAN_READ", "--user", ASKER, "--dry-run")
    assert lines(nothing) == [f"{ASKER} already has CAN_READ on {model}.", "Dry run: nothing was changed."]
    refused = run(samples, *arguments, by=ASKER)
    assert (refused.exit_code, refused.stdout) == (Exit.NOT_ALLOWED, "")
    assert answer(samples, "permissions", "show", model) == before


@pytest.mark.parametrize(
    ("arguments", "more", "code", "message"),
    [
        (
            ("grant", "{model}", "--user", "nobody@example.com", "CAN_READ"),
            {},
            Exit.NOT_FOUND,
            "There is no user called",
        ),
        (("grant", "{model}", "--user", ASKER, "CAN_DO_ALL"), {}, Exit.USAGE, "CAN_MANAGE_STAGING_VERSIONS"),
        (("grant", "{model}", "--user", ASKER), {}, Exit.USAGE, "MODEL LEVEL"),
        (("grant", "--registry", "{model}", "--user", ASKER, "CAN_READ"), {}, Exit.USAGE, "--registry LEVEL"),
        (("grant", "{model}", "CAN_READ"), {}, Exit.USAGE, "exactly one of"),
        (("grant", "{model}", "CAN_READ", "--user", ASKER, "--group", "x"), {}, Exit.USAGE, "exactly one of"),
        (("show",), {}, Exit.USAGE, "either MODEL or --registry"),
        (("show", "{model}", "--registry"), {}, Exit.USAGE, "either MODEL or --registry"),
        (("revoke", "--user", ASKER), {}, Exit.USAGE, "either MODEL or --registry"),
        (("grant", "{model}", "--user", ASKER, "CAN_EDIT"), {"by": ASKER}, Exit.NOT_ALLOWED, ""),
        (("grant", "{model}", "--user", ASKER, "CAN_EDIT"), {"TUI_REGISTRY_READ_ONLY": "yes"}, Exit.NOT_ALLOWED, ""),
        (("revoke", "--registry", "--group", "admins"), {"by": "admin"}, Exit.REFUSED, ""),
        (("grant", "--registry", "--group", "admins", "CAN_READ"), {"by": "admin"}, Exit.REFUSED, ""),
        (("show", "nowhere"), {}, Exit.NOT_FOUND, ""),
        (("why", "nowhere"), {}, Exit.NOT_FOUND, ""),
        (("why",), {}, Exit.USAGE, "MODEL [PRINCIPAL]"),
        (("why", "{model}", ASKER, OWNER), {}, Exit.USAGE, "MODEL [PRINCIPAL]"),
        (("why", "{model}", "nobody"), {}, Exit.NOT_FOUND, "There is no user, group or service principal called"),
        (("why", "{model}", "robot:x"), {}, Exit.REFUSED, "no name has a colon"),
        (("why", "--registry"), {}, Exit.NOT_ALLOWED, ""),
    ],
)
def test_permissions_that_cannot_be_changed(
    samples: Samples, arguments: tuple[str, ...], more: dict[str, str], code: Exit, message: str
) -> None:
    model = samples.model("fixed")
    done = run(samples, "permissions", *(each.format(model=model) for each in arguments), **more)
    assert done.exit_code == code, done.output
    assert done.stdout == ""
    assert message in done.stderr
    assert levels(samples, model, ASKER) == [("CAN_READ", False)]
