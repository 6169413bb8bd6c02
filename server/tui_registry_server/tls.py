"""TLS: the server's certificate and key, read at the start, and reloaded when they were renewed."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from tui_registry_server.rules.errors import InvalidParameterValue

_MISMATCH = "KEY_VALUES_MISMATCH"


@dataclass(frozen=True, slots=True)
class Certificate:
    """Two PEM files: a certificate with its chain, and its unencrypted private key."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """A server context with it, TLS 1.2 and newer. Raises InvalidParameterValue, which says what is wrong with
        which file."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.load_into(context)
        return context

    def load_into(self, context: ssl.SSLContext) -> None:
        """Serve new connections of a context with the current files. Raises InvalidParameterValue."""
        for name, file in (("certificate", self.certificate), ("key", self.key)):
            try:
                content = file.read_bytes()
            except OSError as error:
                raise InvalidParameterValue(f"The TLS {name} {file} cannot be read: {error.strerror}.") from None
            if b"-----BEGIN" not in content:
                raise InvalidParameterValue(f"The TLS {name} {file} is not a PEM file (-----BEGIN ...).")
        encrypted = False

        def password() -> str:
            nonlocal encrypted
            encrypted = True
            return ""

        try:
            context.load_cert_chain(self.certificate, self.key, password)
        except (ssl.SSLError, ValueError) as error:
            raise InvalidParameterValue(self._describe(error, encrypted=encrypted)) from None

    def _describe(self, error: Exception, *, encrypted: bool) -> str:
        if encrypted:
            return (
                f"The TLS key {self.key} is encrypted. Give the server one that is not, readable by its user only: "
                f"openssl pkey -in {self.key} -out server.key"
            )
        if getattr(error, "reason", None) == _MISMATCH:
            return (
                f"The TLS key {self.key} does not belong to the certificate {self.certificate}. If that file holds "
                "several certificates, the server's own must come first."
            )
        return f"The TLS certificate {self.certificate} or its key {self.key} cannot be used: {error}."
