"""The server's log: a line for each request if it is asked for, with its id, and without what is nobody's business."""

import json
import logging
import re
from pathlib import Path

from tests.live_registry import serving
from tests.server.api import Api
from tui_registry_server.output import LogFormatter

NASTY = "\u202eeve\x1b[2J\n2026-11-26 forged"
FIELDS = {"request_id", "user", "address", "method", "route", "status", "milliseconds", "bytes"}


def test_each_request_is_a_line(tmp_path: Path) -> None:
    with serving(tmp_path, "--access-log", "--log-format", "json") as live, Api(live.url, live.admin_token) as api:
        api.post("/mlflow/registered-models/create", name="private-model", description="private text").ok()
        answer = api.send("GET", "/mlflow/registered-models/get?name=private-model", headers={"X-Request-Id": "ci/42"})
        assert answer.headers["x-request-id"] == "ci/42"
        made = [
            api.send("GET", "/mlflow/private-path", headers={"X-Request-Id": given}).headers["x-request-id"]
            for given in ('x" status=200', "x" * 129, "a b", "é")
        ]
        assert len(set(made)) == len(made)
        assert all(re.fullmatch(r"[0-9a-f]{16}-[0-9a-f]+", each) for each in made)
        with Api(live.url, "tr_private-token") as nobody:
            nobody.get("/mlflow/registered-models/search")
    text = live.log.read_text()
    assert "private" not in text
    assert live.admin_token not in text
    entries = [json.loads(line) for line in text.splitlines()]
    assert all({"time", "level", "logger", "message"} <= entry.keys() for entry in entries)
    requests = [entry for entry in entries if entry["message"] == "request"]
    assert all(entry.keys() >= FIELDS for entry in requests)
    (get,) = [entry for entry in requests if entry["request_id"] == "ci/42"]
    assert (get["user"], get["method"], get["status"]) == ("admin", "GET", 200)
    assert get["route"] == "/api/2.0/mlflow/registered-models/get"
    assert get["address"] == "127.0.0.1"
    assert get["bytes"] == len(answer.content)
    assert 0 < get["milliseconds"] < 60_000
    assert [entry["route"] for entry in requests if entry["request_id"] in made] == ["(no route)"] * len(made)
    assert [entry["user"] for entry in requests if entry["status"] == 401] == [None]


def test_names_cannot_forge_a_line() -> None:
    record = logging.LogRecord("access", logging.INFO, "", 0, "request", (), None)
    record.fields = {"user": f"{NASTY} status=500", "status": 200}
    line = LogFormatter("%(message)s").format(record)
    assert re.fullmatch(r"[ -~]+", line)
    assert line.endswith('status=500" status=200')
