"""The finder, from anywhere: what it lists, in which order, and what it leaves behind. And filters, which only narrow
the place that they are in."""

import pytest

from tests.tui_registry.access_fixture import AccessFixture
from tests.tui_registry.console import LARGE, SMALL, Console, console
from tests.tui_registry.proxy import proxied
from tests.tui_registry.samples import Samples
from tests.variants import variant
from tui_registry.client.errors import Refused
from tui_registry.screens.finder.finder import Finder
from tui_registry.screens.inbox import Inbox
from tui_registry.screens.models.version_details import VersionDetails

FINDER_SIZES = pytest.mark.parametrize(
    "size", [(60, 20), variant(SMALL), variant(LARGE), variant((200, 50))], ids=["60", "80", "120", "200"]
)


def offered(shown: Console) -> list[str]:
    """The kinds and the names that are listed, the one under the cursor first marked."""
    lines = [line.partition("│")[2].strip(" ▎") for line in shown.text.split("\n") if "│" in line]
    listed = [line for line in lines if line.partition(" ")[0] in {"place", "action", "model", "version", "user"}]
    return [" ".join(line.split()[:2]) for line in listed]


async def find(shown: Console, typed: str) -> None:
    await shown.press("colon")
    await shown.until(lambda: isinstance(shown.app.screen, Finder), "the finder")
    await shown.type(typed)


@FINDER_SIZES
async def test_what_can_be_done_is_listed_before_anything_is_typed(samples: Samples, size: tuple[int, int]) -> None:
    model = samples.pending("churn")
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows(model, "● live")
        await shown.press("ctrl+p")
        await shown.shows("place    models")
        assert offered(shown)[:2] == ["action approve", "action reject"]
        await shown.press("ctrl+n", "ctrl+p")
        assert not any(f"▎ action   {verb}" in shown.text for verb in ("approve", "reject", "cancel")), shown.text
        while "▎ action   reject" not in shown.text:
            await shown.press("ctrl+p")
        await shown.press("enter")
        await shown.shows("Reject this request?")
        await shown.press("escape", "colon", "enter")
        await shown.until(lambda: "Models ›" in shown.header, "nothing that writes, as nothing was typed")
        await shown.press("escape")
        await shown.until(lambda: isinstance(shown.app.screen, Inbox), "the inbox")
        await shown.press("escape", "colon")
        await shown.type("reject")
        await shown.shows("▎ action   reject")
        await shown.hides("action   approve", "action   cancel")
        await shown.press("escape")
        await shown.until(lambda: isinstance(shown.app.screen, Inbox), "the inbox, as it was")
        assert "Inbox (1)" in shown.header


async def test_places_are_left_and_gone_to_as_in_k9s(access_data: AccessFixture) -> None:
    async with console(access_data.url, access_data.registry.admin_token, LARGE) as shown:
        await shown.shows("● live")
        for typed, seen in (
            ("users", "Access › Users"),
            ("groups", "Access › Groups"),
            ("tokens", "Access › Tokens"),
            ("models ", "Models (1)"),
            (":inbox", "Inbox ("),
            (f"access {access_data.model[:6]}", f"Models › {access_data.model} › Permissions"),
            (f"history {access_data.model}", f"Activity › {access_data.model}"),
        ):
            await find(shown, typed)
            await shown.press("enter")
            await shown.shows(seen)
        await find(shown, "q")
        await shown.press("enter")
        await shown.ends()


async def test_people_groups_and_tokens_are_found_and_nothing_is_left_behind(access_data: AccessFixture) -> None:
    comment = f"nightly-{access_data.samples.id}"
    access_data.call("POST", "/token/create", comment=comment)
    async with console(access_data.url, access_data.registry.admin_token, LARGE) as shown:
        await shown.shows("● live")
        ann = access_data.users["ann"]
        for typed, kind, seen in (
            (ann, "user", f"Access › {ann}"),
            (access_data.group, "group", f"Groups › {access_data.group}"),
            (comment, "token", f"Access › Tokens › {comment} (1)"),
        ):
            await find(shown, typed)
            await shown.shows(f"▎ {kind:<9}{typed}")
            assert "tr_" not in shown.text
            await shown.press("enter")
            await shown.shows(seen)
            await shown.press("escape")
            await shown.shows("Inbox (")
        await shown.press("colon")
        await shown.until(lambda: ann in shown.text, "what was found before")
        await shown.press("escape", "5", "tab")
        await shown.shows("Access › Users (")
        assert "matching" not in shown.text


async def test_one_failing_source_is_one_line(samples: Samples) -> None:
    model = samples.model("churn")

    async with console(samples.url, samples.token) as shown:
        await shown.shows("● live")
        shown.app.client.groups._transport = Refusing()  # type: ignore[assignment]  # only its GET is called
        await find(shown, "churn")
        await shown.shows(f"▎ model    {model}", "groups: the groups are not there")
        await shown.press("enter")
        await shown.shows(f"Models › {model}")


@pytest.mark.parametrize("name", ["churn", "nowhere"])
async def test_what_is_typed_after_enter_is_for_what_opens(samples: Samples, name: str) -> None:
    """However slow the server is; if nothing opens, that is reported."""
    samples.model("churn")
    async with proxied(samples.url) as proxy, console(proxy.url, samples.token) as shown:
        await shown.shows("● live")
        proxy.hold("/registered-models/search")
        await find(shown, name)
        await shown.pilot.press("enter", "h", "H")
        await shown.shows("Waiting for the server…")
        proxy.release()
        if name == "churn":
            await shown.shows("Activity › churn")
        else:
            await shown.shows("Nothing matches.", "Typed after Enter, and dropped: 2 keys.")
            await shown.type("x")
            await shown.hides("dropped")


async def test_versions_are_found_by_their_numbers(samples: Samples) -> None:
    model = samples.model("churn")
    for _ in range(3):
        samples.version(model)
    samples.model("churn-3")
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.shows("● live")
        for typed in (f"{model} 3", f"{model}/3", f"{model[:7]}/3"):
            await find(shown, typed)
            await shown.press("enter")
            await shown.until(lambda: isinstance(shown.app.screen, VersionDetails), typed)
            await shown.press("escape")
            await shown.until(lambda: isinstance(shown.app.screen, Inbox), "back")
        await find(shown, f"{model}/9")
        await shown.shows("Nothing matches.")
        await shown.press("enter")
        assert isinstance(shown.app.screen, Finder)


async def test_a_model_that_was_jumped_to_leaves_no_filter_behind(samples: Samples) -> None:
    """Neither by the finder, nor by the filters of places."""
    waiting, other = [samples.pending(name) for name in ("one", "two")], samples.model("churn")
    async with console(samples.url, samples.token) as shown:
        await shown.shows("Inbox (2)", "● live")
        await find(shown, "churn")
        await shown.press("enter")
        await shown.shows(f"Models › {other}")
        await shown.press("slash")  # where there is no list to filter
        await shown.until(lambda: isinstance(shown.app.screen, Finder), "the finder")
        await shown.shows(f"▎ model    {other}", *waiting)
        await shown.type(waiting[0])
        await shown.press("enter")
        await shown.shows(f"Models › {waiting[0]}")
        await shown.press("escape")
        await shown.shows(f"Models › {other}")
        await shown.press("escape")
        await shown.shows("Inbox (2)", *waiting)
        await shown.press("2")
        await shown.shows("Models (3)", *waiting, other)
        assert "matching" not in shown.text
        await shown.press("1", "slash")
        await shown.type("churn ")
        await shown.press("enter")
        await shown.shows("Inbox matching “churn” (0)", "No matching requests.")
        assert isinstance(shown.app.screen, Inbox)
        await shown.press("2")
        await shown.shows("Models (3)")
        await shown.press("1", "escape")
        await shown.shows("Inbox (2)")


async def test_models_are_searched_by_a_filter_from_anywhere(samples: Samples) -> None:
    tagged = samples.model("churn", tags=[{"key": "team", "value": "risk"}])
    samples.model("fraud")
    async with console(samples.url, samples.token) as shown:
        await shown.shows("● live")
        await find(shown, "model team=risk")
        await shown.press("enter")
        await shown.shows("Models matching “team=risk” (1)", tagged)
        await shown.press("escape")
        await shown.shows("Models (2)")


async def test_unknown_fields_are_named_where_they_are_typed(samples: Samples) -> None:
    samples.pending("churn")
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.shows("Inbox (1)")
        for place, typed, seen in (
            ("1", "foo:bar", "No field foo: can be searched here. There are model:, user:, stage:"),
            (
                "2",
                "foo:bar",
                "No field foo: can be searched here. There are stage:, user:, tag:, alias:, missing: and words.",
            ),
            ("4", "stage=Production", "No field stage= can be searched here. There are user:, type:,"),
        ):
            await shown.press(place, "slash")
            await shown.type(typed)
            await shown.shows(seen)
            await shown.press("escape")
        await shown.press("1", "slash")
        await shown.type("stage=staging  ")
        await shown.shows("Inbox matching “stage=staging” (1)")


class Refusing:
    """A transport that the server answers with an error, as an identity provider's outage would."""

    async def get(self, *_: object, **__: object) -> object:
        raise Refused(503, "TEMPORARILY_UNAVAILABLE", "the groups are not there")
