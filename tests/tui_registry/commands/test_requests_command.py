"""Requests listed, approved and rejected by commands: what they print, what they change, how they end."""

import pytest

from tests.tui_registry.command_line import answer, lines, run
from tests.tui_registry.samples import ASKER, SECOND_ASKER, Samples
from tui_registry.commands.exit_codes import Exit

pytestmark = pytest.mark.usefixtures("command_home")


def test_what_waits_is_listed_in_columns(samples: Samples) -> None:
    model = samples.model("listed")
    samples.version(model, "Production")
    samples.ask(model, samples.version(model), "Production", comment="Better everywhere.")
    headings, row = lines(run(samples, "requests", "list"))
    for heading, cell in {
        "MODEL": model,
        "VERSION": "2",
        "FROM": "None",
        "TO": "Production",
        "REQUESTED BY": ASKER,
        "DISPLACES": "1",
        "COMMENT": "Better everywhere.",
    }.items():
        assert row[headings.index(heading) :].startswith(cell), heading
    assert "\x1b" not in headings + row


def test_requests_are_the_wires_own_as_json(samples: Samples) -> None:
    one, other = samples.pending("one"), samples.pending("other", comment="ü")
    assert answer(samples, "requests", "list") == {"requests": samples.requests()}
    found = answer(samples, "requests", "list", "--model", other)["requests"]
    assert [request["name"] for request in found] == [other]
    assert one != other


@pytest.mark.usefixtures("pages_of_two")
def test_every_page_is_read(samples: Samples) -> None:
    for number in range(5):
        samples.pending(f"paged-{number}")
    assert answer(samples, "requests", "list") == {"requests": samples.requests()}
    assert len(samples.requests()) == 5


def test_nothing_pending_is_said_beside_the_answer(samples: Samples) -> None:
    done = run(samples, "requests", "list")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "There are no open requests.\n")
    assert answer(samples, "requests", "list") == {"requests": []}


def test_an_approval_archives_the_others_unless_told_not_to(samples: Samples) -> None:
    cleared, kept = samples.model("cleared"), samples.model("kept")
    for model in (cleared, kept):
        samples.version(model, "Production")
        samples.ask(model, samples.version(model), "Production")
    done = run(samples, "requests", "approve", cleared, "2", "production", "--comment", "Ship it, ü.")
    assert "Approved; version 2 is now in Production." in done.stdout
    assert done.exit_code == 0
    assert (samples.stage(cleared, "2"), samples.stage(cleared, "1")) == ("Production", "Archived")
    (activity,) = samples.activities(cleared, "APPROVED_REQUEST")
    assert activity["comment"] == "Ship it, ü."
    assert run(samples, "requests", "approve", kept, "2", "Production", "--no-archive").exit_code == 0
    assert (samples.stage(kept, "2"), samples.stage(kept, "1")) == ("Production", "Production")


def test_a_decision_settles_all_who_asked_and_tells_the_activity(samples: Samples) -> None:
    model = samples.pending("settled")
    samples.ask(model, "1", by=SECOND_ASKER)
    dry = run(samples, "requests", "reject", model, "1", "Staging", "--dry-run")
    assert f"Settles the requests by {SECOND_ASKER}, {ASKER}." in lines(dry)
    rejected = answer(samples, "requests", "reject", model, "1", "Staging", "--comment", "Not yet.")
    assert [rejected["activity"]] == samples.activities(model, "REJECTED_REQUEST")
    assert rejected["activity"]["comment"] == "Not yet."
    assert samples.requests() == []
    assert samples.stage(model) == "None"


def test_a_stage_that_cannot_be_cleared_is_approved_too(samples: Samples) -> None:
    model = samples.pending("archived", "Archived")
    assert run(samples, "requests", "approve", model, "1", "Archived").exit_code == 0
    assert samples.stage(model) == "Archived"


@pytest.mark.parametrize(
    ("arguments", "more", "code", "message"),
    [
        (("approve", "{model}", "1", "Production"), {}, Exit.NOT_FOUND, "no open request"),
        (("approve", "{model}", "2", "Staging"), {}, Exit.NOT_FOUND, ""),
        (("approve", "nowhere", "1", "Staging"), {}, Exit.NOT_FOUND, ""),
        (("approve", "{model}", "one", "Staging"), {}, Exit.REFUSED, ""),
        (("approve", "{model}", "1", "Nowhere"), {}, Exit.USAGE, "'Nowhere' is not one of"),
        (("approve", "{model}", "1"), {}, Exit.USAGE, "STAGE"),
        (("list", "--model", "nowhere"), {}, Exit.NOT_FOUND, ""),
        (("approve", "{model}", "1", "Staging"), {"by": ASKER}, Exit.NOT_ALLOWED, "You may not approve"),
        (("approve", "{model}", "1", "Staging"), {"TUI_REGISTRY_TOKEN": "tr_no"}, Exit.NOT_ALLOWED, ""),
        (("approve", "{model}", "1", "Staging"), {"TUI_REGISTRY_TOKEN": ""}, Exit.NOT_ALLOWED, "TOKEN is not"),
        (("approve", "{model}", "1", "Staging"), {"TUI_REGISTRY_READ_ONLY": "1"}, Exit.NOT_ALLOWED, "read-only"),
        (("reject", "{model}", "1", "Staging"), {"url": "http://127.0.0.1:9"}, Exit.UNREACHABLE, "cannot be reached"),
        (("reject", "{model}", "1", "Staging"), {"TUI_REGISTRY_URL": "127.0.0.1"}, Exit.REFUSED, "must start with"),
        (("list", "--profile", "nowhere"), {}, Exit.REFUSED, "no profile 'nowhere'"),
    ],
)
def test_what_fails_says_why_by_its_exit_code(
    samples: Samples, arguments: tuple[str, ...], more: dict[str, str], code: Exit, message: str
) -> None:
    model = samples.pending("failing")
    done = run(samples, "requests", *(each.format(model=model) for each in arguments), "--json", **more)
    assert done.exit_code == code, done.output
    assert done.stdout == ""
    assert message in done.stderr
    assert "Error: " in done.stderr
    assert len(samples.requests()) == 1
