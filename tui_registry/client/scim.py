"""What the calls about users, service principals and groups share.

Filters are SCIM's (RFC 7644, 3.4.2.2). Pages begin at ``start``, which counts from 1.
"""

import json
from typing import Any
from urllib.parse import quote

from tui_registry.client.transport import Answer, Transport

SCIM = "/preview/scim/v2"
PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


async def patch(transport: Transport, path: str, answer: type[Answer], op: str, attribute: str, value: Any) -> Answer:
    """One operation on one resource (RFC 7644, 3.5.2)."""
    operation = {"op": op, "path": attribute, "value": value}
    return await transport.send("PATCH", path, answer, schemas=[PATCH_SCHEMA], Operations=[operation])


def resource_path(path: str, resource_id: str) -> str:
    """The path of one resource."""
    return f"{path}/{quote(resource_id, safe='')}"


def compared(attribute: str, operator: str, value: str) -> str:
    """One comparison of a SCIM filter; strings are quoted as in JSON."""
    return f"{attribute} {operator} {json.dumps(value)}"
