"""Whether this server is to be sent requests."""

from tui_registry_server.http.server_state import ServerState
from tui_registry_server.operations.call import Answer


async def ready(state: ServerState) -> Answer:
    """Whether the server can be sent requests: the database answers, its schema fits, and the server is not ending."""
    await state.require_ready()
    return {"status": "OK"}
