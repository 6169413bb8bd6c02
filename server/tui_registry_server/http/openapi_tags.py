"""The tags of the API's description, which group its routes."""

from typing import NamedTuple

from tui_registry_server.http.route import Route


class Tag(NamedTuple):
    """``prefixes``: of the paths of its routes."""

    name: str
    description: str
    prefixes: tuple[str, ...]


SERVER = Tag("Server", "Readiness, metrics, version and API description, and how to sign in.", ())
"""For routes that are not below the API's prefixes."""

TAGS = (
    Tag(
        "Registered models",
        "Names, and what all versions of a model share: descriptions, tags, aliases. As MLflow's and Databricks' "
        "clients call them.",
        ("/mlflow/registered-models/", "/mlflow/databricks/registered-models/"),
    ),
    Tag(
        "Model versions",
        "What is registered under a model, each at one stage: None, Staging, Production or Archived.",
        ("/mlflow/model-versions/", "/mlflow/databricks/model-versions/"),
    ),
    Tag(
        "Transition requests",
        "Asking for a version's move to a stage; approving, rejecting and cancelling that.",
        ("/mlflow/transition-requests/",),
    ),
    Tag("Comments", "Comments on versions.", ("/mlflow/comments/",)),
    Tag(
        "Activities",
        "Who did what, as a list and as a stream of events.",
        ("/mlflow/activities/", "/mlflow/events"),
    ),
    Tag("Overview", "Counts: open requests, recent transitions, and what needs attention.", ("/mlflow/registry/",)),
    Tag(
        "Webhooks",
        "Notifying other programs of changes, in Databricks' form and in MLflow's; and people, of what they follow.",
        ("/mlflow/registry-webhooks/", "/mlflow/webhooks", "/mlflow/follows/"),
    ),
    Tag(
        "Permissions",
        "Who may do what on a model or, as the object `root`, on the whole registry.",
        ("/permissions/registered-models/",),
    ),
    Tag(
        "Workspaces",
        "Separate sets of models: the header `X-MLFLOW-WORKSPACE` of a request names one.",
        ("/api/3.0/mlflow/workspaces",),
    ),
    Tag("People", "Users, groups and service principals: SCIM 2.0.", ("/preview/scim/v2/",)),
    Tag("Offboarding", "Everything that an account has, and offboarding it in one step.", ("/principals/",)),
    Tag("Imports", "Importing the models of another registry, with their numbers, times and authors.", ("/imports/",)),
    Tag(
        "Tokens",
        "What people and programs sign in with: one's own, all of them for administrators, and who may have some.",
        (
            "/token/",
            "/token-management/",
            "/permissions/authorization/tokens",
            "/accounts/servicePrincipals/",
            "/federation-rules",
        ),
    ),
    SERVER,
)
"""In the order of the documentation."""


def tag_of(route: Route) -> Tag:
    """The tag of a route. Raises ValueError if it has none."""
    for tag in TAGS:
        if route.path.startswith(tag.prefixes):
            return tag
    if route.rooted:
        return SERVER
    raise ValueError(f"No tag for {route.path}")
