"""The journal of calls: what was asked of the server and the outcome, live, to be copied and kept, and without
anything that is nobody else's business."""

import contextlib
import stat
import uuid
from pathlib import Path

import pytest
from textual.widgets import Input

from tests.tui_registry.console import LARGE, SIZES, SMALL, Console, console
from tests.tui_registry.samples import OWNER, Samples
from tests.variants import variant
from tui_registry.client.errors import CallError
from tui_registry.client.journal import MAX_ENTRIES, Journal
from tui_registry.client.registry import RegistryClient
from tui_registry.screens.dialogs.plain_text import PlainText
from tui_registry.screens.journal import JournalPlace, as_line


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where texts are kept."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("TMUX", raising=False)
    return tmp_path / "state" / "tui-registry"


def kept(folder: Path) -> list[list[str]]:
    """The lines of each file; nobody else may read them."""
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = list(folder.iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} <= {0o600}
    return [file.read_text().splitlines() for file in files]


def block(folder: Path) -> None:
    """Put a file where the folder would be."""
    folder.parent.mkdir()
    folder.write_text("not a folder")


async def opened(shown: Console) -> JournalPlace:
    await shown.press("at")
    await shown.until(lambda: isinstance(shown.app.screen, JournalPlace), "the journal")
    await shown.shows("No changes in this session.", "v lists all calls")
    await shown.press("v")
    await shown.shows("read changes as they happen", "read open requests")
    screen = shown.app.screen
    assert isinstance(screen, JournalPlace)
    return screen


@pytest.mark.parametrize("size", [(60, 20), variant(SMALL), variant(LARGE)], ids=["60x20", "80x24", "120x40"])
async def test_every_call_is_there_as_it_is_made(samples: Samples, size: tuple[int, int]) -> None:
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows("No open requests", "● live")
        await opened(shown)
        await shown.shows("Changes and API", "read the current user", "read changes as they happen", "200")
        await shown.shows("GET    /")  # of the row under the cursor
        with pytest.raises(CallError):
            await shown.app.client.models.get(f"nobody-{uuid.uuid4().hex}")
        await shown.shows("read a model ", "✗ 404")
        await shown.press("escape")
        await shown.shows("No open requests")


async def test_the_newest_call_is_the_first_and_names_who_made_it(samples: Samples) -> None:
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.shows("No open requests", "● live")
        screen = await opened(shown)
        numbers = [int(row.key) for row in screen.table._rows]
        assert numbers == sorted(numbers, reverse=True)
        assert OWNER in shown.row("read changes as they happen")


async def test_the_journal_is_narrowed(samples: Samples) -> None:
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.shows("No open requests", "● live")
        await opened(shown)
        await shown.press("slash")
        await shown.type("scim get")
        await shown.hides("read open requests")
        await shown.shows("read the current user")
        await shown.type(" zzz")
        await shown.shows("No matching changes or calls.")
        await shown.press("enter", "escape")
        await shown.shows("read open requests")


async def test_a_call_is_copied_and_all_are_kept_for_the_owner_alone(samples: Samples, state: Path) -> None:
    async with console(samples.url, samples.token) as shown:
        await shown.shows("No open requests", "● live")
        screen = await opened(shown)
        chosen = next(each for each in shown.app.client.journal.entries if str(each.number) == screen.table.cursor_key)
        await shown.press("y")
        await shown.notifies("Sent to the terminal's clipboard", "Y shows the text")
        assert shown.app.clipboard == as_line(chosen)
        await shown.press("Y")
        await shown.until(lambda: isinstance(shown.app.screen, PlainText), "the text")
        await shown.press("w")
        await shown.notifies("Saved, readable only by you", str(state))
        (lines,) = kept(state)
        assert as_line(chosen) in lines
        assert len(lines) > 2
        await shown.press("w")
        await shown.until(lambda: len(kept(state)) == 2, "another file: none is written over")
        await shown.press("escape", "escape")
        await shown.shows("No open requests")


async def test_what_cannot_be_written_is_reported(samples: Samples, state: Path) -> None:
    block(state)
    async with console(samples.url, samples.token) as shown:
        await shown.shows("No open requests", "● live")
        await opened(shown)
        await shown.press("Y", "w")
        await shown.notifies("Not saved", str(state))


async def test_what_was_copied_can_be_shown_everywhere(samples: Samples) -> None:
    model = samples.pending("churn")
    async with console(samples.url, samples.token) as shown:
        await shown.shows(model, "● live")
        await shown.press("Y")
        assert len(shown.app.screen_stack) == 1
        shown.app.copy(f"models:/{model}/1\nsecond [/line] \x1b]0;x\x07")
        await shown.notifies("Sent to the terminal's clipboard")
        await shown.press("Y")
        await shown.shows(f"models:/{model}/1\n", "second [/line]", "w save to a file")
        await shown.press("a", "q")
        await shown.hides("w save to a file")
        assert len(shown.app.screen_stack) == 1


@SIZES
async def test_changes_are_in_words_with_the_servers_reason(samples: Samples, size: tuple[int, int]) -> None:
    """The calls that a change took are in its details; reads are left out on request."""
    done, failed = samples.pending("done"), samples.pending("failed")
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows("Inbox (2)", "● live")
        await shown.press("asterisk", "a")
        await shown.shows("Approve 2 requests?")
        samples.call("POST", "/mlflow/transition-requests/reject", name=failed, version="1", stage="Staging")
        await shown.press("y")
        await shown.shows("✗ 1 approved, 1 failed · @ details")
        await shown.press("at")
        await shown.shows("Changes in this session (2)", f"approve {done} version 1", "ok", "✗ failed", " ms")
        assert "read " not in shown.text
        rows = [line for line in shown.text.split("\n") if f" approve {failed}" in line]
        await shown.press(*(["j"] if not rows[0].startswith("▎") else []))
        await shown.shows("Nothing was sent: this request was already decided or cancelled.")
        await shown.press("slash")
        await shown.type(f"done approve {done}")
        await shown.press("enter")
        await shown.shows("Approved; version 1 is now in Staging.", "POST   /mlflow/transition-requests/approve  200")
        await shown.press("escape", "v")
        await shown.shows("read open requests")


async def test_there_is_nothing_secret_in_it(samples: Samples) -> None:
    """Neither the token nor what was asked for by name, searched, or said."""
    secrets = ["sought-model", "user-typed-words", "said-in-confidence", samples.token]
    model = samples.pending("churn")
    async with console(samples.url, samples.token, (200, 60)) as shown:
        await shown.shows(model, "● live")
        client = shown.app.client
        for reading in (
            client.models.get(secrets[0]),
            client.models.search(filter_text=f"name LIKE '%{secrets[1]}%'"),
            client.comments.create(model, "1", secrets[2]),
        ):
            with contextlib.suppress(CallError):
                await reading
        screen = await opened(shown)
        await shown.shows("POST /mlflow/comments/create", "read models")
        everything = shown.text + screen.as_text() + repr(client.journal)
        for secret in [*secrets, model, "Bearer", "?"]:
            assert secret not in everything.replace("? help", ""), secret


async def test_a_token_in_the_place_of_the_address_is_not_in_it() -> None:
    """Nor is the address at all: it may hold a password."""
    async with RegistryClient("http://user:hunter2@127.0.0.1:1", "tr_secret") as client:
        with pytest.raises(CallError):
            await client.users.me()
        (entry,) = client.journal.entries
        assert entry.result == "unreachable"
        assert "hunter2" not in repr(client.journal)
        assert "tr_secret" not in repr(client.journal)


def test_only_the_newest_calls_are_kept_and_all_are_counted() -> None:
    journal = Journal()
    with journal.change("approve") as record:
        journal.add("POST", "/y", "200", 0.0)
        record("done", "Approved.")
    for _ in range(MAX_ENTRIES + 5):
        journal.add("GET", "/x", "200", 0.0)
    assert len(journal.entries) == MAX_ENTRIES + 1
    assert journal.count == journal.entries[-1].number == MAX_ENTRIES + 8
    assert [call.path for call in journal.calls_of(journal.changes[0])] == ["/y"]


async def test_letters_are_letters_in_its_filter_line(samples: Samples) -> None:
    async with console(samples.url, samples.token) as shown:
        await shown.shows("No open requests", "● live")
        await opened(shown)
        await shown.press("slash", "at", "Y", "q")
        line = shown.app.screen.query_one("#filter", Input)
        assert line.value == "@Yq"
