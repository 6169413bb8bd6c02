"""The table of checks. A further one is a function that yields findings, and a row here."""

import sqlite3

from sqlalchemy.exc import SQLAlchemyError

from tui_registry_server.doctor import certificate, database, files, network
from tui_registry_server.doctor.subject import Server
from tui_registry_server.rules.errors import RegistryError
from tui_registry_server.store.engine import describe_error
from tui_registry_server.wire.diagnosis import Check, Finding, Status

CHECKS = (
    Check("database", database.opens),
    Check("schema", database.has_schema, needs="database"),
    Check("integrity", database.is_sound, needs="database"),
    Check("audit log", database.has_audit_log, needs="schema"),
    Check("clock", database.has_clock, needs="schema"),
    Check("disk", files.has_room),
    Check("permissions", files.has_permissions),
    Check("backups", files.has_backups),
    Check[Server]("TLS", certificate.is_served),
    Check("tracking server", network.reaches_tracking_server),
    Check("OpenID provider", network.reaches_openid_provider),
    Check("mail server", network.reaches_mail_server),
    Check("webhooks", network.sends_webhooks, needs="schema"),
)
"""In the order in which they run and are shown."""


def explain(error: Exception) -> Finding | None:
    """What a check was stopped by; None for a bug in the check itself."""
    if isinstance(error, RegistryError):
        return Finding(Status.FAIL, error.message, "Correct the option that this is about.")
    if isinstance(error, SQLAlchemyError | sqlite3.Error | UnicodeDecodeError):
        remedy = (
            "Check --database, that it can be reached, and that this user may use it; if it is damaged, restore it."
        )
        return Finding(Status.FAIL, f"{describe_error(error)}.", remedy)
    if isinstance(error, OSError):
        return Finding(Status.FAIL, f"{error}.", "Run this as the server's user, on the server's machine.")
    return None
