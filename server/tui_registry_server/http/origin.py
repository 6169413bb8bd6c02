"""The server's own address, as a client has written it."""

import re

from starlette.requests import Request

_HOST = re.compile(r"[\w.:\[\]-]{1,255}", re.ASCII)


def origin(request: Request) -> str:
    """Such as ``https://registry.example.com``, by the request's Host; empty without a valid one. The scheme is a
    trusted proxy's, if there is one."""
    host = request.headers.get("host", "")
    return f"{request.scope['scheme']}://{host}" if _HOST.fullmatch(host) else ""
