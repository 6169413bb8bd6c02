"""The HTTP request that tells a webhook's receiver of a change, in the form of its dialect."""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from typing import Any

from tui_registry_server.operations.call import Policy
from tui_registry_server.rules.webhook_events import Change, Dialect, databricks_payload, mlflow_payload
from tui_registry_server.rules.webhook_http import OutgoingRequest
from tui_registry_server.rules.webhook_targets import Target, check_url
from tui_registry_server.store.webhooks import WebhookRow

RUN_NOW = "/api/2.1/jobs/run-now"


def request_of(
    webhook: WebhookRow, event: str, change: Change, *, delivery_id: str, now: int, policy: Policy
) -> OutgoingRequest:
    """``now``: milliseconds, for the signature. Raises RegistryError if nothing may be sent to its URL, or if its
    secrets cannot be decrypted."""
    target = check_url(webhook.url, policy.webhook_networks)
    secrets: dict[str, str] = {} if webhook.secrets is None else json.loads(policy.secret_box.open(webhook.secrets))
    headers = {"Content-Type": "application/json", "User-Agent": "tui-registry", "Accept": "*/*"}
    if webhook.job_id is not None:
        return _run_of_job(webhook, event, change, delivery_id, target, secrets, headers)
    if webhook.dialect == Dialect.MLFLOW:
        body = json.dumps(mlflow_payload(event, change)).encode()
        headers |= _mlflow_headers(secrets, delivery_id, now, body)
    else:
        body = json.dumps(databricks_payload(event, change, webhook.id)).encode()
        headers["X-Registry-Delivery-Id"] = delivery_id
        if "authorization" in secrets:
            headers["Authorization"] = secrets["authorization"]
        if "secret" in secrets:
            headers["X-Databricks-Signature"] = _hmac(secrets["secret"], body).hexdigest()
    return OutgoingRequest(target, headers, body, webhook.enable_ssl_verification)


def _run_of_job(
    webhook: WebhookRow,
    event: str,
    change: Change,
    delivery_id: str,
    target: Target,
    secrets: Mapping[str, str],
    headers: Mapping[str, str],
) -> OutgoingRequest:
    """With the event in the parameters of every kind of task: which kinds the job has is not asked. The token makes the
    workspace run the job once, however often the request is repeated."""
    message = json.dumps(databricks_payload(event, change, webhook.id))
    parameters = {"event_message": message}
    content: dict[str, Any] = {
        "job_id": int(webhook.job_id or 0),
        "idempotency_token": delivery_id,
        "notebook_params": parameters,
        "python_named_params": parameters,
        "jar_params": [message],
        "python_params": [message],
        "spark_submit_params": [message],
    }
    return OutgoingRequest(
        target._replace(target=target.target.rstrip("/") + RUN_NOW),
        {**headers, "Authorization": f"Bearer {secrets.get('access_token', '')}"},
        json.dumps(content).encode(),
        webhook.enable_ssl_verification,
    )


def _mlflow_headers(secrets: Mapping[str, str], delivery_id: str, now: int, body: bytes) -> dict[str, str]:
    timestamp = str(now // 1000)
    delivery = str(uuid.UUID(delivery_id))
    headers = {"X-MLflow-Delivery-Id": delivery, "X-MLflow-Timestamp": timestamp}
    if "secret" in secrets:
        signed = f"{delivery}.{timestamp}.".encode() + body
        signature = base64.b64encode(_hmac(secrets["secret"], signed).digest()).decode()
        headers["X-MLflow-Signature"] = f"v1,{signature}"
    return headers


def _hmac(secret: str, content: bytes) -> "hmac.HMAC":
    return hmac.new(secret.encode(), content, hashlib.sha256)
