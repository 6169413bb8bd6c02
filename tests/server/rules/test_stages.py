"""Parsing stages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.stages import check_archiving, parse_stage
from tui_registry_server.wire.stage import Stage


@given(st.sampled_from(Stage), st.data())
def test_any_letter_case(stage: Stage, data: st.DataObject) -> None:
    text = "".join(data.draw(st.sampled_from([letter.lower(), letter.upper()])) for letter in stage)
    assert parse_stage(text) is stage


@pytest.mark.parametrize("text", ["", " Staging", "Stagingg", "latest", "\u017ftaging", "Production\0"])
def test_other_words(text: str) -> None:
    with pytest.raises(InvalidParameterValue, match="None, Staging, Production, Archived"):
        parse_stage(text)


def test_which_stages_can_be_cleared() -> None:
    for stage in Stage:
        check_archiving(stage, archive_existing_versions=False)
    for stage in (Stage.STAGING, Stage.PRODUCTION):
        check_archiving(stage, archive_existing_versions=True)
    for stage in (Stage.NONE, Stage.ARCHIVED):
        with pytest.raises(InvalidParameterValue, match="not an active"):
            check_archiving(stage, archive_existing_versions=True)
