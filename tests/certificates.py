"""Certificates of an authority that only tests trust."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

HOSTS = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Files:
    """Paths of PEM files: a server's certificate and its key, and the authority's own certificate."""

    certificate: str
    key: str
    authority: str

    @property
    def options(self) -> tuple[str, ...]:
        """The options of ``serve``."""
        return ("--tls-cert", self.certificate, "--tls-key", self.key)


def issue(folder: Path, name: str, *hosts: str, days: int = 30, authority: trustme.CA | None = None) -> Files:
    """A certificate for these hosts, valid for ``days``, or, if negative, expired."""
    issuer = authority or trustme.CA()
    now = datetime.now(UTC)
    issued = issuer.issue_cert(
        *(hosts or HOSTS), not_before=now - timedelta(days=3), not_after=now + timedelta(days=days)
    )
    files = Files(*(str(folder / f"{name}-{part}.pem") for part in ("certificate", "key", "authority")))
    issued.private_key_pem.write_to_path(files.key)
    for number, blob in enumerate(issued.cert_chain_pems):
        blob.write_to_path(files.certificate, append=number > 0)
    issuer.cert_pem.write_to_path(files.authority)
    return files
