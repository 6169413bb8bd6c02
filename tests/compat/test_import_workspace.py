"""Importing from a workspace whose answers have what databricks-sdk knows of, and no more; and without its lists."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from databricks.sdk.service import ml

from tests.live_registry import LiveRegistry
from tests.server.api import Api
from tests.server.permission_case import COMMENTS, MODELS, REQUESTS, VERSIONS
from tui_registry.client.registry import RegistryClient
from tui_registry.client.transport import Transport
from tui_registry.transfer.importer import import_all, verify_all
from tui_registry.transfer.report import Report
from tui_registry.transfer.workspace import Workspace

Shape = Callable[[dict[str, Any]], dict[str, Any]]


def of_each(member: str, kind: Any) -> Shape:
    return lambda answer: answer | {member: [kind.from_dict(each).as_dict() for each in answer.get(member, [])]}


SHAPES: dict[str, Shape] = {
    "/databricks/registered-models/get": lambda answer: ml.GetModelResponse.from_dict(answer).as_dict(),
    "/registered-models/search": lambda answer: ml.SearchModelsResponse.from_dict(answer).as_dict(),
    "/model-versions/search": lambda answer: ml.SearchModelVersionsResponse.from_dict(answer).as_dict(),
    "/transition-requests/list": of_each("requests", ml.TransitionRequest),
    "/comments/list": of_each("comments", ml.CommentObject),
    "/activities/list": of_each("activities", ml.Activity),
    "/permissions/registered-models/": lambda answer: ml.RegisteredModelPermissions.from_dict(answer).as_dict(),
}


class AsDatabricks(httpx.AsyncBaseTransport):
    """A workspace: lists are of one version, and calls in ``missing`` are not there."""

    def __init__(self, missing: tuple[str, ...] = ()) -> None:
        self._network = httpx.AsyncHTTPTransport()
        self._missing = missing

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith(self._missing or ("nothing",)):
            return httpx.Response(404, json={"error_code": "ENDPOINT_NOT_FOUND", "message": "No API found"})
        if "/transition-requests/" in path or "/activities/" in path:
            assert "version" in request.url.params
        response = await self._network.handle_async_request(request)
        await response.aread()
        shape = next((shape for part, shape in SHAPES.items() if part in path), None)
        if shape is None or response.status_code != 200:
            return response
        return httpx.Response(200, json=shape(json.loads(response.content)))

    async def aclose(self) -> None:
        await self._network.aclose()


@pytest.mark.parametrize("missing", [(), ("/comments/list", "/activities/list")], ids=["all lists", "some lists"])
async def test_what_databricks_answers(
    missing: tuple[str, ...], registry: LiveRegistry, fresh_registry: LiveRegistry
) -> None:
    name = f"from databricks {len(missing)}"
    with Api(registry.url, registry.token("ada")) as ada:
        ada.post(f"{MODELS}/create", name=name, description="what", tags=[{"key": "a", "value": "b"}]).ok()
        for number in ("1", "2"):
            ada.post(f"{VERSIONS}/create", name=name, source=f"dbfs:/{number}", run_id="r", description=number).ok()
            ada.post(f"{COMMENTS}/create", name=name, version=number, comment=f"about {number}").ok()
        ada.post(f"{VERSIONS}/transition-stage", name=name, version="1", stage="Production").ok()
        ada.post(f"{REQUESTS}/create", name=name, version="2", stage="Staging").ok()
    fresh_registry.token("ada")
    workspace = Workspace(
        Transport(registry.url, registry.admin_token, transport=AsDatabricks(missing)),
        "https://adb-1.azuredatabricks.example.net",
        lists_by_model=False,
    )
    report, again = Report(workspace.identity), Report(workspace.identity)
    async with RegistryClient(fresh_registry.url, fresh_registry.admin_token) as client:
        assert name in await workspace.names()
        async for result in import_all(workspace, client, [name]):
            report.add(result)
        async for result in verify_all(workspace, client, [name]):
            report.add_verified(result)
        async for result in import_all(workspace, client, [name]):
            again.add(result)
        model = await client.models.get(name)
        assert [each.current_stage for each in model.latest_versions] == ["Production", "None"]
        comments = await client.comments.of_version(name, "2")
        inbox = await client.requests.of_version(name, "2")
    await workspace.close()
    assert (report.failed, report.differences, report.verified) == ({}, [], 1)
    assert (again.failed, again.differences, any(again.counts.model_dump().values())) == ({}, [], False)
    assert [each.comment for each in comments] == ([] if missing else ["about 2"])
    assert [(each.user_id, each.to_stage) for each in inbox] == [("ada", "Staging")]
    assert workspace.lacking == ({"comments", "activities"} if missing else set())
    assert report.counts.activities == (0 if missing else 6)
