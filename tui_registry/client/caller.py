"""Who the token is of. Apart from the calls about users, whose many entities the start of the console does without."""

from tui_registry.client.scim import SCIM
from tui_registry.client.transport import Transport
from tui_registry_server.wire.caller import CallerName


class Caller:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def name(self) -> str:
        """The name of the token's owner; a service principal's is its application id."""
        me = await self._transport.get(f"{SCIM}/Me", CallerName)
        return me.user_name or me.id
