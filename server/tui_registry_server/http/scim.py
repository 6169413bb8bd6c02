"""SCIM over HTTP (RFC 7644): its media type, errors, resource addresses, and versions as ETags."""

import re

from starlette.requests import Request
from starlette.responses import Response

from tui_registry_server.http.origin import origin
from tui_registry_server.http.responses import JSON, error_response, json_response
from tui_registry_server.operations.call import Answer, WithHeaders
from tui_registry_server.operations.principals import one_of
from tui_registry_server.rules.errors import EndpointNotFound, InvalidVersion, RegistryError
from tui_registry_server.wire.error import SCIM_ERROR_SCHEMA

SCIM_JSON = "application/scim+json"

_SCIM_PATH = re.compile(r"((?:/ajax-api|/api)/2\.0/preview/scim/v)([0-9.]+)(?=/|$)")


def request_headers(request: Request) -> tuple[str, str | None]:
    """``Call.root`` and ``Call.if_match``, which only SCIM needs."""
    return _root(request), request.headers.get("if-match")


def scim_response(request: Request, answer: Answer, status: int) -> Response:
    """The answer, or 304 if the client has the resource in this version already."""
    known = request.headers.get("if-none-match")
    if known is not None and request.method in ("GET", "HEAD") and isinstance(answer, WithHeaders):
        version = answer.headers.get("ETag")
        if version is not None and one_of(version, known):
            return Response(status_code=304, headers=answer.headers)
    return json_response(answer, status, _media_type(request))


def is_scim(request: Request) -> bool:
    return _SCIM_PATH.match(request.scope["path"]) is not None


def scim_error_response(request: Request, error: RegistryError) -> Response:
    """An error with the members of RFC 7644, 3.12, and those of the registry's other errors."""
    match = _SCIM_PATH.match(request.scope["path"])
    if isinstance(error, EndpointNotFound) and match and match[2] != "2":
        error = InvalidVersion(f"Version {match[2][:20]} of SCIM is not supported. Use {match[1]}2.")
    more = {"schemas": [SCIM_ERROR_SCHEMA], "status": str(error.status), "detail": error.message}
    if error.scim_type:
        more["scimType"] = error.scim_type
    return error_response(error, more, _media_type(request))


def _media_type(request: Request) -> str:
    return SCIM_JSON if SCIM_JSON in request.headers.get("accept", "").lower() else JSON


def _root(request: Request) -> str:
    """The URL of the SCIM endpoints, by the request's Host; without a valid one, the path alone."""
    match = _SCIM_PATH.match(request.scope["path"])
    path = match[0] if match else ""
    return origin(request) + path
