"""What differs from the version that a request would displace: beside the request, in time, and never in its way."""

import threading
from http.server import BaseHTTPRequestHandler

import pytest

from tests.server.scripted_tracking_server import answer, serving_script
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
            await shown.shows("compared with version 1", "tag auc 0.89 → 0.91", "- tag rows 5000")
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
                assert "+ tag note [/x] new" in shown.text
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


async def test_metrics_come_from_a_slow_server_however_often_the_registry_changes(samples: Samples, model: str) -> None:
    """They are said to be on the way, and what is being read is not asked for again."""
    answered = threading.Event()

    def reply(handler: BaseHTTPRequestHandler) -> None:
        answered.wait(60)
        run_id = handler.path.rpartition("=")[2]
        value = 0.5 if run_id.startswith("a") else 0.25
        info = {"run_id": run_id, "experiment_id": "7", "status": "FINISHED", "end_time": 1767225600000}
        answer(handler, 200, {"run": {"info": info, "data": {"metrics": [{"key": "rmse", "value": value}]}}})

    async def is_changed(shown: Console, value: str) -> None:
        samples.call("POST", "/mlflow/model-versions/set-tag", name=model, version="2", key="auc", value=value)
        await shown.shows(f"auc 0.89 → {value}" if "Inbox" in shown.header else f" {value}")

    with serving_script() as tracking:
        tracking.reply = reply
        uri = f"http://127.0.0.1:{tracking.server_port}"
        try:
            async with console(samples.url, samples.token, LARGE, tracking_uri=uri) as shown:
                await shown.shows("compared with version 1   ! metrics being read", "auc 0.89 → 0.91")
                await is_changed(shown, "0.92")
                await shown.press("enter")
                await shown.shows(f"Models › {model}", "! metrics being read")
                await shown.press("equals_sign")
                await shown.shows("! no metrics", "being read", "~ tag auc")
                await is_changed(shown, "0.93")
                await is_changed(shown, "0.94")
                answered.set()
                await shown.shows("~ metric rmse", "0.5", "0.25")
                assert "no metrics" not in shown.text
                await is_changed(shown, "0.95")
                await shown.shows("~ metric rmse")
                await shown.press("escape")
                await shown.shows("rmse 0.5 → 0.25")
                assert len(tracking.paths) == 2, "each run is asked for once"
        finally:
            answered.set()


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
