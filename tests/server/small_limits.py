"""Small limits, which tests reach quickly, and the requests that the tests of limits send."""

from tests.live_registry import LiveRegistry

SMALL = {
    "head_bytes": 100_000,
    "head_fields": 30,
    "body_bytes": 50_000,
    "drained_bytes": 200_000,
    "pipelined": 5,
    "head_seconds": 2,
    "body_seconds": 2,
    "stalled_seconds": 2,
    "connections": 60,
    "connections_per_address": 40,
    "streams": 20,
    "streams_per_principal": 8,
}
SERVE_OPTIONS = [part for name, number in SMALL.items() for part in ("--limit", f"{name}={number}")]

CREATE = b"POST /api/2.0/mlflow/registered-models/create HTTP/1.1\r\nHost: x\r\n"
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
EVENTS = b"GET /api/2.0/mlflow/events HTTP/1.1\r\nHost: x\r\n"


def bearer(registry: LiveRegistry) -> bytes:
    """The Authorization header of the administrator."""
    return f"Authorization: Bearer {registry.admin_token}\r\n".encode()
