"""Changes as messages for people: one or several, as Slack, Microsoft Teams and e-mail take them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tui_registry_server.rules.webhook_events import Change, text_of
from tui_registry_server.wire.activity import ActivityType
from tui_registry_server.wire.plain_text import one_line

MAX_TEXT = 1000  # characters of a comment or a sentence
MAX_BYTES = 20_000  # of the texts of a message: Teams takes 28 KB in all
MAX_SECTION = 2900  # characters of a section in Slack, which takes 3000
MAX_MAIL_BYTES = 200_000
MAX_SUBJECT = 150  # characters


class Message(NamedTuple):
    """What happened, when (milliseconds), and what somebody said about it, if anything."""

    text: str
    time: int
    quote: str = ""

    @property
    def moment(self) -> str:
        return datetime.fromtimestamp(self.time / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def message_of(change: Change, workspace: str = "") -> Message:
    """``workspace``: its name, empty for the default one, which is not said."""
    text = text_of(change)
    if change.activity_type == ActivityType.NEW_COMMENT:
        text = f"{change.user_id}{text.removeprefix('A user')}"
    elif change.activity_type == ActivityType.APPLIED_TRANSITION:
        text = f"{text.removesuffix('.')}, by {change.user_id}."
    text = f"[{workspace}] {text}" if workspace else text
    return Message(one_line(text, MAX_TEXT), change.creation_timestamp, one_line(change.comment or "", MAX_TEXT))


def subject_of(messages: Sequence[Message]) -> str:
    """In one line."""
    if len(messages) == 1:
        return one_line(messages[0].text, MAX_SUBJECT)
    return f"{len(messages)} changes in the model registry"


def slack_payload(messages: Sequence[Message]) -> dict[str, Any]:
    """What Slack's incoming webhooks take: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks.
    No text of others can mention anybody or be a link."""
    lines = _lines(messages, MAX_BYTES, with_times=len(messages) > 1)
    sections: list[str] = []
    for line in map(_escaped, lines):
        if sections and len(sections[-1]) + len(line) < MAX_SECTION:
            sections[-1] += f"\n{line}"
        else:
            sections.append(line[:MAX_SECTION])
    return {
        "text": _escaped(subject_of(messages)),
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": each, "verbatim": True}} for each in sections
        ],
    }


def teams_payload(messages: Sequence[Message]) -> dict[str, Any]:
    """What workflows of Microsoft Teams take ("When a Teams webhook request is received"): an Adaptive Card. Of text
    runs, unlike of text blocks, nothing is Markdown, so that no text of others is a link."""
    lines = _lines(messages, MAX_BYTES, with_times=len(messages) > 1)
    title = [subject_of(messages)] if len(messages) > 1 else []
    blocks = [
        {
            "type": "RichTextBlock",
            "inlines": [{"type": "TextRun", "text": line, **({"weight": "Bolder"} if head else {})}],
        }
        for head, line in [*((True, each) for each in title), *((False, each) for each in lines)]
    ]
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": blocks,
                },
            }
        ],
    }


def mail_text(messages: Sequence[Message], reason: str) -> str:
    """``reason``: why it is sent, and how to end that."""
    return "\n".join([*_lines(messages, MAX_MAIL_BYTES, with_times=True), "", "-- ", reason, ""])


def _lines(messages: Sequence[Message], max_bytes: int, *, with_times: bool) -> list[str]:
    """As many as there is room for, the first ones, and how many more there are."""
    lines: list[str] = []
    left = max_bytes
    for number, each in enumerate(messages):
        found = [
            f"{each.moment}  {each.text}" if with_times else each.text,
            *([f"“{each.quote}”"] if each.quote else []),
        ]
        left -= sum(len(line.encode()) for line in found)
        if left < 0:
            lines.append(f"… and {len(messages) - number} more.")
            break
        lines += found
    return lines


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
