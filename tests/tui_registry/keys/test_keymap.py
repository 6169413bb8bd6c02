"""Keymaps: checked as a whole before any of it is used, and then true everywhere: what a key does, what the bar, the
help and the finder say, and what is dead while text is typed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.widgets import Input

from tests.tui_registry.console import console
from tests.tui_registry.samples import Samples
from tui_registry.keys import keymap
from tui_registry.keys.actions import ACTIONS
from tui_registry.keys.keymap import DEFAULT, KeymapError
from tui_registry.keys.movement import MOVEMENT
from tui_registry.keys.names import character, display_name, is_character, named, problem
from tui_registry.keys.view_actions import with_views
from tui_registry.screens.dialogs.confirm import Confirm
from tui_registry.screens.dialogs.help import Help
from tui_registry.screens.places import column_problems
from tui_registry.session import settings
from tui_registry.session.settings import Settings
from tui_registry.widgets.table import Table

KEYMAPS = Path(keymap.__file__).parent / "keymaps"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


def problems(text: str) -> list[str]:
    with pytest.raises(KeymapError) as caught:
        keymap.read("mine", text)
    return caught.value.problems


def mine(text: str) -> Settings:
    """Settings that name a keymap of one's own."""
    folder = settings.config_file().parent
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    return Settings(keymap="mine.toml")


def test_the_default_file_says_what_the_table_does() -> None:
    text = (KEYMAPS / "default.toml").read_text(encoding="utf-8")
    assert text == keymap.as_file(DEFAULT), "write it with: tui-registry keys --keymap default --toml"
    assert keymap.read("mine", text).keys == DEFAULT.keys


def test_the_readmes_examples_can_be_used() -> None:
    text = (Path(__file__).parents[3] / "tui_registry/README.md").read_text(encoding="utf-8")
    section = text[text.index("## Settings and keymaps") : text.index("## Commands")]
    written, own, _commands = re.findall(r"```toml\n(.*?)```", section, re.DOTALL)
    settings.config_file().parent.mkdir(parents=True)
    settings.config_file().write_text(written, encoding="utf-8")
    read = settings.read()
    assert read.model_copy(update={"views": {}}) == Settings(theme="nord", keymap="vim", mouse=False, old_days=180)
    assert with_views(DEFAULT, read.views)[1] == column_problems(read.views) == []
    assert keymap.read("mine", own).keys["reject"] == ("f6",)


def test_vim_adds_to_the_default_and_takes_nothing_away() -> None:
    vim = keymap.load("vim", folder=Path())
    assert vim.keys.keys() == DEFAULT.keys.keys()
    for name, keys in DEFAULT.keys.items():
        assert set(keys) <= set(vim.keys[name]), name
    assert vim.keys["half_page_down"] == ("ctrl+d",)
    assert "ctrl+f" in vim.keys["page_down"]
    assert keymap.read("mine", 'based_on = "vim"').keys == vim.keys


@pytest.mark.parametrize("name", keymap.BUILT_IN)
def test_what_is_shipped_describes_itself(name: str) -> None:
    known = keymap.load(name, folder=Path())
    assert keymap.read("mine", keymap.as_file(known)).keys == known.keys


@pytest.mark.parametrize("action", [*ACTIONS, *MOVEMENT.values()], ids=lambda action: action.id)
def test_keys_are_shown_as_the_table_writes_them(action: object) -> None:
    from tui_registry.keys.action import Action

    assert isinstance(action, Action)
    assert action.display_key == (display_name(action.keys.split(",")[0]) if action.keys else "")


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("a", "a"),
        ("G", "G"),
        ("shift+g", "G"),
        ("é", "é"),
        ("?", "question_mark"),
        ("/", "slash"),
        (",", "comma"),
        ("@", "at"),
        ("F6", "f6"),
        ("Esc", "escape"),
        ("PgDn", "pagedown"),
        ("Ctrl+F", "ctrl+f"),
        ("ctrl + f", "ctrl+f"),
        ("ctrl+[", "ctrl+left_square_bracket"),
    ],
)
def test_keys_are_written_as_people_do(written: str, key: str) -> None:
    assert named(written) == key


def test_textual_knows_the_characters_that_are_typed() -> None:
    """The rule about what is dead while text is typed must not have a gap: Textual's own names have some."""
    for code in range(0x21, 0x7F):
        key = named(chr(code))
        assert character(key) == chr(code)
        assert is_character(key)
        assert display_name(key) == chr(code)
    for key in ("enter", "escape", "tab", "space", "f1", "up", "backspace", "delete", "ctrl+a"):
        assert not is_character(key), key


@pytest.mark.parametrize("key", ["ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "ctrl+[", "ctrl+q", "ctrl+c"])
def test_unusable_keys_are_reported(key: str) -> None:
    assert "cannot be used" in problem(named(key))


def test_every_problem_is_listed_at_once_with_what_to_do() -> None:
    found = problems("""
        based_on = "emacs"
        colour = 1
        [keys]
        aprove = "f6"
        xyzzy = "f7"
        reject = "ctrl+r"
        help = []
        quit = "alt+x"
        sort = "a"
        approve = "a"
        back = "z"
        up = []
        copy = 3
        tags = "ctrl+h"
        mark = "spce"
        new = "f13"
    """)
    for part in (
        "unknown setting 'colour'",
        'based_on must be "default" or "vim"',
        "no action aprove: did you mean approve?",
        "no action xyzzy: 'tui-registry keys' lists them",
        "reject changes the registry, and ctrl+r is too easy to press",
        "help must have a key",
        "quit: alt+x is not sent by every terminal",
        "a would be approve and sort in inbox, model, board: give one of them another key",
        "back must keep escape",
        "up must keep up",
        'copy must be a key, such as "f6", or a list of keys',
        "tags: ctrl+h cannot be used: most terminals send it as Backspace",
        "mark: spce is not a key. Did you mean space?",
        "new: f13 is not sent by every terminal",
    ):
        assert any(part in each for each in found), part
    assert len(found) == 14


@pytest.mark.parametrize(
    ("text", "problem_text"),
    [
        ('[keys]\napprove = "q"\nquit = "q"', "q would be approve and quit in inbox"),  # with what is everywhere
        ('[keys]\napprove = "j"\ndown = ["down", "j"]', "j would be approve and down in inbox"),  # with a movement
        ('[keys]\nhalf_page_down = "d"\nhalf_page_up = "d"', "d would be half_page_down and half_page_up everywhere"),
        ('[keys]\napprove = "v"\ncolumns = "v"', "v would be approve and columns in inbox"),  # not the default's, too
        ('[keys]\napprove = "escape"', "esc would be approve and back in inbox"),  # what must keep its key
        ('[keys]\nfirst = "up"', "↑ would be up and first everywhere"),
        ('[keys]\nfilter = "?"', "? would be filter and help in inbox"),
        ('[keys]\ntransition = "ctrl+p"', "transition changes the registry, and ctrl+p is too easy to press"),
        ("keys = 3", "keys must be a table"),
        ("[keys]\nhelp = ['?', 3]", "help must be a key"),
        ("[keys]\nhelp = ' '", "help must be a key"),
        ("[keys", "not valid TOML"),
    ],
)
def test_a_problem_is_reported(text: str, problem_text: str) -> None:
    assert [problem_text in each for each in problems(text)] == [True]


def test_keys_may_be_exchanged() -> None:
    known = keymap.read("mine", '[keys]\napprove = "r"\nreject = "a"\nquit = []\n')
    assert (known.keys["approve"], known.keys["reject"], known.keys["quit"]) == (("r",), ("a",), ())


ONLY_BY_FINDER = "give it another there, or [] to reach it only by ctrl+p."


@pytest.mark.parametrize(
    ("text", "lost", "notes"),
    [
        (
            'approve = "t"',
            {"transition": ()},
            [f"t is approve in this file, so transition has no key: {ONLY_BY_FINDER}"],
        ),
        ('approve = "t"\ntransition = []', {"transition": ()}, []),
        (
            'approve = "g"\npage_down = "1"\nrefresh = "ctrl+e"',
            {"first": ("home",), "go_inbox": (), "read_on": ("J",)},
            [
                'g is approve in this file, so first has only Home: give it another there, or "home" to leave it so.',
                "ctrl+e is refresh in this file, so read_on has only J: give it another there, or",  # of based_on
                f"1 is page_down in this file, so go_inbox has no key: {ONLY_BY_FINDER}",
            ],
        ),
        (
            'members = "ctrl+d"\nremove = ":"\nsort = "ctrl+p"',
            {"half_page_down": (), "find_anything": ()},
            [
                "ctrl+d is members in this file, so half_page_down has no key: give it another there, or [] to leave",
                "ctrl+p is sort and : is delete (written as remove) in this file, so find_anything has no key: give",
            ],
        ),
    ],
)
def test_a_key_of_the_file_is_taken_from_what_has_it_by_default(
    text: str, lost: dict[str, tuple[str, ...]], notes: list[str]
) -> None:
    known = keymap.read("mine", f'based_on = "vim"\n[keys]\n{text}\n')
    assert {name: keys for name, keys in known.keys.items() if name in lost} == lost
    assert len(known.notes) == (1 + len(notes) if notes else 0)
    for note in notes:
        assert any(each.startswith(f"- {note}") for each in known.notes), (note, known.notes)
    copy = keymap.read("mine", keymap.as_file(known))
    assert (copy.keys, copy.notes) == (known.keys, ())


def test_what_acts_in_different_places_may_share_a_key() -> None:
    assert keymap.read("mine", '[keys]\ntimeline = "="\n').keys["compare"] == ("equals_sign",)


def test_a_keymap_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    with pytest.raises(KeymapError, match=r'no keymap .emacs.: use "default" or "vim", or the path of a file'):
        keymap.load("emacs", folder=tmp_path)
    with pytest.raises(KeymapError, match=r"none\.toml:\n- the keymap cannot be read: No such file"):
        keymap.load("none.toml", folder=tmp_path)
    (tmp_path / "bad.toml").write_bytes(b"\xff")
    with pytest.raises(KeymapError, match="not text"):
        keymap.load("bad.toml", folder=tmp_path)


async def test_a_keymap_holds_everywhere(samples: Samples) -> None:
    model = samples.pending("churn")
    chosen = mine('[keys]\nreject = "f6"\nrefresh = "z"\ncommand_palette = "f7"\nhelp = ["f1", "?"]\nopen = "+"\n')
    async with console(samples.url, samples.token, (140, 50), settings=chosen) as shown:
        await shown.shows(model, "● live")
        await shown.until(lambda: "F6 reject" in shown.bar, "the bar")
        assert shown.bar.endswith("F1 help")
        await shown.press("r", "enter")
        assert len(shown.app.screen_stack) == 1
        await shown.press("f1")
        await shown.shows("F6", "Reject the request", "z  ")
        await shown.press("escape", "f7")
        await shown.type("reject")
        await shown.until(
            lambda: "reject" in shown.row("F6") if "F6" in shown.text else False, "the action with its key"
        )
        await shown.press("escape", "f6")
        await shown.until(lambda: isinstance(shown.app.screen, Confirm), "the question")
        await shown.press("escape", "plus")
        await shown.shows(f"Models › {model}")


async def test_letters_are_letters_while_text_is_typed_and_function_keys_are_not(samples: Samples) -> None:
    """An action that comes to a letter is dead there, one that leaves its letter for a function key is not."""
    model = samples.pending("churn")
    chosen = mine('[keys]\nrefresh = "z"\nhelp = "f1"\nquit = "_"\nfilter = "f3"\ntheme = "-"\n')
    async with console(samples.url, samples.token, settings=chosen) as shown:
        await shown.shows(model, "● live")
        await shown.press("f3")
        assert isinstance(shown.app.focused, Input)
        await shown.press("f3", *"zq_", "minus", "slash", "question_mark", "a")
        await shown.shows("zq_-/?a", "No matching requests.")
        assert len(shown.app.screen_stack) == 1
        await shown.press("f1")
        await shown.until(lambda: isinstance(shown.app.screen, Help), "the help")


async def test_a_letter_acts_before_the_next_is_looked_at(samples: Samples) -> None:
    """What is typed at once after an action that came to a letter arrives in the line that it opens; what had the
    letter by default has lost it, and the user is notified."""
    model = samples.pending("churn")
    async with console(samples.url, samples.token, settings=mine('[keys]\nfilter = "v"\n')) as shown:
        await shown.shows(model, "● live")
        await shown.notifies("Some actions have lost keys", "v is filter in this file, so mark_range, ")
        await shown.press(*"vxxx")
        await shown.shows("No matching requests.")
    bound = {each.key: each.priority for each in Table.BINDINGS if isinstance(each, Binding)}
    assert not bound["pagedown"]


async def test_lists_move_by_the_keymap(samples: Samples) -> None:
    model = samples.model()
    for _ in range(40):
        samples.ask(model, samples.version(model))
    chosen = mine('based_on = "vim"\n[keys]\ndown = ["down", "%"]\nlast = "$"\n')
    async with console(samples.url, samples.token, settings=chosen) as shown:
        await shown.shows("Inbox (40)")
        table = shown.app.screen.query_one(Table)
        first = table.cursor_key
        await shown.press("j", "G", "ctrl+n", "end")
        assert table.cursor_key == first
        await shown.press("%", "down", "k")
        assert table._cursor == 1
        await shown.press("g", "ctrl+d")
        half = table._cursor
        assert 0 < half < table.size.height
        await shown.press("ctrl+d")
        assert table._cursor == 2 * half
        await shown.press("ctrl+u", "ctrl+u", "ctrl+f")
        assert table._cursor > half
        await shown.press("ctrl+b")
        assert table._cursor == 0
        await shown.press("$")
        assert table._cursor == 39
        await shown.press("question_mark")
        await shown.type("next row")
        await shown.shows("↓/%", "Go to the next row")


async def test_with_a_bad_keymap_the_default_one_is_used_and_every_problem_reported(samples: Samples) -> None:
    model = samples.pending("churn")
    chosen = mine('[keys]\napprove = "a"\nreject = "a"\nquit = "ctrl+m"\n')
    async with console(samples.url, samples.token, settings=chosen) as shown:
        await shown.shows(model, "● live")
        await shown.notifies("Some settings are not used", "a would be approve and reject", "quit: ctrl+m")
        assert [note.timeout >= 30 for note in shown.app._notifications] == [True]
        await shown.press("r")
        await shown.shows("Reject this request?")


def keys(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tui_registry", "keys", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_prints_the_keys_in_force(tmp_path: Path) -> None:
    mine('[keys]\napprove = "f6"\n')
    settings.config_file().write_text('keymap = "mine.toml"\n')
    printed = keys()
    assert printed.returncode == 0
    assert any(line.split()[:2] == ["F6", "approve"] for line in printed.stdout.splitlines())
    assert "ctrl+d" in keys("--keymap", "vim").stdout
    (tmp_path / "copy.toml").write_text(keys("--toml").stdout)
    assert keys("--keymap", str(tmp_path / "copy.toml")).stdout == printed.stdout


def test_the_command_checks_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[keys]\naprove = "f6"\nquit = "ctrl+m"\n')
    checked = keys("--keymap", str(file))
    assert checked.returncode == 1
    assert checked.stdout == ""
    for part in (str(file), "did you mean approve?", "quit: ctrl+m cannot be used"):
        assert part in checked.stderr


def test_the_file_that_0_2_0_printed_is_refused_only_for_lines_that_now_clash(tmp_path: Path) -> None:
    """``columns`` was in one place, where it had v, and is in all lists now, where others have come to v."""
    text = Path(__file__).with_name("keymap_0_2_0.toml").read_text(encoding="utf-8")
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    refused = keys("--keymap", str(file))
    assert (refused.returncode, refused.stdout, len(refused.stderr.splitlines())) == (1, "", 2)
    assert "v would be columns and timeline in activity: give one of them another key." in refused.stderr
    file.write_text(text.replace('timeline = "v"', "timeline = []"), encoding="utf-8")
    taken = keys("--keymap", str(file))
    assert re.search(r"^v +columns ", taken.stdout, re.MULTILINE)
    assert re.search(r"^ +mark_range ", taken.stdout, re.MULTILINE)
    assert "v is columns in this file, so mark_range, only_changes and every_model have no key: give " in taken.stderr


def test_lines_with_the_former_names_of_an_action_are_taken_together(tmp_path: Path) -> None:
    """``remove`` and ``delete_model`` were two actions until 0.2.0, and ``delete`` was a third."""
    file = tmp_path / "mine.toml"
    for lines, shown in (
        ('delete_model = "X"\nremove = "d"', "X d"),
        ('remove = "d"\ndelete = "D"\ndelete_model = ["X", "d"]', "D d X"),
        ('remove = "d"', "d"),
    ):
        file.write_text(f"[keys]\n{lines}\n")
        assert re.search(rf"^{shown} +delete ", keys("--keymap", str(file)).stdout, re.MULTILINE), lines
    file.write_text('[keys]\nremove = "d"\ndelete_model = "ctrl+x"\nrename = "d"\n')
    problems = keys("--keymap", str(file)).stderr
    assert "- delete (written as remove and delete_model) changes the registry, and ctrl+x is too easy" in problems
    assert "- d would be delete (written as remove and delete_model) and rename in models, prompts, mo" in problems
