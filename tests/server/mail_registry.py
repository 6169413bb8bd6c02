"""A registry with a mail server: what its operator sets up for e-mail."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme
from cryptography.fernet import Fernet

from tests.live_registry import LiveRegistry, serving
from tests.server.mailbox import PASSWORD, USER, Mailbox

SENDER = "Model registry <registry@example.com>"


@contextmanager
def serving_with_mail(folder: Path, *options: str) -> Iterator[tuple[LiveRegistry, Mailbox]]:
    """Its webhooks may send to this machine; everybody may have e-mail sent to example.org."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with pytest.MonkeyPatch.context() as patch, Mailbox(context) as mailbox:
        patch.setenv("SSL_CERT_FILE", str(folder / "authority.pem"))
        patch.setenv("TUI_REGISTRY_SMTP_URL", f"smtp://{USER}:{quote(PASSWORD, safe='')}@localhost:{mailbox.port}")
        patch.setenv("TUI_REGISTRY_WEBHOOK_KEY", Fernet.generate_key().decode())
        allowed = ("--webhook-allow", "127.0.0.0/8", "--smtp-from", SENDER, "--smtp-domain", "example.org")
        with serving(folder, *allowed, *options) as live:
            yield live, mailbox
