"""The id of a request, by which lines of several programs' logs are found: the caller's, or else a new one."""

import itertools
import re
import secrets

HEADER = b"x-request-id"
_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.:=+/@-]{0,127}")
_PREFIX = secrets.token_hex(8).encode()
"""Of this process's ids: a random one for each request would take as long as finding its route."""
_numbers = itertools.count(1)


def request_id(given: bytes | None) -> bytes:
    """What a request has as its X-Request-Id, if that is nothing but an id, else a new one."""
    if given is not None and _ID.fullmatch(given):
        return given
    return b"%s-%x" % (_PREFIX, next(_numbers))
