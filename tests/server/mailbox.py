"""A mail server: aiosmtpd on a loopback address, which takes messages by STARTTLS and with a password only."""

import asyncio
import ssl
import threading
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

WAIT = 30.0  # seconds for messages to arrive on a loaded machine
USER, PASSWORD = "registry", "pass:word/of@the relay"


@dataclass(frozen=True)
class Mail:
    sender: str
    recipient: str
    message: EmailMessage
    is_encrypted: bool

    @property
    def text(self) -> str:
        return str(self.message.get_content())


class Mailbox:
    """``answers``: what is answered to the next messages, 250 to all others; ``unknown``: addresses without a
    mailbox."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.mails: list[Mail] = []
        self.answers: list[str] = []
        self.unknown: set[str] = set()
        self._arrived = threading.Condition()
        self._loop = asyncio.new_event_loop()

        def protocol() -> SMTP:
            return SMTP(
                self,
                hostname="localhost",
                tls_context=context,
                require_starttls=True,
                auth_required=True,
                authenticator=self._authenticate,
                loop=self._loop,
            )

        self._server = self._loop.run_until_complete(self._loop.create_server(protocol, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        wanted = LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=given == wanted)

    async def handle_RCPT(  # noqa: N802  # as aiosmtpd names it
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.unknown:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message = message_from_bytes(content, policy=policy.default)
        mail = Mail(envelope.mail_from or "", envelope.rcpt_tos[0], message, session.ssl is not None)
        with self._arrived:
            self.mails.append(mail)
            self._arrived.notify_all()
        return self.answers.pop(0) if self.answers else "250 taken"

    def wait_for(self, count: int) -> list[Mail]:
        with self._arrived:
            arrived = self._arrived.wait_for(lambda: len(self.mails) >= count, WAIT)
        assert arrived, f"{len(self.mails)} of {count} messages arrived"
        return self.mails

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        def stop() -> None:
            self._server.close()
            self._loop.stop()

        self._loop.call_soon_threadsafe(stop)
        self._thread.join()
        self._loop.close()
