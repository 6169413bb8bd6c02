"""From bytes to a request's body, or a clear 400."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, get_origin
from urllib.parse import parse_qsl

from jiter import from_json
from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request

from tui_registry_server.rules.errors import BadRequest, RequestTooLarge
from tui_registry_server.rules.validation import validated

Body = TypeVar("Body", bound=BaseModel)


async def decode(request: Request, body: type[Body], path_fields: Mapping[str, str], longest: int) -> Body:
    """Query parameters, the JSON body, and the path. ``longest`` is what the JSON body may have, in bytes.

    A field that is given twice is refused: somebody else may read the other one. Only SCIM's clients send a whole
    resource with the id that is in the path, too: the path says what is meant.
    """
    query, content = _query_fields(request, body), await _json_fields(request, longest)
    if twice := query.keys() & (content.keys() | path_fields.keys()):
        where = "body" if twice & content.keys() else "path"
        raise BadRequest(f"The field '{min(twice)}' is both in the query and in the {where}. Give it once.")
    return validated(body, query | content | dict(path_fields))


def _query_fields(request: Request, body: type[BaseModel]) -> dict[str, Any]:
    query = request.scope["query_string"]
    if not query:
        return {}
    parameters = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    fields: dict[str, Any] = dict(parameters)
    lists = _list_fields(body)
    if len(fields) < len(parameters):
        counted = Counter(name for name, _ in parameters)
        if twice := [name for name, times in counted.items() if times > 1 and name not in lists]:
            raise BadRequest(f"The parameter '{twice[0]}' is in the query more than once. Give it once.")
    for name in lists & fields.keys():
        fields[name] = [value for each, value in parameters if each == name]
    return fields


@cache
def _list_fields(body: type[BaseModel]) -> frozenset[str]:
    """The fields that a query gives by repeating them."""
    return frozenset(
        field.alias or name for name, field in body.model_fields.items() if get_origin(field.annotation) is list
    )


_TELLS_OF_BODY = frozenset((b"content-length", b"transfer-encoding"))


async def _json_fields(request: Request, longest: int) -> dict[str, Any]:
    if not any(name in _TELLS_OF_BODY for name, _ in request.scope["headers"]):
        return {}
    content = await _read_body(request, longest)
    if not content.strip():
        return {}
    try:
        fields = from_json(content, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as error:
        raise BadRequest(f"The request's body is not valid JSON: {error}. Send one JSON object.") from None
    if not isinstance(fields, dict):
        raise BadRequest('The request\'s body must be a JSON object, such as {"name": "iris"}.')
    return fields


async def _read_body(request: Request, longest: int) -> bytes:
    """One that is too long is read to its end, or until the protocol cuts it off: who still sends reads no answer."""
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size <= longest:
                chunks.append(chunk)
    except ClientDisconnect:
        raise BadRequest("The request's body ended before it was whole.") from None
    if size > longest:
        raise RequestTooLarge(f"The request's body is larger than {longest} bytes. Send less at a time.")
    return b"".join(chunks)
