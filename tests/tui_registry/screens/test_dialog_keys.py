"""Keys in dialogs: ``n`` is No in every one, and the last line says what the next key is."""

from pathlib import Path

import pytest

from tests.tui_registry.console import SIZES, Console, console
from tests.tui_registry.samples import Samples
from tui_registry.screens.dialogs.choose import TAKEN, Choice, Choose
from tui_registry.screens.dialogs.confirm import Confirm
from tui_registry.session import profiles
from tui_registry.session.profiles import Profile, Profiles


def is_open(shown: Console) -> bool:
    return isinstance(shown.app.screen, (Choose, Confirm))


async def open_model(shown: Console, model: str) -> None:
    await shown.press("colon")
    await shown.type(model)
    await shown.press("enter")
    await shown.shows(f"Models › {model[:20]}", "t move")


@SIZES
async def test_no_is_no_where_a_stage_is_chosen(samples: Samples, size: tuple[int, int]) -> None:
    model = samples.model("churn")
    samples.version(model, "Staging")
    async with console(samples.url, samples.token, size) as shown:
        await open_model(shown, model)
        await shown.press("t")
        await shown.shows("from Staging to", "0  None", "p  Production", "z  Archived")
        await shown.shows("key or ⏎ choose   n or esc close")
        await shown.press("y")
        assert is_open(shown), "yes chooses nothing"
        await shown.press("n")
        await shown.until(lambda: not is_open(shown), "it is closed")
        await shown.press("t", "0")
        await shown.shows("Move this version?", "Staging → None", "y yes   n no   tab comment")
        await shown.press("n")
        await shown.until(lambda: not is_open(shown), "it is closed")
        await shown.press("t", "0", "y")
        await shown.notifies("Moved from Staging to None.")
    assert samples.stage(model) == "None"


async def test_what_is_copied_keeps_its_end_where_it_has_no_room(samples: Samples) -> None:
    """The version is at the end of the URI."""
    model = samples.model(f"churn-{'of-retail-customers-' * 4}eu")
    number = samples.version(model)
    async with console(samples.url, samples.token) as shown:
        await open_model(shown, model)
        await shown.press("y")
        await shown.shows(f"{model[-8:]}/{number} ", f"{model[-8:]}/{number}')")
        await shown.press("u")
        await shown.until(lambda: shown.app.clipboard == f"models:/{model}/{number}", "the URI is copied")


async def test_no_is_no_where_something_is_chosen_to_copy(samples: Samples) -> None:
    model = samples.model("churn")
    samples.version(model)
    async with console(samples.url, samples.token) as shown:
        await open_model(shown, model)
        await shown.press("y")
        await shown.shows("m  name", "letter or ⏎ choose   n or esc close")
        await shown.press("n")
        await shown.until(lambda: not is_open(shown), "it is closed")
        assert not shown.app.clipboard
        await shown.press("y", "m")
        await shown.until(lambda: shown.app.clipboard == model, "the name is copied")


async def test_what_is_copied_of_a_model_loads_what_its_row_shows(samples: Samples) -> None:
    """The version in Production, or without one the latest; on the page about it, too."""
    model = samples.model("churn")
    samples.version(model, "Production")
    other = samples.model("fraud")
    samples.version(other, "Staging")
    async with console(samples.url, samples.token) as shown:
        await shown.press("2")
        await shown.shows(model, other)
        await shown.press("y")
        await shown.shows(f"models:/{model}/Production ", f"load_model('models:/{model}/Production')")
        await shown.press("p")
        await shown.until(lambda: f"load_model('models:/{model}/Production')" in shown.app.clipboard, "its Python")
        await shown.press("i")
        await shown.shows("in Production")
        await shown.press("y")
        await shown.shows(f"load_model('models:/{model}/Production')")
        await shown.press("n", "escape", "j")
        await shown.shows(f"▎ {other}")
        await shown.press("y")
        await shown.shows(f"load_model('models:/{other}/latest')")


@pytest.mark.parametrize("key", sorted(TAKEN))
def test_what_has_a_meaning_in_all_dialogs_chooses_nothing(key: str) -> None:
    with pytest.raises(ValueError, match=f"{key} cannot choose None"):
        Choice("None", "None", key=key)


@SIZES
async def test_a_dialog_with_a_word_says_each_next_key(samples: Samples, size: tuple[int, int]) -> None:
    model = samples.pending("churn", "Production")
    samples.version(model, "Production")
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows(model)
        await shown.press("a")
        await shown.shows(f"y then type {model} ⏎", "n no", "tab comment")
        assert "y yes" not in shown.text
        assert "y  Approve…" in shown.text
        assert "[x] Archive version" in shown.text
        await shown.press("o")
        await shown.shows("[ ] Archive version", "o archive")
        await shown.press("o")
        await shown.shows("[x] Archive version", "o do not archive")
        await shown.press("tab")
        await shown.shows(f"⏎ then type {model}   esc close")
        await shown.type("Agreed")
        await shown.press("enter")
        await shown.shows(f"type {model}   esc close")
        assert "⏎ then" not in shown.text
        await shown.type(model)
        await shown.shows("⏎ approve   esc close")
        assert "y  Approve " in shown.text
        await shown.press("tab")
        await shown.shows("y yes   n no   o do not archive")
        await shown.press("shift+tab", "end", "backspace")
        await shown.shows(f"type {model}   esc close")
        await shown.type(model[-1])
        await shown.press("tab", "y")
        await shown.notifies("Approved; version 1 is now in Production.")
    assert samples.activities(model, "APPROVED_REQUEST")[0]["comment"] == "Agreed"


async def test_a_dialog_with_a_word_in_a_small_terminal(samples: Samples) -> None:
    model = samples.pending("churn-of-customers-of-houses", "Production")
    samples.version(model, "Production")
    async with console(samples.url, samples.token, (60, 20)) as shown:
        await shown.shows("churn-of")
        await shown.press("a")
        await shown.shows("y then type it  n no  tab comment  o untick")
        await shown.press("y")
        await shown.shows(f"type {model}   esc close")
        await shown.press("escape")
        await shown.until(lambda: not is_open(shown), "it is closed")


@SIZES
async def test_what_a_profile_is_like_is_said_in_words(
    samples: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    production = Profile(url="https://registry.example.com", read_only=True, colour="red")
    known = {"production": production, "staging": Profile(url="https://staging.example.com")}
    profiles.change(lambda _: Profiles(profiles=known))
    async with console(samples.url, samples.token, size) as shown:
        await shown.press("P")
        await shown.until(lambda: "▎ test  " in shown.text, "the cursor on what is open")
        await shown.shows("test is open, and not a profile.", "  read-only")
        assert "⏎ open" not in shown.text
        await shown.press("j")
        await shown.shows("production is read-only: when it is open, w in this dialog", "⏎ open   esc close")
        await shown.shows("The header shows its name on red.", "tui-registry login URL --profile NAME")
        await shown.press("j")
        await shown.shows("staging is for reading and changes.")
        assert "read-only: " not in shown.text
