"""What differs from the version that a request would displace: beside the request, in time, and never in its way."""

import pytest

from tests.tui_registry.console import LARGE, SMALL, Console, console
from tests.tui_registry.proxy import proxied
from tests.tui_registry.samples import ASKER, Samples

OLD = [{"key": "auc", "value": "0.89"}, {"key": "team", "value": "risk"}, {"key": "rows", "value": "5000"}]
NEW = [{"key": "auc", "value": "0.91"}, {"key": "team", "value": "risk"}, {"key": "note", "value": "[/x] new\x1b[31m"}]


@pytest.fixture
def model(samples: Samples) -> str:
    """A model whose version 2 would displace version 1."""
    model = samples.model("churn")
    samples.version(model, "Production", tags=OLD, run_id="a" * 32)
    samples.ask(model, samples.version(model, tags=NEW, run_id="b" * 32), "Production", comment="Better everywhere.")
    return model


def line_of(shown: Console, text: str) -> int:
    """The first line of the details with a text."""
    top = shown.app.screen.query_one("#details").region.y
    return next(number for number, line in enumerate(shown.text.split("\n")) if number >= top and text in line)


@pytest.mark.parametrize("size", [SMALL, LARGE, (60, 20)], ids=["80x24", "120x40", "60x20"])
async def test_what_differs_is_below_the_request(samples: Samples, model: str, size: tuple[int, int]) -> None:
    async with console(samples.url, samples.token, size) as shown:
        for opened in ("inbox", "model"):
            await shown.shows("compared with version 1", "tag auc 0.89 → 0.91", "tag rows 5000 → –")
            seen = [
                "displaces version 1",
                f"requested by {ASKER}",
                "Better everywhere.",
                "compared with",
                "tag auc 0.89",
            ]
            assert [line_of(shown, text) for text in seen] == sorted(line_of(shown, text) for text in seen)
            assert "team risk" not in shown.text
            if size == LARGE:
                assert "tag note – → [/x] new" in shown.text
                assert "run aaaaaaaa → bbbbbbbb" in shown.text
            if opened == "inbox":
                await shown.press("enter")
                await shown.shows(f"Models › {model}")


async def test_it_is_waited_for_by_nobody(samples: Samples, model: str) -> None:
    """Keys work and nothing that is read moves while it is on the way; an answer about another request is dropped."""
    other = samples.pending("other")
    async with proxied(samples.url) as proxy, console(proxy.url, samples.token) as shown:
        await shown.shows("Inbox (2)", "● live")
        proxy.hold("/model-versions/get")
        await shown.press("G")
        await shown.shows(f"{model} version 2", "displaces version 1", "created by")
        before = line_of(shown, "displaces version 1"), line_of(shown, "Better everywhere.")
        await shown.until(lambda: any("/model-versions/get" in line for line in proxy.asked), "it is asked for")
        assert "compared" not in shown.text
        await shown.press("g")
        await shown.shows(f"{other} version 1")
        proxy.release()
        await shown.press("f5")
        await shown.shows(f"{other} version 1", "created by")
        assert "compared" not in shown.text
        await shown.press("G")
        await shown.shows("compared with version 1")
        assert (line_of(shown, "displaces version 1"), line_of(shown, "Better everywhere.")) == before


async def test_the_dialog_repeats_effect_and_reason(samples: Samples, model: str) -> None:
    async with console(samples.url, samples.token) as shown:
        await shown.shows("compared with version 1")
        for key, effect in (("a", True), ("r", False)):
            await shown.press(key)
            await shown.shows("this request?")
            text = "\n".join(str(part.render()) for part in shown.app.screen.query("#targets Static"))
            assert "“Better everywhere." in text
            assert ("displaces version 1, now in Production" in text) is effect
            await shown.shows("compared with version 1", "auc 0.89 → 0.91")  # beside the dialog
            await shown.press("escape")
            await shown.hides("this request?")
