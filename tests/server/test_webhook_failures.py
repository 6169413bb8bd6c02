"""Receivers that do not answer: why, in words, and what waits for its next attempt sent now."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live_registry import LiveRegistry, serving
from tests.server.api import Api
from tests.server.receiver import OK, Answer, Receiver
from tests.server.test_webhooks import comment, commented_model, hook
from tests.server.webhook_deliveries import HOOKS, settled
from tui_registry_server.wire.webhook_delivery import FailureReason


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with serving(tmp_path_factory.mktemp("failing"), "--webhook-allow", "127.0.0.0/8") as registry:
        yield registry


@pytest.fixture(scope="module")
def admin(live: LiveRegistry) -> Iterator[Api]:
    with Api(live.url, live.admin_token) as api:
        yield api


def test_what_waits_for_its_next_attempt_is_sent_now(admin: Api) -> None:
    """With what is before it, in order; it keeps what is known of its attempts."""
    name = commented_model(admin, "waiting")
    answers: list[Answer] = [(503, b"later", {"Retry-After": "3600"})]
    with Receiver(lambda _: answers.pop() if answers else OK) as receiver:
        webhook = hook(admin, receiver, "/", ["COMMENT_CREATED"], model_name=name)
        comment(admin, name, "busy", "behind it", "last")
        receiver.wait_for(1)
        waiting = settled(admin, webhook, *["PENDING"] * 3)
        while not waiting[0].get("sent_timestamp"):
            waiting = settled(admin, webhook, *["PENDING"] * 3)
        assert waiting[0]["due_timestamp"] - waiting[0]["sent_timestamp"] > 3_000_000
        assert admin.post(f"{HOOKS}/replay", id=webhook, delivery_id=waiting[1]["id"]).ok() == {"replayed": 1}
        sent = [each.json["comment"] for each in receiver.wait_for(4)]
        assert sent == ["busy", "busy", "behind it", "last"]
        rows = settled(admin, webhook, *["DELIVERED"] * 3)
        assert [each["attempts"] for each in rows] == [2, 1, 1]
        late = {"id": webhook, "delivery_id": rows[1]["id"], "status": "PENDING"}
        assert admin.post(f"{HOOKS}/replay", **late).ok() == {"replayed": 0}, "it was sent meanwhile"
        assert admin.post(f"{HOOKS}/replay", **late | {"status": "DELIVERED"}).ok() == {"replayed": 1}
        assert receiver.wait_for(5)[-1].json["comment"] == "behind it"


@contextlib.contextmanager
def no_http(*, answers: bool = True) -> Iterator[int]:
    """The port of something that closes every connection, after a few bytes or at once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    with listener.accept()[0] as connection:
                        if answers:
                            connection.recv(65536)
                            connection.sendall(b"220 mail.example.com ready\r\n")

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def test_why_a_receiver_did_not_answer(admin: Api) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with no_http() as mail:
        reasons = {
            "https://no-such-host.invalid/": ("address refused: ", "name lookup failed: "),  # as the resolver has it
            f"http://127.0.0.1:{port}/": "connection refused: ",
            f"https://127.0.0.1:{mail}/": "TLS failed: ",
            f"http://127.0.0.1:{mail}/": "not HTTP: ",
        }
        for url, reason in reasons.items():
            fields = {"events": ["COMMENT_CREATED"], "http_url_spec": {"url": url}}
            webhook = admin.post(f"{HOOKS}/create", **fields).ok()["webhook"]["id"]
            tested = admin.post(f"{HOOKS}/test", id=webhook).ok()
            assert "status_code" not in tested
            assert tested["body"].startswith(reason)
            assert FailureReason.of(tested["body"]) is not None
            admin.delete(f"{HOOKS}/delete", id=webhook).ok()


def test_why_a_mail_server_did_not_take_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with no_http(answers=False) as silent:
        reasons = {
            "smtp://no-such-host.invalid": "name lookup failed: ",
            f"smtp://127.0.0.1:{silent}": "connection lost: ",
        }
        for number, (server, reason) in enumerate(reasons.items()):
            monkeypatch.setenv("TUI_REGISTRY_SMTP_URL", server)
            folder = tmp_path / str(number)
            folder.mkdir()
            options = ("--webhook-allow", "127.0.0.0/8", "--smtp-from", "r@example.com", "--smtp-domain", "example.org")
            with serving(folder, *options) as live, Api(live.url, live.admin_token) as admin:
                fields = {"events": ["COMMENT_CREATED"], "http_url_spec": {"url": "mailto:ann@example.org"}}
                webhook = admin.post(f"{HOOKS}/create", **fields, format="EMAIL").ok()["webhook"]["id"]
                assert admin.post(f"{HOOKS}/test", id=webhook).ok()["body"].startswith(reason)
