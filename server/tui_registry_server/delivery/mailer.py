"""Handing e-mail over to the operator's mail server, by the standard library's client, in threads."""

import asyncio
import smtplib
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr, formatdate, parseaddr

from tui_registry_server.rules.mail import MailServer, OutgoingMail, Security, domain_of
from tui_registry_server.rules.webhook_http import MAX_ANSWER_BYTES, Outcome
from tui_registry_server.wire.webhook_delivery import FailureReason

THREADS = 4  # a mail server takes many messages a second from each
PERMANENT = range(550, 560)
"""Codes by which a mail server refuses this recipient or message: sending it again cannot succeed."""


class Mailer:
    """``timeout``: seconds until the mail server must have taken a message."""

    def __init__(self, server: MailServer, timeout: float) -> None:
        self._server = server
        self._timeout = timeout
        self._threads = ThreadPoolExecutor(THREADS, "mail")

    async def send(self, mail: OutgoingMail) -> Outcome:
        """Never raises. The status is the mail server's code, of which 250 is success."""
        start = time.monotonic()

        def latency() -> int:
            return int((time.monotonic() - start) * 1000)

        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout):
                code, reply, is_refused = await loop.run_in_executor(self._threads, self._hand_over, mail)
        except TimeoutError:
            no_answer = f"the mail server did not answer within {self._timeout:.0f} seconds"
            return Outcome(latency(), error=FailureReason.TIMEOUT.error(no_answer))
        except smtplib.SMTPResponseException as error:
            refusal = f"the mail server answered {error.smtp_code} {_text(error.smtp_error)}"
            return Outcome(latency(), error=FailureReason.MAIL_REFUSED.error(refusal))
        except (OSError, ValueError) as error:  # all of smtplib's are OSErrors
            from tui_registry_server.delivery.failure import explained

            return Outcome(latency(), error=f"{explained(error)} (the mail server)")
        return Outcome(latency(), code, reply, is_permanent=is_refused and code in PERMANENT)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _hand_over(self, mail: OutgoingMail) -> tuple[int, str, bool]:
        """The last code and reply, and whether the recipient or the message was refused by it."""
        server = self._server
        sender = parseaddr(server.sender)[1]
        with self._connection() as connection:
            if server.user:
                connection.login(server.user, server.password)
            connection.ehlo_or_helo_if_needed()
            code, reply = connection.mail(sender)
            if code != 250:
                raise smtplib.SMTPResponseException(code, reply)
            code, reply = connection.rcpt(mail.recipient)
            if code in (250, 251):
                code, reply = connection.data(_content(server.sender, mail))
            return code, _text(reply), code != 250

    def _connection(self) -> smtplib.SMTP:
        server = self._server
        name = socket.gethostname()  # getfqdn may wait for a name server
        if server.security is Security.TLS:
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(server.host, server.port, name, timeout=self._timeout, context=context)
        connection = smtplib.SMTP(server.host, server.port, name, timeout=self._timeout)
        if server.security is Security.STARTTLS:
            try:
                connection.starttls(context=ssl.create_default_context())
            except BaseException:
                connection.close()
                raise
        return connection


def _content(sender: str, mail: OutgoingMail) -> bytes:
    name, address = parseaddr(sender)
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = f"<{mail.id}@{domain_of(address)}>"
    message["Date"] = formatdate()
    message["From"] = formataddr((name, address)) if name else address
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = mail.subject
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notices are sent back
    message.set_content(mail.text, cte="quoted-printable")
    return message.as_bytes()


def _text(reply: bytes | str) -> str:
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    return text[:MAX_ANSWER_BYTES].replace("\0", "\ufffd")
