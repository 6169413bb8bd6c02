"""Fetching JSON documents from an OpenID provider.

Its answers are not trusted before their signature is checked: their size and time are limited, no redirect is followed,
nothing is decompressed.
"""

import asyncio
import ssl
from functools import cache
from typing import Any

import httpx
from jiter import from_json

from tui_registry_server.rules.identity import is_trusted

MAX_BYTES = 512 * 1024  # of a document: a hundred keys with their certificates
SECONDS = 4.0  # for one document


class DocumentError(Exception):
    """Why a document could not be fetched, in a sentence without its full stop."""


async def fetch(url: str) -> dict[str, Any]:
    """The JSON object at a URL. Raises DocumentError."""
    if not is_trusted(url):
        raise DocumentError("its address is neither https nor on this machine")
    try:
        async with asyncio.timeout(SECONDS):
            content = await _content(url)
        document = from_json(content, allow_inf_nan=False)
    except TimeoutError:
        raise DocumentError("it does not answer in time") from None
    except httpx.HTTPError as error:
        raise DocumentError(f"it cannot be reached ({type(error).__name__})") from None
    except ValueError:
        raise DocumentError("its answer is not JSON") from None
    if not isinstance(document, dict):
        raise DocumentError("its answer is not a JSON object")
    return document


async def _content(url: str) -> bytes:
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "tui-registry"}
    async with (
        httpx.AsyncClient(verify=_context(), trust_env=False, timeout=SECONDS, headers=headers) as client,
        client.stream("GET", url) as response,
    ):
        if response.status_code != 200:
            raise DocumentError(f"it answers with status {response.status_code}")
        content = bytearray()
        async for chunk in response.aiter_raw():
            content += chunk
            if len(content) > MAX_BYTES:
                raise DocumentError(f"its answer is longer than {MAX_BYTES // 1024} KiB")
        return bytes(content)


@cache
def _context() -> ssl.SSLContext:
    """With the system's authorities, or those in SSL_CERT_FILE."""
    return ssl.create_default_context()
