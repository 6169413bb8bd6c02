"""The HTTP request that notifies a webhook's receiver of a change, in the form of its dialect."""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from tui_registry_server.operations.call import Policy
from tui_registry_server.operations.receivers import mail_server, recipient
from tui_registry_server.rules.change_messages import mail_text, message_of, slack_payload, subject_of, teams_payload
from tui_registry_server.rules.mail import OutgoingMail
from tui_registry_server.rules.webhook_events import Change, Dialect, databricks_payload, mlflow_payload
from tui_registry_server.rules.webhook_http import OutgoingRequest
from tui_registry_server.rules.webhook_targets import Target, check_url
from tui_registry_server.store import workspaces
from tui_registry_server.store.engine import Connection
from tui_registry_server.store.webhooks import WebhookRow
from tui_registry_server.wire.plain_text import one_line
from tui_registry_server.wire.registry_webhook import WebhookFormat

RUN_NOW = "/api/2.1/jobs/run-now"
HEADERS = {"Content-Type": "application/json", "User-Agent": "tui-registry", "Accept": "*/*"}


def request_of(
    connection: Connection,
    webhook: WebhookRow,
    event: str,
    change: Change,
    *,
    delivery_id: str,
    now: int,
    policy: Policy,
) -> OutgoingRequest | OutgoingMail:
    """``now``: milliseconds, for the signature. Raises RegistryError if nothing may be sent to its URL, or if its
    secrets cannot be decrypted."""
    if webhook.format != WebhookFormat.JSON:
        return message_request(connection, webhook, [change], delivery_id=delivery_id, policy=policy)
    target = check_url(webhook.url, policy.webhook_networks)
    secrets: dict[str, str] = {} if webhook.secrets is None else json.loads(policy.secret_box.open(webhook.secrets))
    headers = dict(HEADERS)
    workspace = workspaces.header_name(connection, webhook.workspace_id)
    if webhook.job_id is not None:
        message = databricks_payload(event, change, webhook.id, workspace)
        return _run_of_job(webhook, json.dumps(message), delivery_id, target, secrets, headers)
    if webhook.dialect == Dialect.MLFLOW:
        body = json.dumps(mlflow_payload(event, change, workspace)).encode()
        headers |= _mlflow_headers(secrets, delivery_id, now, body)
    else:
        body = json.dumps(databricks_payload(event, change, webhook.id, workspace)).encode()
        headers |= _databricks_headers(secrets, delivery_id, body)
    return OutgoingRequest(target, headers, body, webhook.enable_ssl_verification)


def message_request(
    connection: Connection, webhook: WebhookRow, changes: Sequence[Change], *, delivery_id: str, policy: Policy
) -> OutgoingRequest | OutgoingMail:
    """One message for people about all of these changes. Slack and Teams check no signature; a program that relays to
    them may, so that it is there with a secret. Raises RegistryError, too."""
    workspace = workspaces.header_name(connection, webhook.workspace_id)
    messages = [message_of(each, workspace) for each in changes]
    if webhook.format == WebhookFormat.EMAIL:
        mail_server(policy)
        return OutgoingMail(
            delivery_id, recipient(webhook), subject_of(messages), mail_text(messages, _reason(webhook, workspace))
        )
    target = check_url(webhook.url, policy.webhook_networks)
    secrets: dict[str, str] = {} if webhook.secrets is None else json.loads(policy.secret_box.open(webhook.secrets))
    payload = slack_payload(messages) if webhook.format == WebhookFormat.SLACK else teams_payload(messages)
    body = json.dumps(payload, ensure_ascii=False).encode()
    headers = {**HEADERS, **_databricks_headers(secrets, delivery_id, body)}
    return OutgoingRequest(target, headers, body, webhook.enable_ssl_verification)


def _reason(webhook: WebhookRow, workspace: str) -> str:
    if webhook.digest is not None:
        what = "the requests that wait for you" if webhook.model_name is None else one_line(webhook.model_name)
        how = "--requests" if webhook.model_name is None else one_line(webhook.model_name)
        option, where = (f"--workspace {workspace} ", f"workspace {workspace} of ") if workspace else ("", "")
        return f"You follow {what} in {where}the model registry. To stop: tui-registry {option}unfollow {how}"
    of = "the model registry" if webhook.model_name is None else f"registered model '{one_line(webhook.model_name)}'"
    of += f" in workspace {workspace}" if workspace else ""
    return f"This was sent by webhook {webhook.id} of {of}, set up by {one_line(webhook.user_id)}."


def _run_of_job(
    webhook: WebhookRow,
    message: str,
    delivery_id: str,
    target: Target,
    secrets: Mapping[str, str],
    headers: Mapping[str, str],
) -> OutgoingRequest:
    """With the event in the parameters of every kind of task: which kinds the job has is not asked. The token makes the
    workspace run the job once, however often the request is repeated. ``message``: the event in JSON."""
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


def _databricks_headers(secrets: Mapping[str, str], delivery_id: str, body: bytes) -> dict[str, str]:
    headers = {"X-Registry-Delivery-Id": delivery_id}
    if "authorization" in secrets:
        headers["Authorization"] = secrets["authorization"]
    if "secret" in secrets:
        headers["X-Databricks-Signature"] = _hmac(secrets["secret"], body).hexdigest()
    return headers


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
