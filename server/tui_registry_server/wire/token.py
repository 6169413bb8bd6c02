"""Access tokens: one's own, all of them, and who may create some.

Times are milliseconds since the epoch; an ``expiry_time`` of -1 means never.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from tui_registry_server.wire.fields import Entity, Integer, RequestBody, Text
from tui_registry_server.wire.lists import MAX_ACCESS_ENTRIES, MaxLength
from tui_registry_server.wire.permission import PATCH_OTHERS, AccessControlRequest

MAX_LIFETIME = 36_500 * 24 * 60 * 60  # seconds: a hundred years


class TokenPermissionLevel(StrEnum):
    CAN_USE = "CAN_USE"
    CAN_MANAGE = "CAN_MANAGE"


class PublicTokenInfo(Entity):
    """A token as its owner sees it. ``last_used_time`` is accurate to a minute."""

    token_id: str
    creation_time: int
    expiry_time: int
    comment: str | None = None
    last_used_time: int | None = None


class TokenInfo(PublicTokenInfo):
    """A token as administrators see it. ``last_used_day`` is the beginning of the day (UTC) of its last use."""

    owner_id: int
    created_by_id: int | None = None
    created_by_username: str
    last_used_day: int | None = None


class CreateToken(RequestBody):
    """A token cannot outlive the one that it is created with. Without ``lifetime_seconds`` it expires with that one, if
    ever."""

    comment: Text | None = Field(default=None, max_length=1024)
    lifetime_seconds: Integer | None = Field(default=None, ge=1, le=MAX_LIFETIME)


class CreateTokenOnBehalf(CreateToken):
    """For the service principal with this application id."""

    application_id: Text


class TokenId(RequestBody):
    """Identifies a token by its id, which is not its value."""

    token_id: Text


class TokenChanges(RequestBody):
    comment: Text | None = Field(default=None, max_length=1024)


class UpdateToken(RequestBody):
    """``update_mask`` names the fields of ``token`` that change; only the comment can."""

    token_id: Text
    token: TokenChanges
    update_mask: Text


class ListTokens(RequestBody):
    """All tokens, or those owned or created by a principal. ``text``: a part of comments or creators' names, in any
    letter case. ``max_results``: of the newest; without it, all."""

    created_by_id: Integer | None = None
    created_by_username: Text | None = None
    owner_id: Integer | None = None
    text: Text = ""
    max_results: Integer | None = Field(default=None, ge=1, le=1000)


class ChangeTokenPermissions(RequestBody):
    """PATCH adds or changes the entries given; PUT makes them the only ones."""

    access_control_list: Annotated[list[AccessControlRequest], MaxLength(MAX_ACCESS_ENTRIES, PATCH_OTHERS)] = []


class CreatedToken(Entity):
    """``token_value`` is shown only once."""

    token_value: str
    token_info: PublicTokenInfo


class CreatedTokenOnBehalf(Entity):
    """``token_value`` is shown only once."""

    token_value: str
    token_info: TokenInfo


class PublicTokenInfos(Entity):
    """``calling_token_id``: of the token that the call was made with, unless that is of an OpenID provider."""

    token_infos: list[PublicTokenInfo] = []
    calling_token_id: str | None = None


class TokenInfos(Entity):
    """``calling_token_id``: of the token that the call was made with, unless that is of an OpenID provider."""

    token_infos: list[TokenInfo] = []
    calling_token_id: str | None = None


class TokenAnswer(Entity):
    token_info: TokenInfo
