"""A token that was revoked by another process is not accepted by any request that is received after that."""

import asyncio
import time
from contextlib import closing
from pathlib import Path

import pytest
from starlette.requests import Request

from tests.live_registry import command
from tui_registry_server.http.authentication import Authenticator
from tui_registry_server.rules.errors import Unauthenticated
from tui_registry_server.rules.limits import Limits
from tui_registry_server.store.database import Database
from tui_registry_server.store.engine import database_url

NOW = time.time_ns() // 1_000_000


def request_with(token: str) -> Request:
    return Request({"type": "http", "headers": [(b"authorization", f"Bearer {token}".encode())]})


async def test_what_a_view_has_seen_is_not_taken_for_the_next_requests(tmp_path: Path) -> None:
    """A view that was begun in one iteration of the event loop is read until it ends in the next: requests after that,
    in the same iteration, were received after the view."""
    location = str(tmp_path / "registry.db")
    command(location, "users", "create", "ada")
    token = command(location, "tokens", "create", "ada").strip()
    token_id = command(location, "tokens", "list").splitlines()[1].split()[0]
    with closing(Database(database_url(location))) as database:
        authenticator = Authenticator(database, Limits())

        async def write() -> None:
            await authenticator.authenticate(request_with(token), NOW, for_write=True)

        async def write_in_the_next_iteration() -> None:
            await asyncio.sleep(0)
            await write()

        async def revoke_after_beginning_a_view() -> "asyncio.Task[None]":
            database.view()
            command(location, "tokens", "revoke", token_id)
            return asyncio.ensure_future(write())

        await write()
        await asyncio.sleep(0.1)  # its use is recorded, and its view has ended
        await write()
        await asyncio.sleep(0)
        earlier = asyncio.ensure_future(write_in_the_next_iteration())
        revoking = asyncio.ensure_future(revoke_after_beginning_a_view())
        await earlier
        with pytest.raises(Unauthenticated):
            await (await revoking)
