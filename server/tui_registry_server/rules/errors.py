"""The one tree of errors. Each is a status, a code of the wire, and a message that says what to do.

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
    """A request that cannot be served as asked. Of a long message the middle is left out. ``scim_type`` is what SCIM
    calls it, if it has a name for it (RFC 7644, 3.12)."""

    status: ClassVar[int]
    error_code: ClassVar[ErrorCode]
    scim_type: ClassVar[str] = ""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        half = MAX_MESSAGE_LENGTH // 2
        self.message = message if len(message) <= MAX_MESSAGE_LENGTH else f"{message[:half]} ... {message[-half:]}"


class InvalidParameterValue(RegistryError):
    """A field is missing, mistyped, too long, or says something impossible."""

    status = 400
    error_code = ErrorCode.INVALID_PARAMETER_VALUE
    scim_type = "invalidValue"


class RequestTooLarge(InvalidParameterValue):
    status = 413
    error_code = ErrorCode.MAX_REQUEST_SIZE_EXCEEDED
    scim_type = ""


class InvalidFilter(InvalidParameterValue):
    """A filter of users and groups that cannot be read."""

    scim_type = "invalidFilter"


class InvalidPath(InvalidParameterValue):
    """A path of a change of users and groups that cannot be read."""

    scim_type = "invalidPath"


class Immutable(InvalidParameterValue):
    """An attribute that cannot be changed."""

    scim_type = "mutability"


class NoTarget(InvalidParameterValue):
    """A change that says of nothing that there is what it changes."""

    scim_type = "noTarget"


class TooMany(InvalidParameterValue):
    """More than is worked on at once."""

    scim_type = "tooMany"


class InvalidVersion(InvalidParameterValue):
    """A version of SCIM that is not spoken here."""

    scim_type = "invalidVers"


class BadRequest(RegistryError):
    """The request could not be read at all."""

    status = 400
    error_code = ErrorCode.BAD_REQUEST
    scim_type = "invalidSyntax"


class RequestTimeout(BadRequest):
    """It did not come in time."""

    status = 408


class InvalidState(RegistryError):
    """The thing meant is not in a state that allows it."""

    status = 400
    error_code = ErrorCode.INVALID_STATE
    scim_type = "mutability"  # "... or current state"


class ResourceAlreadyExists(RegistryError):
    status = 400
    error_code = ErrorCode.RESOURCE_ALREADY_EXISTS


class PrincipalAlreadyExists(ResourceAlreadyExists):
    """A user's, group's or service principal's name is taken. Identity providers know that by the status."""

    status = 409
    scim_type = "uniqueness"


class Conflict(RegistryError):
    """Somebody else was faster."""

    status = 409
    error_code = ErrorCode.RESOURCE_CONFLICT


class PreconditionFailed(RegistryError):
    """It has changed since the caller read it, and the caller asked to be told (If-Match)."""

    status = 412
    error_code = ErrorCode.RESOURCE_CONFLICT


class Unauthenticated(RegistryError):
    status = 401
    error_code = ErrorCode.UNAUTHENTICATED


class PermissionDenied(RegistryError):
    status = 403
    error_code = ErrorCode.PERMISSION_DENIED


class ResourceDoesNotExist(RegistryError):
    """There is none, or the caller may not know of it."""

    status = 404
    error_code = ErrorCode.RESOURCE_DOES_NOT_EXIST


class EndpointNotFound(RegistryError):
    status = 404
    error_code = ErrorCode.ENDPOINT_NOT_FOUND


class MethodNotAllowed(RegistryError):
    """``allowed`` are the methods that there are."""

    status = 405
    error_code = ErrorCode.METHOD_NOT_ALLOWED

    def __init__(self, message: str, allowed: Sequence[str]) -> None:
        super().__init__(message)
        self.allowed = allowed


class RequestLimitExceeded(RegistryError):
    """``retry_after`` is in how many seconds it may be tried again."""

    status = 429
    error_code = ErrorCode.REQUEST_LIMIT_EXCEEDED

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class InternalError(RegistryError):
    status = 500
    error_code = ErrorCode.INTERNAL_ERROR


class NotSupported(RegistryError):
    """Something that a protocol allows and that is not done here."""

    status = 501
    error_code = ErrorCode.NOT_IMPLEMENTED


class TemporarilyUnavailable(RegistryError):
    status = 503
    error_code = ErrorCode.TEMPORARILY_UNAVAILABLE
