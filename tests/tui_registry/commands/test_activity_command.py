"""Activities listed by a command."""

import pytest

from tests.tui_registry.command_line import answer, lines, run
from tests.tui_registry.samples import ASKER, OWNER, Samples
from tui_registry.commands.exit_codes import Exit

pytestmark = pytest.mark.usefixtures("command_home")


def test_activities_are_narrowed(samples: Samples) -> None:
    model = samples.model("active")
    version = samples.version(model)
    samples.ask(model, version, comment="Please.")
    samples.call("POST", "/mlflow/comments/create", name=model, version=version, comment="Looks good.")
    samples.call(
        "POST", "/mlflow/transition-requests/reject", name=model, version=version, stage="Staging", comment="No"
    )
    everything = answer(samples, "activity", "--model", model)["activities"]
    assert everything == samples.call("GET", "/mlflow/activities/list", name=model)["activities"]

    def kinds(*options: str) -> list[str]:
        found = answer(samples, "activity", "--model", model, *options)["activities"]
        return [each["activity_type"] for each in found]

    assert kinds("--user", ASKER) == ["REQUESTED_TRANSITION"]
    assert kinds("--type", "rejected", "--type", "new_comment") == ["REJECTED_REQUEST", "NEW_COMMENT"]
    assert kinds("--version", "1", "--limit", "1") == ["REJECTED_REQUEST"]
    assert len(kinds("--since", "1h")) == len(everything)
    assert kinds("--since", "2999-01-01") == kinds("--until", "1h") == []
    assert len(kinds("--since", "2020-01-01", "--until", "2999-01-01T12:00")) == len(everything)
    headings, row, *_ = lines(run(samples, "activity", "--model", model))
    assert headings.split() == ["WHEN", "USER", "ACTION", "MODEL", "VERSION", "STAGES", "COMMENT"]
    assert f"{OWNER}  REJECTED_REQUEST" in row
    assert "None → Staging" in row
    assert row.endswith("  No; requested by console-asker")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--since", "yesterday"), "is neither a duration"),
        (("--since", "-1d"), "is neither a duration"),
        (("--type", "nonsense"), "is not part of a type"),
        (("--version", "1"), "--model"),
        (("--limit", "0"), "0"),
    ],
)
def test_activities_that_cannot_be_meant(samples: Samples, options: tuple[str, ...], message: str) -> None:
    done = run(samples, "activity", *options)
    assert done.exit_code == Exit.USAGE
    assert message in done.stderr
