"""The registry by curl, without a client library."""

import json
import shutil
import subprocess
import uuid
from typing import Any

import httpx
import pytest

from tests.live_registry import ADMIN, LiveRegistry


class Curl:
    """curl with a token; if it is not installed, httpx sends the same."""

    def __init__(self, registry: LiveRegistry, token: str) -> None:
        self._url = f"{registry.url}/api/2.0/mlflow"
        self._token = token

    def post(self, path: str, **fields: Any) -> tuple[int, Any]:
        """The status and the JSON of the answer."""
        return self._send("--request", "POST", "--data", json.dumps(fields), f"{self._url}/{path}")

    def get(self, path_and_query: str) -> tuple[int, Any]:
        return self._send(f"{self._url}/{path_and_query}")

    def _send(self, *arguments: str) -> tuple[int, Any]:
        everything = ["--header", f"Authorization: Bearer {self._token}", *arguments]
        if shutil.which("curl"):
            command = ["curl", "--silent", "--show-error", "--write-out", "\n%{http_code}", *everything]
            body, _, status = subprocess.run(command, check=True, capture_output=True, text=True).stdout.rpartition(
                "\n"
            )
        else:
            options = dict(zip(everything[:-1:2], everything[1:-1:2], strict=True))
            name, _, value = options["--header"].partition(": ")
            headers = {name: value, "Content-Type": "application/x-www-form-urlencoded"}  # curl's default for --data
            method = options.get("--request", "GET")
            answer = httpx.request(method, everything[-1], content=options.get("--data"), headers=headers)
            body, status = answer.text, str(answer.status_code)
        return int(status), json.loads(body)


@pytest.fixture
def name() -> str:
    return f"curl-{uuid.uuid4().hex[:8]}"


def test_create_search_request_approve(registry: LiveRegistry, name: str) -> None:
    curl = Curl(registry, registry.admin_token)
    status, made = curl.post("registered-models/create", name=name, description="Straight lines")
    assert (status, made["registered_model"]["name"], made["registered_model"]["user_id"]) == (200, name, ADMIN)
    status, made = curl.post("model-versions/create", name=name, source="s3://bucket/model")
    assert (status, made["model_version"]["version"]) == (200, "1")
    status, found = curl.get(f"registered-models/search?filter=name%3D%27{name}%27&max_results=5")
    assert (status, [model["name"] for model in found["registered_models"]]) == (200, [name])
    status, found = curl.get(f"model-versions/search?filter=name%3D%27{name}%27&order_by=version_number%20ASC")
    assert (status, [version["version"] for version in found["model_versions"]]) == (200, ["1"])

    wanted = {"name": name, "version": "1", "stage": "Production"}
    status, asked = curl.post("transition-requests/create", **wanted, comment="better")
    assert (status, asked["request"]["to_stage"], asked["request"]["user_id"]) == (200, "Production", ADMIN)
    status, listed = curl.get(f"transition-requests/list?name={name}&version=1")
    assert (status, [each["comment"] for each in listed["requests"]]) == (200, ["better"])
    status, done = curl.post("transition-requests/approve", **wanted, archive_existing_versions=False)
    assert (status, done["activity"]["activity_type"]) == (200, "APPROVED_REQUEST")
    status, got = curl.get(f"model-versions/get?name={name}&version=1")
    assert (status, got["model_version"]["current_stage"]) == (200, "Production")


def test_errors(registry: LiveRegistry) -> None:
    curl = Curl(registry, registry.admin_token)
    status, error = curl.get("registered-models/get?name=absent")
    assert (status, error["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    status, error = curl.post("registered-models/create", name="a/b")
    assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    status, error = Curl(registry, "wrong").get("registered-models/search")
    assert (status, error["error_code"]) == (401, "UNAUTHENTICATED")
