"""The tree of errors. Each has an HTTP status, an error code of the wire, and a message that says what to do.

RegistryError
├── InvalidParameterValue      400
│   ├── RequestTooLarge        413
│   ├── InvalidFilter          400
│   ├── InvalidPath            400
│   ├── Immutable              400
│   ├── NoTarget               400
│   ├── TooMany                400
│   └── InvalidVersion         400
├── BadRequest                 400
│   └── RequestTimeout         408
├── InvalidState               400
├── ResourceAlreadyExists      400
│   └── PrincipalAlreadyExists 409
├── Conflict                   409
├── PreconditionFailed         412
├── Unauthenticated            401
├── PermissionDenied           403
├── ResourceDoesNotExist       404
├── EndpointNotFound           404
├── MethodNotAllowed           405
├── RequestLimitExceeded       429
├── InternalError              500
├── NotSupported               501
└── TemporarilyUnavailable     503
"""

from collections.abc import Sequence
from typing import ClassVar

from tui_registry_server.wire.error import ErrorCode

MAX_MESSAGE_LENGTH = 1000  # characters; a message may quote what a client sent, which may be as long as a request


class RegistryError(Exception):
    """A request that cannot be served. The middle of a long message is cut out. ``scim_type`` is SCIM's keyword for
    the error, if there is one (RFC 7644, 3.12); ``limit`` the name of the limit (see rules.limits) that was reached."""

    status: ClassVar[int]
    error_code: ClassVar[ErrorCode]
    scim_type: ClassVar[str] = ""

    def __init__(self, message: str, *, limit: str | None = None) -> None:
        super().__init__(message)
        self.limit = limit
        half = MAX_MESSAGE_LENGTH // 2
        self.message = message if len(message) <= MAX_MESSAGE_LENGTH else f"{message[:half]} ... {message[-half:]}"


class InvalidParameterValue(RegistryError):
    """A field is missing, of the wrong type, too long, or has an invalid value."""

    status = 400
    error_code = ErrorCode.INVALID_PARAMETER_VALUE
    scim_type = "invalidValue"


class RequestTooLarge(InvalidParameterValue):
    status = 413
    error_code = ErrorCode.MAX_REQUEST_SIZE_EXCEEDED
    scim_type = ""


class InvalidFilter(InvalidParameterValue):
    """A SCIM filter that cannot be parsed."""

    scim_type = "invalidFilter"


class InvalidPath(InvalidParameterValue):
    """The path of a SCIM PATCH operation cannot be parsed."""

    scim_type = "invalidPath"


class Immutable(InvalidParameterValue):
    """An attribute that cannot be changed."""

    scim_type = "mutability"


class NoTarget(InvalidParameterValue):
    """The path of a SCIM PATCH operation matches nothing."""

    scim_type = "noTarget"


class TooMany(InvalidParameterValue):
    """More results than one request may have."""

    scim_type = "tooMany"


class InvalidVersion(InvalidParameterValue):
    """A version of SCIM that is not supported."""

    scim_type = "invalidVers"


class BadRequest(RegistryError):
    """The request could not be parsed."""

    status = 400
    error_code = ErrorCode.BAD_REQUEST
    scim_type = "invalidSyntax"


class RequestTimeout(BadRequest):
    """The request did not arrive in time."""

    status = 408


class InvalidState(RegistryError):
    """The resource is not in a state that allows it."""

    status = 400
    error_code = ErrorCode.INVALID_STATE
    scim_type = "mutability"  # "... or current state"


class ResourceAlreadyExists(RegistryError):
    status = 400
    error_code = ErrorCode.RESOURCE_ALREADY_EXISTS


class PrincipalAlreadyExists(ResourceAlreadyExists):
    """A user's, group's or service principal's name is taken. Identity providers rely on the status."""

    status = 409
    scim_type = "uniqueness"


class Conflict(RegistryError):
    """A concurrent request was faster."""

    status = 409
    error_code = ErrorCode.RESOURCE_CONFLICT


class PreconditionFailed(RegistryError):
    """The resource has changed since the caller read it (If-Match)."""

    status = 412
    error_code = ErrorCode.RESOURCE_CONFLICT


class Unauthenticated(RegistryError):
    status = 401
    error_code = ErrorCode.UNAUTHENTICATED


class PermissionDenied(RegistryError):
    status = 403
    error_code = ErrorCode.PERMISSION_DENIED


class ResourceDoesNotExist(RegistryError):
    """It does not exist, or the caller may not know that it does."""

    status = 404
    error_code = ErrorCode.RESOURCE_DOES_NOT_EXIST


class EndpointNotFound(RegistryError):
    status = 404
    error_code = ErrorCode.ENDPOINT_NOT_FOUND


class MethodNotAllowed(RegistryError):
    """``allowed`` are the methods of the endpoint."""

    status = 405
    error_code = ErrorCode.METHOD_NOT_ALLOWED

    def __init__(self, message: str, allowed: Sequence[str]) -> None:
        super().__init__(message)
        self.allowed = allowed


class RequestLimitExceeded(RegistryError):
    """``retry_after``: seconds after which the client may try again."""

    status = 429
    error_code = ErrorCode.REQUEST_LIMIT_EXCEEDED

    def __init__(self, message: str, retry_after: int = 1, *, limit: str | None = None) -> None:
        super().__init__(message, limit=limit)
        self.retry_after = retry_after


class InternalError(RegistryError):
    status = 500
    error_code = ErrorCode.INTERNAL_ERROR


class NotSupported(RegistryError):
    """A feature of a protocol that is not implemented."""

    status = 501
    error_code = ErrorCode.NOT_IMPLEMENTED


class TemporarilyUnavailable(RegistryError):
    status = 503
    error_code = ErrorCode.TEMPORARILY_UNAVAILABLE
