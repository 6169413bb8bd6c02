"""What the calls to the servers read, in words."""

READS = {
    "/accounts/servicePrincipals": "client secrets of a service principal",
    "/api/3.0/mlflow/workspaces": "workspaces",
    "/federation-rules": "federation rules",
    "/imports/models": "imported models",
    "/mlflow/activities/list": "activities",
    "/mlflow/artifacts/list": "artifacts of a run",
    "/mlflow/comments/list": "comments",
    "/mlflow/databricks/registered-models/get": "a model",
    "/mlflow/events": "changes as they happen",
    "/mlflow/experiments/search": "experiments",
    "/mlflow/follows/list": "what one follows",
    "/mlflow/logged-models/search": "models of a run",
    "/mlflow/model-versions/get": "a version",
    "/mlflow/model-versions/lineage": "the lineage of a version",
    "/mlflow/model-versions/search": "versions",
    "/mlflow/registered-models/search": "models",
    "/mlflow/registered-models/stage-history": "the stage history of a model",
    "/mlflow/registry-webhooks/deliveries": "deliveries of a webhook",
    "/mlflow/registry-webhooks/list": "webhooks",
    "/mlflow/registry-webhooks/overview": "webhooks with their state",
    "/mlflow/registry/overview": "the overview",
    "/mlflow/runs/get": "a run",
    "/mlflow/runs/search": "runs",
    "/mlflow/transition-requests/list": "open requests",
    "/mlflow/transition-requests/review": "what a request would change",
    "/mlflow/webhooks": "webhooks",
    "/permissions/registered-models": "permissions",
    "/preview/scim/v2/Groups": "groups",
    "/preview/scim/v2/Me": "the current user",
    "/preview/scim/v2/ServicePrincipals": "service principals",
    "/preview/scim/v2/Users": "users",
    "/principals": "all that an account has",
    "/token-management/tokens": "tokens",
    "/token/list": "tokens",
}
"""By the longest beginning of the path."""

ASKED_BY_POST = ("/search", "/preview", "/explain")
"""The ends of paths that read although the method is POST."""


def call_label(method: str, path: str) -> str:
    """What a call does, such as "read open requests"; the method and path of one that is not known."""
    what = next((READS[prefix] for prefix in sorted(READS, key=len, reverse=True) if path.startswith(prefix)), None)
    is_read = method == "GET" or path.endswith(ASKED_BY_POST)
    return f"read {what}" if what and is_read else f"{method} {path}"
