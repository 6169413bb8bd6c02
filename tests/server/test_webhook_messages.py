"""Webhooks for people: messages in Slack and Teams, and e-mail by a real mail server."""

from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from tests.live_registry import LiveRegistry
from tests.server.api import Api
from tests.server.mail_registry import SENDER, serving_with_mail
from tests.server.mailbox import Mailbox
from tests.server.receiver import Receiver
from tests.server.webhook_deliveries import HOOKS, settled
from tui_registry_server.commands import main
from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.mail import Security, check_address, mail_server

HOSTILE = "<!channel> & <https://evil.example|here> [here](https://evil.example) \u202eabc"
NEVER_LINKED = "&lt;!channel&gt; &amp; &lt;https://evil.example|here&gt; [here](https://evil.example) abc"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveRegistry, Mailbox]]:
    with serving_with_mail(tmp_path_factory.mktemp("messages")) as served:
        yield served


@pytest.fixture(scope="module")
def admin(served: tuple[LiveRegistry, Mailbox]) -> Iterator[Api]:
    live, _ = served
    with Api(live.url, live.admin_token) as api:
        api.post("/mlflow/registered-models/create", name="m").ok()
        api.post("/mlflow/model-versions/create", name="m", source="s3://secret-bucket").ok()
        yield api


def hook(api: Api, url: str, form: str, **fields: Any) -> Any:
    spec = {"url": url, **fields.pop("http", {})}
    return api.post(f"{HOOKS}/create", http_url_spec=spec, format=form, events=["COMMENT_CREATED"], **fields)


def comment(api: Api, text: str) -> None:
    api.post("/mlflow/comments/create", name="m", version="1", comment=text).ok()


def test_slack_and_teams_get_what_they_take(admin: Api) -> None:
    """And nothing that others wrote mentions everybody, or is a link."""
    with Receiver() as receiver:
        slack = hook(admin, f"{receiver.url}/slack", "SLACK").ok()["webhook"]
        assert slack["format"] == "SLACK"
        teams = hook(admin, f"{receiver.url}/teams", "TEAMS", http={"secret": "relayed"}).ok()["webhook"]
        comment(admin, HOSTILE)
        (said,) = receiver.wait_for(1, "/slack")
        (card,) = receiver.wait_for(1, "/teams")
        first = "admin commented on registered model 'm' version 1."
        block = {"type": "mrkdwn", "text": f"{first}\n“{NEVER_LINKED}”", "verbatim": True}
        assert said.json == {"text": first, "blocks": [{"type": "section", "text": block}]}
        assert "x-databricks-signature" not in said.headers
        assert card.is_signed_for_databricks("relayed"), "for whoever relays it"
        (attachment,) = card.json["attachments"]
        assert (card.json["type"], attachment["contentType"]) == (
            "message",
            "application/vnd.microsoft.card.adaptive",
        )
        runs = [block["inlines"][0] for block in attachment["content"]["body"]]
        assert {run["type"] for run in runs} == {"TextRun"}, "in which nothing is Markdown"
        assert [run["text"] for run in runs] == [first, f"“{HOSTILE.replace(chr(0x202E), '')}”"]
        assert admin.post(f"{HOOKS}/test", id=slack["id"]).ok()["status_code"] == 200
        assert "This is a test." in receiver.wait_for(2, "/slack")[1].json["blocks"][0]["text"]["text"]
        changed = admin.patch(f"{HOOKS}/update", id=teams["id"], format="JSON").ok()["webhook"]
        assert "format" not in changed
        comment(admin, "as Databricks")
        assert receiver.wait_for(2, "/teams")[1].json["comment"] == "as Databricks"
        for each in (slack, teams):
            admin.delete(f"{HOOKS}/delete", id=each["id"]).ok()


def test_e_mail_is_handed_over(served: tuple[LiveRegistry, Mailbox], admin: Api) -> None:
    """By STARTTLS and with the password; what is refused for now comes again, with the same Message-ID, and what is
    refused permanently does not."""
    _, mailbox = served
    webhook = hook(admin, "mailto:team@example.net", "EMAIL").ok()["webhook"]["id"]
    mailbox.answers.append("451 try again later")
    comment(admin, "Größer als 0,9: ✓")
    first, again = mailbox.wait_for(2)
    assert first.is_encrypted
    assert (first.sender, first.recipient) == ("registry@example.com", "team@example.net")
    headers = first.message
    assert (headers["From"], headers["To"]) == (SENDER, "team@example.net")
    assert headers["Subject"] == "admin commented on registered model 'm' version 1."
    assert headers["Auto-Submitted"] == "auto-generated"
    assert "Größer als 0,9: ✓" in first.text
    assert f"This was sent by webhook {webhook} of the model registry, set up by admin." in first.text
    assert headers["Message-ID"] == again.message["Message-ID"]
    (delivered,) = settled(admin, webhook, "DELIVERED")
    assert headers["Message-ID"] == f"<{delivered['id']}@example.com>"
    assert (delivered["attempts"], delivered["response_status"], delivered["response_body"]) == (2, 250, "taken")
    mailbox.unknown.add("team@example.net")
    comment(admin, "to nobody")
    _, dead = settled(admin, webhook, "DELIVERED", "DEAD")
    assert (dead["response_status"], dead["attempts"]) == (550, 1)
    admin.delete(f"{HOOKS}/delete", id=webhook).ok()


def test_to_whom_e_mail_is_sent(served: tuple[LiveRegistry, Mailbox], admin: Api) -> None:
    """Who manages a model cannot have this server write to people outside."""
    live, _ = served
    with Api(live.url, live.token("ann@example.com")) as ann:
        ann.post("/mlflow/registered-models/create", name="anns").ok()
        for address in ("ann@example.com", "ANN@example.com", "somebody@example.org"):
            hook(ann, f"mailto:{address}", "EMAIL", model_name="anns", status="DISABLED").ok()
        assert "your own address" in hook(ann, "mailto:bob@example.com", "EMAIL", model_name="anns").denied()
    for url in ("mailto:a@b\nc", "mailto:a,b@example.com", "mailto:", "https://example.com", "mailto:a@b?cc=c@d"):
        hook(admin, url, "EMAIL").invalid()
    hook(admin, "mailto:a@example.com", "EMAIL", http={"secret": "x"}).invalid()


def test_how_a_mail_server_is_named() -> None:
    sender = "registry@example.com"
    named = mail_server("smtp://us%40er:p%3Aw@relay.example.com", sender)
    assert (named.host, named.port, named.security) == ("relay.example.com", 587, Security.STARTTLS)
    assert (named.user, named.password) == ("us@er", "p:w")
    assert mail_server("smtp://user:old@relay", sender, password="new").password == "new"
    assert mail_server("smtps://relay", sender)[1:3] == (465, Security.TLS)
    assert mail_server("smtp://localhost:25", sender, insecure=True).security is Security.NONE
    for url in ("http://relay", "smtp://", "relay:25", "smtp://relay:x", "smtp://relay/path", "smtp://[::1"):
        with pytest.raises(InvalidParameterValue):
            mail_server(url, sender)
    for url in ("smtps://relay", "smtp://user:secret@relay"):  # without TLS anybody could read the password
        with pytest.raises(InvalidParameterValue) as refused:
            mail_server(url, sender, insecure=True)
        assert "secret" not in refused.value.message
    for address in (
        "",
        "a",
        "a@",
        "a@b c",
        "<a@b>",
        "a@b,c@d",
        '"a"@b',
        "a@b\r\nRCPT TO:<c@d>",
        "a@-b",
        "ä@example.com",
    ):
        with pytest.raises(InvalidParameterValue):
            check_address(address)
    for options in (
        ["--smtp-url", "smtp://relay"],
        ["--smtp-from", sender],
        ["--smtp-url", "x", "--smtp-from", sender],
    ):
        refused_options = CliRunner().invoke(main, ["serve", *options], env={"TUI_REGISTRY_SMTP_URL": None})
        assert refused_options.exit_code == 2
