"""Who may have webhooks, what is valid, and that secrets stay secret."""

import json
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from tests.live_registry import PROGRAM, ROOT, LiveRegistry, command, serving
from tests.server.api import Api
from tests.server.audit_log import exported
from tests.server.callers import Callers

HOOKS, MLFLOW = "/mlflow/registry-webhooks", "/mlflow/webhooks"
URL = "https://hooks.example.com/services/T0/token-in-the-path"
SPEC = {"url": URL}
SECRETS = ("the-shared-secret", "Bearer the-header", "dapi-the-access-token", "another-secret")


@pytest.fixture
def model(callers: Callers) -> str:
    return callers.model("ruled")


def create(api: Api, **fields: Any) -> dict[str, Any]:
    fields = {"events": ["COMMENT_CREATED"], "http_url_spec": SPEC, "status": "DISABLED"} | fields
    made: dict[str, Any] = api.post(f"{HOOKS}/create", **fields).ok()["webhook"]
    return made


def test_the_whole_registry_takes_an_administrator(callers: Callers, registry: LiveRegistry, model: str) -> None:
    owner = callers.creator  # of the model, on which they have CAN_MANAGE
    whole = create(callers.admin)
    ours = create(owner, model_name=model)
    assert ours["model_name"] == model
    fields = {"events": ["COMMENT_CREATED"], "http_url_spec": SPEC}
    assert "group 'admins'" in owner.post(f"{HOOKS}/create", **fields).denied()
    for path, more in {"test": {}, "replay": {"from": 0}}.items():
        owner.post(f"{HOOKS}/{path}", id=whole["id"], **more).missing()
    owner.patch(f"{HOOKS}/update", id=whole["id"], status="ACTIVE").missing()
    owner.delete(f"{HOOKS}/delete", id=whole["id"]).missing()
    owner.get(f"{HOOKS}/deliveries", id=whole["id"]).missing()
    listed = {each["id"] for each in owner.get(f"{HOOKS}/list", max_results=1000).ok()["webhooks"]}
    assert ours["id"] in listed
    assert whole["id"] not in listed
    seen = {each["id"] for each in callers.admin.get(f"{HOOKS}/list", max_results=1000).ok()["webhooks"]}
    assert {ours["id"], whole["id"]} <= seen

    mlflow = callers.admin.post(
        MLFLOW, name="n", url=URL, events=[{"entity": "PROMPT", "action": "CREATED"}], status="DISABLED"
    ).ok()["webhook"]
    assert owner.get(f"{MLFLOW}/{mlflow['webhook_id']}").denied()
    owner.get(MLFLOW).denied()
    callers.admin.get(f"{MLFLOW}/{whole['id']}").missing()
    callers.admin.patch(f"{HOOKS}/update", id=mlflow["webhook_id"], status="ACTIVE").missing()
    callers.admin.get(f"{HOOKS}/deliveries", id=mlflow["webhook_id"]).ok()


def test_what_is_refused(callers: Callers, model: str) -> None:
    admin = callers.admin

    def refused(**fields: Any) -> str:
        return admin.post(
            f"{HOOKS}/create", **{"events": ["COMMENT_CREATED"], "http_url_spec": SPEC} | fields
        ).invalid()

    assert "events" in refused(events=[])
    assert "REGISTERED_MODEL_CREATED" in refused(events=["REGISTERED_MODEL_CREATED"], model_name=model)
    assert "MODEL_VERSION_CREATED" in refused(events=["SOMETHING"])
    job = {"job_id": "7", "access_token": "t", "workspace_url": "https://w.example.com"}
    assert "exactly one" in refused(job_spec=job)
    assert "exactly one" in refused(http_url_spec=None)
    assert "workspace_url" in refused(http_url_spec=None, job_spec={"job_id": "7", "access_token": "t"})
    assert "job_id" in refused(http_url_spec=None, job_spec=job | {"job_id": "seven"})
    assert "https://" in refused(http_url_spec={"url": "http://hooks.example.com"})
    assert "--webhook-allow" in refused(http_url_spec={"url": "https://127.0.0.1/"})
    assert "--webhook-allow" in refused(http_url_spec={"url": "https://169.254.169.254/latest"})
    assert "leading zeros" in refused(http_url_spec={"url": "https://2130706433/"})
    assert "printable" in refused(http_url_spec=SPEC | {"authorization": "a\r\nX: y"})
    assert "at most 2000" in refused(http_url_spec={"url": "https://a.example/" + "x" * 2000})
    assert "not found" in admin.post(f"{HOOKS}/create", model_name="absent", events=["COMMENT_CREATED"]).missing()
    for secret in ({"secret": "s"}, {"authorization": "Bearer s"}):
        answer = admin.post(f"{HOOKS}/create", events=["COMMENT_CREATED"], http_url_spec=SPEC | secret)
        assert "openssl rand" in answer.refused(400, "INVALID_STATE")
    event = [{"entity": "PROMPT", "action": "DELETED"}]
    message = admin.post(MLFLOW, name="n", url=URL, events=event).invalid()
    assert message == "Invalid action 'deleted' for entity 'prompt'. Valid actions are: ['created']."
    hook = create(admin, model_name=model)
    again = admin.patch(f"{HOOKS}/update", id=hook["id"], events=["REGISTERED_MODEL_CREATED"])
    assert "whole registry" in again.invalid()


def test_pages_and_filters(callers: Callers, model: str) -> None:
    made = [create(callers.creator, model_name=model, events=[event])["id"] for event in
            ("COMMENT_CREATED", "MODEL_VERSION_CREATED", "COMMENT_CREATED")]  # fmt: skip
    listed, token = [], ""
    while True:
        page = callers.creator.get(f"{HOOKS}/list", model_name=model, max_results=1, page_token=token).ok()
        listed += [each["id"] for each in page.get("webhooks", [])]
        token = page.get("next_page_token", "")
        if not token:
            break
    assert sorted(listed) == sorted(made)
    found = callers.creator.get(f"{HOOKS}/list", model_name=model, events=["MODEL_VERSION_CREATED"]).ok()["webhooks"]
    assert [each["id"] for each in found] == [made[1]]
    callers.creator.get(f"{HOOKS}/list", model_name=model, events=["ALIAS_SET"], max_results=1).ok()
    deleted = callers.creator.send("DELETE", f"/preview{HOOKS}/delete", json.dumps({"id": made[0]}).encode())
    assert deleted.ok() == {}
    callers.creator.send("DELETE", f"{HOOKS}/delete?id={made[1]}").ok()
    assert len(callers.creator.get(f"{HOOKS}/list", model_name=model).ok()["webhooks"]) == 1


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[tuple[LiveRegistry, Path]]:
    key = tmp_path / "webhook.key"
    key.touch(mode=0o600)
    key.write_bytes(Fernet.generate_key())
    with serving(tmp_path, "--webhook-key-file", str(key), maintenance="") as live:
        yield live, key


def test_secrets_stay_secret(keyed: tuple[LiveRegistry, Path], tmp_path: Path) -> None:
    """In no answer, record, log, database or backup."""
    live, key = keyed
    answers = []
    with Api(live.url, live.admin_token) as admin:
        http = SPEC | {"secret": SECRETS[0], "authorization": SECRETS[1]}
        answers.append(admin.post(f"{HOOKS}/create", events=["COMMENT_CREATED"], http_url_spec=http))
        job = {"job_id": "7", "access_token": SECRETS[2], "workspace_url": "https://workspace.example.com"}
        answers.append(admin.post(f"{HOOKS}/create", events=["COMMENT_CREATED"], job_spec=job))
        event = [{"entity": "PROMPT", "action": "CREATED"}]
        answers.append(admin.post(MLFLOW, name="n", url=URL, events=event, secret=SECRETS[3]))
        first, second, third = (each.ok()["webhook"] for each in answers)
        assert first["http_url_spec"] == {"url": URL, "enable_ssl_verification": True}
        assert second["job_spec"] == {"job_id": "7", "workspace_url": "https://workspace.example.com"}
        answers.append(admin.patch(f"{HOOKS}/update", id=first["id"], http_url_spec=http, status="TEST_MODE"))
        unverified = SPEC | {"enable_ssl_verification": False}
        answers.append(admin.patch(f"{HOOKS}/update", id=second["id"], http_url_spec=unverified))
        changed = answers[-1].ok()["webhook"]
        assert changed["http_url_spec"]["enable_ssl_verification"] is False
        assert "job_spec" not in changed
        answers.append(admin.patch(f"{MLFLOW}/{third['webhook_id']}", secret=SECRETS[3], name="m"))
        answers += [admin.get(f"{HOOKS}/list"), admin.get(MLFLOW)]
    records = exported(live.database)
    backup = tmp_path / "backup.db"
    command(live.database, "backup", str(backup))
    content = b"".join(each.content for each in answers) + json.dumps(records).encode() + live.log.read_bytes()
    content += backup.read_bytes() + b"".join(each.read_bytes() for each in tmp_path.glob("registry.db*"))
    for secret in SECRETS:
        assert secret.encode() not in content
    assert "token-in-the-path" not in json.dumps(records) + live.log.read_text()
    kinds = [each["activity_type"] for each in records if "WEBHOOK" in each["activity_type"]]
    assert kinds == ["CREATED_WEBHOOK"] * 3 + ["CHANGED_WEBHOOK"] * 3
    with sqlite3.connect(backup) as database:
        sealed = [row[0] for row in database.execute("SELECT secrets FROM webhooks WHERE secrets IS NOT NULL")]
    opened = [json.loads(Fernet(key.read_bytes()).decrypt(each)) for each in sealed]
    assert {"secret": SECRETS[0], "authorization": SECRETS[1]} in opened


def test_keys_that_are_none(tmp_path: Path) -> None:
    def refusal(content: bytes | None, mode: int = 0o600) -> str:
        key = tmp_path / "key"
        key.unlink(missing_ok=True)
        if content is not None:
            key.write_bytes(content)
            key.chmod(mode)
        arguments = ["serve", "--database", str(tmp_path / "r.db"), "--port", "0", "--webhook-key-file", str(key)]
        run = subprocess.run([*PROGRAM, *arguments], check=False, cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert run.returncode == 1
        return run.stderr

    assert "could not be read" in refusal(None)
    assert "chmod 600" in refusal(Fernet.generate_key(), 0o644)
    assert "is empty" in refusal(b" \n")
    message = refusal(b"not-a-key")
    assert "openssl rand" in message
    assert "not-a-key" not in message
