"""Webhooks in the console: a live server notifies a real receiver, and the places show the outcome."""

import base64
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from textual.events import Paste

from tests.live_registry import LiveRegistry, serving
from tests.server.api import Api
from tests.server.receiver import OK, Answer, Received, Receiver
from tests.server.webhook_deliveries import settled
from tests.tui_registry.access_fixture import choose, to_section
from tests.tui_registry.console import LARGE, SIZES, SMALL, Console, console
from tests.tui_registry.proxy import proxied
from tui_registry.screens import overview
from tui_registry.screens.base import polled

HOOKS = "/mlflow/registry-webhooks"
SECRET = "sesame-of-the-signature"


class Hooked:
    """A registry with models of ann's, and a receiver that answers as the last of ``answers`` says, once ``answering``
    is set."""

    def __init__(
        self, live: LiveRegistry, receiver: Receiver, answers: list[Answer], answering: threading.Event
    ) -> None:
        self.live, self.receiver, self.answers, self.answering = live, receiver, answers, answering
        self.ann = Api(live.url, live.token("ann"))
        self.admin = Api(live.url, live.admin_token)

    def webhooks(self, **fields: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.admin.get(f"{HOOKS}/overview", **fields).ok().get("webhooks", [])
        return listed

    def version(self, model: str) -> None:
        self.ann.post("/mlflow/model-versions/create", name=model, source="s3://x").ok()


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hooked]:
    answers: list[Answer] = [OK]
    answering = threading.Event()
    answering.set()

    def reply(_request: Received) -> Answer:
        answering.wait(8)
        return answers[-1]

    key = base64.urlsafe_b64encode(os.urandom(32)).decode()
    with pytest.MonkeyPatch.context() as patch, Receiver(reply) as receiver:
        patch.setenv("TUI_REGISTRY_WEBHOOK_KEY", key)
        with serving(tmp_path_factory.mktemp("hooked"), "--webhook-allow", "127.0.0.0/8") as live:
            hooked = Hooked(live, receiver, answers, answering)
            with hooked.ann, hooked.admin:
                for name in ("churn", "fraud"):
                    hooked.ann.post("/mlflow/registered-models/create", name=name).ok()
                yield hooked


async def paste(shown: Console, text: str) -> None:
    assert shown.app.focused is not None
    shown.app.focused.post_message(Paste(text))
    await shown.pilot.pause()


async def confirm(shown: Console, *texts: str, word: str = "") -> None:
    """``word``: what has to be typed."""
    await shown.shows(*texts)
    await shown.press("y")
    if word:
        await shown.type(word)
        await shown.press("enter")


async def test_from_creation_to_deletion(hooked: Hooked, monkeypatch: pytest.MonkeyPatch) -> None:
    """By who manages a model, on its page: every key, and what the server and the receiver have of it."""
    host = f"127.0.0.1:{hooked.receiver.port}"
    async with console(hooked.live.url, hooked.live.token("ann"), SMALL) as shown:
        await shown.press("2")
        await shown.shows("churn")
        await choose(shown, "churn")
        await shown.press("W")
        await shown.shows("Models › churn › Webhooks (0)", "No webhooks.")
        await shown.press("n")
        await shown.shows("New webhook", "URL")
        await shown.type("hooks")
        await shown.press("enter", "ctrl+s")
        await shown.shows("Write it as https://host/path,")
        await shown.press(*["backspace"] * 5)
        await paste(shown, f"{hooked.receiver.url}/hook")
        await shown.press("tab")
        await paste(shown, "alerts")
        await shown.press("tab")
        await paste(shown, SECRET)
        assert SECRET not in shown.text
        await shown.press("ctrl+s")
        await shown.shows(f"Notify {host} of", "[x]  MODEL_VERSION_CREATED", "[ ]  COMMENT_CREATED")
        assert "REGISTERED_MODEL_CREATED" not in shown.text
        await shown.press("enter")
        await shown.notifies("The webhook is created.")
        await shown.shows("Webhooks (1)", "active", "alerts", "with a secret")
        (made,) = hooked.webhooks(model_name="churn")
        usual = ["MODEL_VERSION_CREATED", "MODEL_VERSION_TRANSITIONED_STAGE", "TRANSITION_REQUEST_CREATED"]
        assert made["events"] == usual

        await shown.press("e", "enter")
        await shown.shows("[x]  MODEL_VERSION_CREATED")
        await shown.press("space", "j", "j", "j", "space", "enter")
        await shown.notifies("Saved.")
        assert hooked.webhooks(model_name="churn")[0]["events"] == [*usual[1:], "COMMENT_CREATED"]
        await shown.press("u")
        await confirm(shown, "Undo the last change?")
        await shown.until(lambda: hooked.webhooks(model_name="churn")[0]["events"] == usual, "undone")

        hooked.answers.append((418, b"\x1b[31m[/red]a teapot\nof two lines", {}))
        await shown.press("t")
        await shown.shows("Status", "418", "Latency", "ms", "[/red]a teapot", "of two lines")
        assert hooked.receiver.wait_for(1)[0].is_signed_for_databricks(SECRET)
        await shown.press("escape")
        hooked.answers.append((422, b"no such channel", {}))
        hooked.version("churn")
        hooked.version("churn")
        hooked.receiver.wait_for(3)
        await shown.press("f5")
        await shown.until(lambda: "422" in shown.row(host) and "  2  " in shown.row(host), "both have failed")
        assert "failing" in shown.row(host)
        await shown.shows("! MODEL_VERSION_CREATED of ", "given up, 1 failed")
        assert "active" not in shown.row(host)
        monkeypatch.setattr(polled, "POLL_INTERVAL", 0.5)
        monkeypatch.setattr(overview, "REST_SECONDS", 0.0)
        await shown.press("6")
        await shown.shows("Webhooks failing", "their last delivery did not arrive")
        await shown.press("G", "enter")
        await shown.shows("Access › Webhooks matching “failing” (1)", host)
        await shown.press("2", "slash")
        await shown.type("failing")
        await shown.shows("Models › churn › Webhooks matching “failing” (1)")
        await shown.press("escape", "p")
        await confirm(shown, "Pause this webhook?", f"{host}  of churn")
        await shown.notifies("It is paused")
        await shown.until(lambda: "paused" in shown.row(host), "paused")
        await shown.press("A")
        await confirm(shown, "Resume this webhook?", "It will be yours")
        await shown.notifies("It sends again.")

        await shown.press("enter")
        await shown.shows(
            "› Deliveries (2)",
            "churn version 2",
            "churn version 1",
            "no such channel",
            "given up, 1 failed attempt",
            "answered 422",
        )
        hooked.answers.append(OK)
        await shown.press("asterisk", "r")
        await confirm(shown, "Send 2 deliveries again?")
        await shown.notifies("2 queued again, 0 failed")
        assert [each.json["version"] for each in hooked.receiver.wait_for(5)[3:]] == ["1", "2"]
        await shown.press("f5")
        await shown.until(lambda: shown.text.count("delivered") == 3, "both arrived")
        await shown.press("slash")
        await shown.type("given up")
        await shown.shows("No matching deliveries.")
        await shown.press("escape")
        await shown.until(lambda: shown.text.count("delivered") == 3, "both again")
        await shown.press("enter")
        await shown.shows("churn › 2")
        await shown.press("escape", "escape")
        await shown.shows("Webhooks (1)")
        await shown.until(lambda: "active" in shown.row(host), "it does not fail any more")
        await shown.press("6")
        await shown.shows("Webhooks failing", "no last delivery has failed")
        hooked.answers.append((422, b"no such channel", {}))
        hooked.answering.clear()
        changes = shown.app.change_count
        newest = hooked.ann.get(f"{HOOKS}/deliveries", id=made["id"]).ok()["deliveries"][0]
        hooked.ann.post(f"{HOOKS}/replay", id=made["id"], delivery_id=newest["id"]).ok()
        place = shown.app.screen
        assert isinstance(place, overview.Overview)
        await shown.until(lambda: shown.app.change_count > changes and not place.is_loading, "the event")
        hooked.answering.set()
        await shown.shows("their last delivery did not arrive")  # without a key, and without an event of that
        await shown.press("2")
        await shown.shows("Models › churn › Webhooks (1)")
        await shown.press("D")
        await confirm(shown, "Delete this webhook?", "This cannot be undone: no secret", word=host)
        await shown.notifies("Deleted, with its deliveries.")
        await shown.shows("Webhooks (0)")
    assert hooked.webhooks(model_name="churn") == []


async def test_all_of_them_and_who_may(hooked: Hooked) -> None:
    """Administrators see those of either form in Access, and find them; and those who manage a model, its
    own."""
    host = f"127.0.0.1:{hooked.receiver.port}"
    spec = {"url": f"{hooked.receiver.url}/secret-path", "enable_ssl_verification": False}
    for fields in ({"model_name": "fraud", "description": "unchecked"}, {"description": "of all"}):
        hooked.admin.post(f"{HOOKS}/create", http_url_spec=spec, events=["COMMENT_CREATED"], **fields).ok()
    events = [{"entity": "MODEL_VERSION", "action": "CREATED"}]
    hooked.admin.post("/mlflow/webhooks", name="of MLflow", url=hooked.receiver.url, events=events).ok()
    async with console(hooked.live.url, hooked.live.admin_token, LARGE) as shown:
        await to_section(shown, "Webhooks")
        await shown.shows("Webhooks (3)", "of MLflow", "of all", "! 127.0.0.1", "fraud")
        assert "secret-path" not in shown.text
        await choose(shown, "unchecked")
        await shown.shows("! Its certificate is not verified")
        await shown.press("asterisk", "p")
        await confirm(shown, "Pause 3 webhooks?")
        await shown.notifies("3 paused, 0 failed")
        assert {each["status"] for each in hooked.webhooks()} == {"DISABLED"}
        await shown.press("escape")
        await choose(shown, "of MLflow")
        await shown.press("D")
        await confirm(shown, "Delete this webhook?", word=host)
        await shown.shows("Webhooks (2)")
        await shown.press("colon")
        await shown.type("unchecked")
        await shown.shows("webhook  127.0.0.1")
        await shown.press("enter")
        await shown.shows("› Deliveries (0)")
        await shown.press("colon")
        await shown.type("webhooks fraud")
        await shown.press("enter")
        await shown.shows("Models › fraud › Webhooks (1)")
    token = hooked.live.token("reader")
    hooked.ann.patch(
        f"/permissions/registered-models/{_id(hooked, 'fraud')}",
        access_control_list=[{"user_name": "reader", "permission_level": "CAN_READ"}],
    ).ok()
    async with proxied(hooked.live.url) as proxy, console(proxy.url, token) as shown:
        await shown.shows("● live")
        proxy.refuse("/why", 500, "INTERNAL_ERROR")
        await shown.press("colon")
        await shown.type("webhooks fraud")
        await shown.press("enter")
        await shown.shows("Webhooks (0)", "Could not check what you may change here", "No webhooks.", "● live")
        assert "n new" not in shown.bar
        proxy.accept()
        await shown.press("f5")
        await shown.shows("Webhooks (0)", "Your level: CAN_READ. Webhooks of the model require CAN_MANAGE.")
        assert "n new" not in shown.bar
        await to_section(shown, "Webhooks")
        await shown.shows("Only those of models that you manage")
        await shown.press("n")
        await shown.shows("Model, which you manage")


def make_waiting(hooked: Hooked, model: str) -> str:
    """A webhook of a new model with one delivery, which the receiver has put off for an hour. Returns its id."""
    hooked.answers.append((503, b"later", {"Retry-After": "3600"}))
    hooked.ann.post("/mlflow/registered-models/create", name=model).ok()
    fields = {"events": ["COMMENT_CREATED"], "http_url_spec": {"url": hooked.receiver.url}, "model_name": model}
    made: str = hooked.ann.post(f"{HOOKS}/create", **fields).ok()["webhook"]["id"]
    hooked.version(model)
    hooked.ann.post("/mlflow/comments/create", name=model, version="1", comment="Seen.").ok()
    return made


async def to_waiting(shown: Console, model: str) -> None:
    await shown.press("colon")
    await shown.type(f"webhooks {model}")
    await shown.press("enter")
    await shown.shows(f"Models › {model} › Webhooks (1)", "503", "e edit", "D delete")
    await shown.press("enter")
    await shown.shows("› Deliveries (1)", "retrying, 1 failed attempt, answered 503", "next attempt", "r send now")


@SIZES
async def test_what_waits_for_its_next_attempt_is_sent_now(hooked: Hooked, size: tuple[int, int]) -> None:
    model, sent = f"waiting-{size[0]}", len(hooked.receiver.requests)
    make_waiting(hooked, model)
    async with console(hooked.live.url, hooked.live.token("ann"), size) as shown:
        await to_waiting(shown, model)
        hooked.answers.append(OK)
        await shown.press("r")
        await confirm(shown, "Send this delivery now?", "no longer waits")
        await shown.notifies("It is sent now, after those before it.")
        assert len(hooked.receiver.wait_for(sent + 2)) == sent + 2
        await shown.press("f5")
        await shown.shows("delivered", "r send again")


async def test_what_was_sent_meanwhile_is_not_sent_twice(hooked: Hooked) -> None:
    sent = len(hooked.receiver.requests)
    webhook = make_waiting(hooked, "meanwhile")
    async with console(hooked.live.url, hooked.live.token("ann"), SMALL) as shown:
        await to_waiting(shown, "meanwhile")
        (waiting,) = hooked.ann.get(f"{HOOKS}/deliveries", id=webhook).ok()["deliveries"]
        hooked.answers.append(OK)
        hooked.ann.post(f"{HOOKS}/replay", id=webhook, delivery_id=waiting["id"]).ok()
        settled(hooked.ann, webhook, "DELIVERED")
        await shown.press("r")
        await confirm(shown, "Send this delivery now?")
        await shown.notifies("It had been sent in the meantime, and was not sent again.")
        (after,) = hooked.ann.get(f"{HOOKS}/deliveries", id=webhook).ok()["deliveries"]
        assert (after["status"], after["attempts"]) == ("DELIVERED", 2)
        assert len(hooked.receiver.requests) == sent + 2


async def test_why_there_is_no_answer(hooked: Hooked) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    hooked.ann.post("/mlflow/registered-models/create", name="unanswered").ok()
    for url in (f"http://127.0.0.1:{port}/", "https://no-such-host.invalid/"):
        fields = {"events": ["COMMENT_CREATED"], "http_url_spec": {"url": url}, "model_name": "unanswered"}
        hooked.ann.post(f"{HOOKS}/create", **fields).ok()
    hooked.version("unanswered")
    hooked.ann.post("/mlflow/comments/create", name="unanswered", version="1", comment="Seen.").ok()
    async with console(hooked.live.url, hooked.live.token("ann"), SMALL) as shown:
        await shown.press("colon")
        await shown.type("webhooks unanswered")
        await shown.press("enter")
        await shown.shows("Webhooks (2)", "connection refused ")
        of_name = ("address refused ", "name lookup failed ")  # as this machine's resolver has it
        await shown.until(lambda: any(reason in shown.text for reason in of_name), f"{of_name}")
        assert "no answer" not in shown.text
        await shown.press("slash")
        await shown.type("no-such")
        await shown.shows("(1)", "! COMMENT_CREATED of ", " failed attempt")
        advice = ("serve --webhook-allow NETWORK.", "name lookup failed: ")  # to its end
        await shown.until(lambda: any(each in shown.text for each in advice), f"{advice}")


def _id(hooked: Hooked, model: str) -> str:
    found = hooked.admin.get("/mlflow/databricks/registered-models/get", name=model).ok()
    model_id: str = found["registered_model_databricks"]["id"]
    return model_id
