"""Concurrent writers of the same few models, and a check of what they have written."""

import time
from collections import defaultdict
from collections.abc import Generator, Iterator
from typing import Any

from tests.benchmarks.http_load import Answer, Script, expect_ok, request
from tests.server.api import Api

API = "/api/2.0/mlflow"
MODELS = 8
PAGE = 1000


def busy_model(number: int) -> str:
    return f"busy-{number % MODELS}"


class Writing:
    """Scripts that create versions, tag them and move them, and record what was acknowledged. ``latencies`` are those
    of the writes, in seconds."""

    def __init__(self, api: Api) -> None:
        self.latencies: list[float] = []
        self._api = api
        self._created: dict[str, list[int]] = defaultdict(list)
        self._tagged: dict[str, dict[int, str]] = defaultdict(dict)
        self._moved: dict[str, list[int]] = defaultdict(list)
        for number in range(MODELS):
            api.post("/mlflow/registered-models/create", name=busy_model(number)).ok()

    def script(self, writer: int) -> Script:
        """Until cancelled: create a version, tag it, move it to Staging, and archive the one that is there."""
        name = busy_model(writer)
        while True:
            answer = yield from self._write("create", name=name, source="s3://bucket/model")
            version = int(answer.json["model_version"]["version"])
            self._created[name].append(version)
            yield from self._write("set-tag", name=name, version=str(version), key="writer", value=str(writer))
            self._tagged[name][version] = str(writer)
            yield from self._write(
                "transition-stage", name=name, version=str(version), stage="Staging", archive_existing_versions=True
            )
            self._moved[name].append(version)

    def _write(self, verb: str, **fields: Any) -> Generator[bytes, Answer, Answer]:
        sent = time.perf_counter()
        answer = yield request("POST", f"{API}/model-versions/{verb}", token=self._api.token, body=fields)
        self.latencies.append(time.perf_counter() - sent)
        return expect_ok(answer)

    def check(self) -> str:
        """Everything acknowledged must be stored, and recorded once. Returns a summary."""
        for name in map(busy_model, range(MODELS)):
            created = self._created[name]
            versions = list(self._pages("model-versions/search", "model_versions", filter=f"name='{name}'"))
            assert sorted(created) == list(range(1, len(created) + 1)), f"numbers of {name}: gaps or duplicates"
            assert {int(each["version"]) for each in versions} == set(created), f"versions of {name}"
            tags = {int(each["version"]): each["tags"][0]["value"] for each in versions if "tags" in each}
            assert tags == self._tagged[name], f"tags of {name}"
            stages = {int(each["version"]): each["current_stage"] for each in versions}
            assert all(stages[version] in ("Staging", "Archived") for version in self._moved[name]), f"stages of {name}"
            assert list(stages.values()).count("Staging") == 1, f"versions of {name} in Staging"
            for kind, expected in (
                ("CREATED_VERSION", created),
                ("SET_TAG", self._tagged[name]),
                ("APPLIED_TRANSITION", self._moved[name]),
                ("SYSTEM_TRANSITION", self._moved[name][1:]),
            ):
                recorded = [
                    each["version"]
                    for each in self._pages("activities/list", "activities", name=name, activity_type=kind)
                ]
                assert len(recorded) == len(set(recorded)) == len(expected), f"{kind} of {name}"
        written = len(self.latencies)
        return f"{written:,} writes acknowledged: all are stored, numbers have no gaps, every change is recorded once."

    def _pages(self, path: str, member: str, **query: Any) -> Iterator[dict[str, Any]]:
        token = ""
        while True:
            page = self._api.get(f"/mlflow/{path}", max_results=PAGE, page_token=token, **query).ok()
            yield from page.get(member, [])
            token = page.get("next_page_token", "")
            if not token:
                return
