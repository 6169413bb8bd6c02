"""The registry's calls, typed by the wire's models: a class for each noun, and here all of them together."""

from tui_registry.client.activities import ActivityCalls
from tui_registry.client.comments import CommentCalls
from tui_registry.client.models import ModelCalls
from tui_registry.client.people import PeopleCalls
from tui_registry.client.permissions import PermissionCalls
from tui_registry.client.requests import RequestCalls
from tui_registry.client.tokens import TokenCalls
from tui_registry.client.versions import VersionCalls
from tui_registry_server.wire.fields import Entity


class _Me(Entity):
    id: str = ""
    userName: str = ""  # noqa: N815  # SCIM's name


class RegistryClient(
    RequestCalls,
    ModelCalls,
    VersionCalls,
    CommentCalls,
    ActivityCalls,
    PermissionCalls,
    PeopleCalls,
    TokenCalls,
):
    """Calls to one registry with one token."""

    async def me(self) -> str:
        """The name of the token's owner."""
        answer = await self._get("/preview/scim/v2/Me", _Me)
        return answer.userName or answer.id
