"""Comments on versions."""

import pytest

from tests.server.callers import Caller, Callers
from tests.server.database_state import DatabaseState
from tests.server.permission_case import COMMENTS
from tests.server.test_transitions import feed

READER = Caller("CAN_READ", "direct")
EDITOR = Caller("CAN_EDIT", "group")


def talked(callers: Callers) -> dict[str, str]:
    model = callers.model()
    return {"name": model, "version": callers.version(model)}


def test_a_comment_is_answered_listed_and_recorded(callers: Callers) -> None:
    where = talked(callers)
    made = [callers.api(each).post(f"{COMMENTS}/create", **where, comment=each.level).ok() for each in (READER, EDITOR)]
    assert [each["comment"]["user_id"] for each in made] == [READER.name, EDITOR.name]
    listed = callers.creator.get(f"{COMMENTS}/list", **where).ok()["comments"]
    assert sorted(each["comment"] for each in listed) == ["CAN_EDIT", "CAN_READ"]
    assert listed[0]["creation_timestamp"] <= listed[1]["creation_timestamp"]
    recorded = feed(callers.creator, where["name"])[-2:]
    assert [each["activity_type"] for each in recorded] == ["NEW_COMMENT"] * 2
    assert [each["comment"] for each in recorded] == ["CAN_READ", "CAN_EDIT"]


def test_the_feed_shows_what_the_comment_says_now(callers: Callers) -> None:
    where = talked(callers)
    api = callers.api(READER)
    made = api.post(f"{COMMENTS}/create", **where, comment="before").ok()["comment"]
    edited = api.patch(f"{COMMENTS}/update", id=made["id"], comment="after").ok()["comment"]
    assert (edited["id"], edited["comment"]) == (made["id"], "after")
    assert edited["creation_timestamp"] == made["creation_timestamp"] <= edited["last_updated_timestamp"]
    first, second = feed(callers.creator, where["name"])[-2:]
    assert (first["activity_type"], first["comment"]) == ("NEW_COMMENT", "after")
    assert second["activity_type"] == "EDITED_COMMENT"
    api.delete(f"{COMMENTS}/delete", id=made["id"]).ok()
    first, _, third = feed(callers.creator, where["name"])[-3:]
    assert "comment" not in first
    assert third["activity_type"] == "DELETED_COMMENT"
    assert callers.creator.get(f"{COMMENTS}/list", **where).ok() == {}
    api.delete(f"{COMMENTS}/delete", id=made["id"]).missing()
    api.patch(f"{COMMENTS}/update", id=made["id"], comment="again").missing()


def test_who_deletes_anothers_comment_is_recorded(callers: Callers) -> None:
    where = talked(callers)
    made = callers.api(READER).post(f"{COMMENTS}/create", **where, comment="rude").ok()["comment"]
    callers.creator.delete(f"{COMMENTS}/delete", id=made["id"]).ok()
    last = feed(callers.creator, where["name"])[-1]
    assert (last["user_id"], last["system_comment"]) == (
        callers.user_id(Caller("CAN_MANAGE", "creator")),
        f"{READER.name}'s comment",
    )


@pytest.mark.parametrize("length", [1, 65_535])
def test_lengths(length: int, callers: Callers) -> None:
    where = talked(callers)
    made = callers.api(READER).post(f"{COMMENTS}/create", **where, comment="é" * length).ok()["comment"]
    assert len(made["comment"]) == length


@pytest.mark.parametrize("length", [0, 65_536])
def test_impossible_lengths(length: int, callers: Callers, database_state: DatabaseState) -> None:
    where = talked(callers)
    made = callers.api(READER).post(f"{COMMENTS}/create", **where, comment="x").ok()["comment"]
    with database_state.unchanged():
        callers.api(READER).post(f"{COMMENTS}/create", **where, comment="é" * length).invalid()
        callers.api(READER).patch(f"{COMMENTS}/update", id=made["id"], comment="é" * length).invalid()


def test_pages(callers: Callers, database_state: DatabaseState) -> None:
    """Oldest first, each once, whatever is added concurrently."""
    where, other = talked(callers), talked(callers)
    api = callers.creator
    for number in range(5):
        api.post(f"{COMMENTS}/create", **where, comment=str(number)).ok()
        api.post(f"{COMMENTS}/create", **other, comment="of another").ok()
    first = api.get(f"{COMMENTS}/list", **where, max_results=2).ok()
    api.delete(f"{COMMENTS}/delete", id=first["comments"][1]["id"]).ok()
    second = api.get(f"{COMMENTS}/list", **where, max_results=2, page_token=first["next_page_token"]).ok()
    third = api.get(f"{COMMENTS}/list", **where, max_results=2, page_token=second["next_page_token"]).ok()
    pages = [[each["comment"] for each in page["comments"]] for page in (first, second, third)]
    assert (pages, "next_page_token" in third) == ([["0", "1"], ["2", "3"], ["4"]], False)
    with database_state.unchanged():
        for size in ("0", "1001", "-1", "x", ""):
            assert "max_results" in api.get(f"{COMMENTS}/list", **where, max_results=size).invalid()
        for token in ("x", first["next_page_token"][:-3], "a" * 50_000):
            assert "page_token" in api.get(f"{COMMENTS}/list", **where, page_token=token).invalid()
        assert "page_token" in api.get(f"{COMMENTS}/list", **other, page_token=first["next_page_token"]).invalid()
