"""What a program needs to know of the token's owner: part of the answer about it, a user or a service principal as in
SCIM 2.0 (see wire.scim)."""

from pydantic import Field

from tui_registry_server.wire.fields import Entity


class CallerName(Entity):
    id: str
    user_name: str = Field(alias="userName", default="")
