"""Errors: the registry's, and SCIM's, which extends it."""

from enum import StrEnum

from pydantic import Field

from tui_registry_server.wire.fields import Entity


class ErrorCode(StrEnum):
    RESOURCE_DOES_NOT_EXIST = "RESOURCE_DOES_NOT_EXIST"
    RESOURCE_ALREADY_EXISTS = "RESOURCE_ALREADY_EXISTS"
    RESOURCE_CONFLICT = "RESOURCE_CONFLICT"
    INVALID_PARAMETER_VALUE = "INVALID_PARAMETER_VALUE"
    INVALID_STATE = "INVALID_STATE"
    BAD_REQUEST = "BAD_REQUEST"
    MALFORMED_REQUEST = "MALFORMED_REQUEST"
    MAX_REQUEST_SIZE_EXCEEDED = "MAX_REQUEST_SIZE_EXCEEDED"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    ENDPOINT_NOT_FOUND = "ENDPOINT_NOT_FOUND"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    REQUEST_LIMIT_EXCEEDED = "REQUEST_LIMIT_EXCEEDED"
    TEMPORARILY_UNAVAILABLE = "TEMPORARILY_UNAVAILABLE"
    NOT_IMPLEMENTED = "NOT_IMPLEMENTED"
    INTERNAL_ERROR = "INTERNAL_ERROR"


class Error(Entity):
    """``{"error_code": "...", "message": "..."}``: the message says what to do."""

    error_code: str
    message: str


NOT_ACCEPTED = "The access token is not valid: it may have been revoked."
EXPIRED = "The access token has expired."
REFUSED = "The token of the OpenID provider was refused:"
"""How the messages of errors about tokens begin: the console recognizes them, and says what to do there."""

SCIM_ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(Error):
    """With the members of RFC 7644, 3.12: ``status`` is the HTTP status as a text, ``detail`` repeats the message."""

    schemas: list[str] = [SCIM_ERROR_SCHEMA]
    status: str
    scim_type: str | None = Field(default=None, alias="scimType")
    detail: str
