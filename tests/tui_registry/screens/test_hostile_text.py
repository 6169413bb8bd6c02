"""Names, descriptions and comments of people who mean no good, on every screen: nothing happens, and all lines fit."""

import subprocess
import unicodedata
from collections.abc import Iterator

import pytest

from tests.tui_registry.console import Console, console
from tests.tui_registry.samples import OWNER, Samples
from tests.variants import variant
from tui_registry.mutations.subject import Subject
from tui_registry.screens.models.snippets import Origin, snippets

NAMES = {
    "markup": "=[x] [b]bold[foo",
    "link": "=[@click=app.quit]churn",
    "escape": "=\x1b[31mred\x1b]0;title\x07\x9b2J",
    "japanese": "=需要予測-関東-店舗別",
    "emoji": "=👩🏽‍🚀🇩🇪 rocket ❤️",
    "arabic": "=نموذج-السلام",
    "reversed": "=pay\u202eelddim\u2066",
    "joined": "=e" + "\u0301" * 60,
    "breaks": "=one\ntwo\r\nthree\u2028four",
    "long": "=" + "long-name-" * 25 + "ending",
}
WORDS = {name: (text[1:] + "[/] ") * (10_000 // (len(text) + 3)) for name, text in NAMES.items()}
"""About ten thousand characters of each."""


def assert_sound(shown: Console) -> None:
    """The screen is as wide as it is, and nothing in it steers the terminal."""
    width = shown.app.size.width
    for strip in shown.app.screen._compositor.render_strips():
        assert strip.cell_length == sum(segment.cell_length for segment in strip) == width
        bad = {c for c in strip.text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}}
        assert not bad, f"{bad} in {strip.text!r}"


def add(samples: Samples, kind: str) -> None:
    """A model that has the kind of text in all that people write, with a request that displaces a version."""
    words = WORDS[kind]
    model = samples.model(NAMES[kind], description=words, tags=[{"key": "k", "value": words[:4000]}])
    samples.version(model, description=words, run_link=words[:100], tags=[{"key": "k", "value": words}])
    samples.version(model, "Production", description=words)
    samples.ask(model, "1", "Production", comment=words)
    samples.call("POST", "/mlflow/comments/create", name=model, version="1", comment=words)


@pytest.mark.parametrize(
    ("size", "opened"),
    [((60, 20), 4), variant((60, 20), len(NAMES)), variant((120, 40), 4)],
    ids=["60x20-four", "60x20", "120x40"],
)
async def test_it_is_shown_everywhere_and_does_nothing(samples: Samples, size: tuple[int, int], opened: int) -> None:
    for kind in NAMES:
        add(samples, kind)
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows(f"Inbox ({len(NAMES)})", "None → Production", "● live")
        for _ in range(opened):
            assert_sound(shown)
            await shown.press("a")
            await shown.shows("Approve this request?", "y  Approve", "n no")
            assert_sound(shown)
            await shown.press("escape", "enter")
            await shown.shows("Models ›", "2 versions", "1 open request")
            assert_sound(shown)
            await shown.press("escape", "j")
        await shown.press("g", *["space"] * len(NAMES), "a")
        await shown.shows(f"Approve {len(NAMES)} requests?")
        assert_sound(shown)
        await shown.press("escape", "2")
        await shown.shows(f"Models ({len(NAMES)})")
        assert_sound(shown)
        await shown.press("colon", "a")
        await shown.shows("model ")
        assert_sound(shown)


@pytest.mark.parametrize("kind", ["long", variant("link"), variant("escape")])
async def test_its_outcome_is_reported(samples: Samples, kind: str) -> None:
    add(samples, kind)
    async with console(samples.url, samples.token, (60, 20)) as shown:
        await shown.shows("Inbox (1)", "None → Production", "● live")
        await shown.pilot.click("#requests", offset=(6, 1))
        await shown.pilot.click("#details", offset=(6, 1))
        await shown.press("a")
        await shown.shows("Approve this request?")
        for _ in range(9):
            if "displaces version 2" not in shown.text:
                await shown.press("down")
        await shown.shows("displaces version 2")
        await shown.press("y", "z", "enter")
        await shown.shows("This does not match")
        assert_sound(shown)
        await shown.press("escape", "r", "y")
        await shown.notifies("Rejected; version")
        assert_sound(shown)


async def test_wide_characters_stay_behind_the_label_of_what_they_are(samples: Samples) -> None:
    """At the beginning of a line they would look as what the console says."""
    model, source, link = samples.model(), "s3://" + "予" * 60, "https://a/" + "測" * 40
    samples.call("POST", "/mlflow/model-versions/create", name=model, source=source, run_link=link)
    samples.ask(model, "1")
    async with console(samples.url, samples.token) as shown:
        await shown.until(lambda: (shown.text.count("予"), shown.text.count("測")) == (60, 40), "source and link")
        for label, character in (("source", "予"), ("run link", "測")):
            for line in shown.text.split("\n"):
                assert character not in line or line.startswith((f"  {label} ", " " * 14)), shown.text


async def test_errors_of_the_server_are_shown_as_they_are(samples: Samples) -> None:
    """A refusal repeats what was typed."""
    async with console(samples.url, samples.token) as shown:
        await shown.press("2", "slash")
        await shown.type("= [@click=app.quit] = 'x'")
        await shown.until(lambda: "load failed" in shown.header, "it is refused")
        assert_sound(shown)


@pytest.fixture
def people(samples: Samples) -> Iterator[list[str]]:
    """Users and groups with such names, as far as they may have them, with levels on everything."""
    made: list[str] = []
    with samples.registry.client() as admin:
        for kind in ("markup", "link", "japanese", "arabic"):
            name = NAMES[kind][1:61]
            for path, fields in (
                ("Users", {"userName": name, "displayName": WORDS[kind][:200]}),
                ("Groups", {"displayName": name}),
            ):
                answer = admin.post(f"/preview/scim/v2/{path}", json=fields)
                assert answer.status_code == 201, answer.text
                made.append(f"/preview/scim/v2/{path}/{answer.json()['id']}")
            entry = {"group_name": name, "permission_level": "CAN_READ"}
            assert admin.patch("/permissions/registered-models/root", json={"access_control_list": [entry]}).is_success
        yield made
        for path in made:
            admin.delete(path)


PLACES = {
    "model": (("enter",), "your level: CAN_MANAGE"),
    "move": (("t",), "letter or ⏎ choose"),
    "move-asked": (("z",), "y  Move"),
    "version": (("escape", "enter"), "description"),
    "comment": (("J", "K", "G", "k", "k", "c"), "Comment on"),
    "tag": (("escape", "T"), "Set a tag"),
    "alias": (("escape", "A"), "Set an alias"),
    "history": (("escape", "H"), "added"),
    "described": (("escape", "g", "e"), "esc close"),
    "model-again": (("escape", "escape"), "your level: CAN_MANAGE"),
    "compare": (("equals_sign",), "~ stage"),
    "model details": (("G", "escape", "i"), "Details"),
    "card-description": (("g", "J"), "description"),
    "delete-model": (("D",), "Permanently delete this model?"),
    "copy": (("escape", "y"), "models:/ URI"),
    "access": (("escape", "p"), OWNER),
    "why": (("w",), "esc"),
    "grant": (("escape", "n"), "Permission level"),
}
"""What to press after what was pressed before, and what is then shown."""


@pytest.mark.parametrize(
    ("size", "kinds"),
    [((60, 20), ("escape", "long")), variant((120, 40), ("link", "breaks"))],
    ids=["60x20", "120x40"],
)
async def test_every_page_of_a_model(
    samples: Samples, people: list[str], size: tuple[int, int], kinds: tuple[str, ...]
) -> None:
    for kind in kinds:
        add(samples, kind)
    async with console(samples.url, samples.registry.admin_token, size) as shown:
        for row in range(len(kinds)):
            await shown.press("2")
            await shown.shows(f"Models ({len(kinds)})")
            await shown.press("g", *["j"] * row)
            for name, (keys, seen) in PLACES.items():
                for key in keys:
                    await shown.press(key)
                    assert_sound(shown)
                await shown.shows(seen)
                assert_sound(shown)
                assert shown.app.is_running, name
            await shown.press("escape", "escape", "escape", "escape")


@pytest.mark.parametrize("size", [(60, 20), variant((120, 40))], ids=["60x20", "120x40"])
async def test_every_place(samples: Samples, people: list[str], size: tuple[int, int]) -> None:
    for kind in NAMES:
        add(samples, kind)
    async with console(samples.url, samples.registry.admin_token, size) as shown:
        for keys, seen in (
            (("3",), "Board"),
            (("tab", "j", "j", "tab", "j"), "Board"),
            (("4",), "Activity"),
            (("j", "j", "v"), "transitions per day"),
            (("v", "5"), "CAN_READ"),
            (("j", "j", "e"), "esc"),
            (("escape", "tab"), "Users"),
            (("j", "j", "G"), "Users"),
            (("tab",), "Groups ("),
            (("g", "j", "enter"), "MEMBER"),  # the title may be cut by what other tests left
            (("escape", "tab", "tab"), "Tokens"),
            (("at", "v"), "API calls"),
            (("escape", "colon"), "place    inbox"),
            (("escape", "f9"), "esc"),
            (("escape", "P"), "Profiles"),
        ):
            for key in keys:
                await shown.press(key)
                assert_sound(shown)
            await shown.shows(seen)
            assert_sound(shown)


async def test_notes_and_what_is_undone(samples: Samples) -> None:
    add(samples, "link")
    async with console(samples.url, samples.token, (60, 20)) as shown:
        await shown.press("2")
        await shown.shows("Models (1)")
        await shown.press("T")
        await shown.type("k")
        await shown.press("tab")
        await shown.type("[@click=app.quit]x")
        await shown.press("ctrl+s")
        await shown.shows("Replace this tag's value?")
        assert_sound(shown)
        await shown.press("y")
        await shown.notifies("Tag k set to [@click=app.quit]x.")
        assert_sound(shown)
        await shown.pilot.click(offset=(40, 15))
        await shown.press("u")
        await shown.shows("Undo the last change?")
        assert_sound(shown)
        await shown.press("y")
        await shown.until(
            lambda: not shown.app.mutations.last_change and not shown.app.mutations.is_running, "it is undone"
        )


async def test_markdown_opens_nothing_and_stays_within_its_place(samples: Samples) -> None:
    words = (
        "# [/b] heading [@click=app.quit]\n\n[link](javascript:alert(1)) ![image](file:///etc/passwd) <b>html</b>\n\n"
        f"| a | b |\n|---|---|\n| {'x' * 3000} | \x1b[31mred |\n\n```\n{'y' * 10_000}\n```\n\n> \u202eturned"
    )
    model = samples.model("marked", description=words)
    async with console(samples.url, samples.token, (120, 40)) as shown:
        await shown.press("2")
        await shown.shows(model)
        await shown.press("i")
        await shown.shows("heading", "link")
        assert_sound(shown)
        opened: list[str] = []
        shown.app.open_url = lambda url, **_: opened.append(url)  # type: ignore[method-assign]  # to see that none is
        for line in range(2, 12):
            await shown.pilot.click("#full-text", offset=(4, line))
            await shown.press("J")
            assert_sound(shown)
    assert opened == []


async def test_editing_keeps_what_cannot_be_shown_unless_something_is_changed(samples: Samples) -> None:
    words = "plain\x1b[31m red\tand \u202eturned"
    model = samples.model("edited", description=words)

    def description() -> object:
        return samples.call("GET", "/mlflow/registered-models/get", name=model)["registered_model"]["description"]

    async with console(samples.url, samples.token) as shown:
        await shown.press("2")
        await shown.shows(model)
        await shown.press("e")
        await shown.shows("cannot be displayed in a terminal", "plain�[31m red")
        assert_sound(shown)
        await shown.press("ctrl+s")
        await shown.hides("Describe")
        assert description() == words
        await shown.press("e")
        await shown.type("!")
        await shown.press("ctrl+s")
        await shown.notifies("Description changed.")
    assert description() == "plain�[31m red\tand turned!"


@pytest.mark.parametrize("hostile", ["$(reboot)", "`reboot`", "a' b; reboot #", 'a" b; reboot #', "a\nreboot"])
def test_a_shell_runs_nothing_of_what_is_copied(hostile: str) -> None:
    """Only the variable of the token is replaced: no name, no workspace and no URL."""
    origin = Origin(f"http://registry.example/{hostile}", hostile)
    copied = {choice.label: choice.value for choice in snippets(Subject(hostile, "1"), origin)}
    script = 'curl() { printf "%s\\0" "$@"; }\n' + copied["curl"]
    ran = subprocess.run(["sh", "-c", script], env={"TUI_REGISTRY_TOKEN": "t"}, capture_output=True, check=True)
    assert ran.stdout.decode().split("\0") == [
        *("--get", "--header", "Authorization: Bearer t", "--header", f"X-MLFLOW-WORKSPACE: {hostile}"),
        *("--data-urlencode", f"name={hostile}", "--data-urlencode", "version=1"),
        *(f"{origin.url}/api/2.0/mlflow/model-versions/get", ""),
    ]
    assert not ran.stderr
    compile(copied["Python"], "copied", "exec")
