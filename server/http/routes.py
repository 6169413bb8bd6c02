"""The table of routes: every call that the registry answers, and the ability that it takes."""

from importlib.metadata import version as installed_version

from server.http.route import Route
from server.operations import aliases, comments, feed, permissions, search, subjects, transitions
from server.operations import model_versions as versions
from server.operations import registered_models as models
from server.operations.call import Answer
from server.rules.permissions import Ability as Can
from server.wire import activity as a
from server.wire import comment as c
from server.wire import model_version as v
from server.wire import permission as p
from server.wire import registered_model as m
from server.wire import transition_request as r
from server.wire.server_info import Health, ServerInfo

MLFLOW_VERSION = "3.17.2"
"""The MLflow whose registry this one answers like; clients ask for it."""


def health() -> Answer:
    return {"status": "OK"}


def version() -> Answer:
    return {"version": installed_version("tui-registry"), "mlflow_version": MLFLOW_VERSION}


MODELS = "/mlflow/registered-models"
VERSIONS = "/mlflow/model-versions"
REQUESTS = "/mlflow/transition-requests"
COMMENTS = "/mlflow/comments"
DATABRICKS_MODELS = "/mlflow/databricks/registered-models"
DATABRICKS_VERSIONS = "/mlflow/databricks/model-versions"
PERMISSIONS = "/permissions/registered-models/{object_id}"

# fmt: off
ROUTES = (
    Route("GET", "/health", Can.PUBLIC, health, answer=Health, rooted=True),
    Route("GET", "/version", Can.PUBLIC, version, answer=ServerInfo, rooted=True),
    Route("GET", "/api/3.0/mlflow/server-info", Can.PUBLIC, version, answer=ServerInfo, rooted=True),

    Route("POST", f"{MODELS}/create", Can.CREATE_MODEL, models.create, m.CreateRegisteredModel, subjects.registry, m.RegisteredModelAnswer),
    Route("GET", f"{MODELS}/get", Can.READ, models.get, m.ModelName, None, m.RegisteredModelAnswer),
    Route("GET", f"{DATABRICKS_MODELS}/get", Can.READ, models.get_databricks, m.ModelName, None, m.RegisteredModelDatabricksAnswer),
    Route("PATCH", f"{MODELS}/update", Can.EDIT, models.update, m.UpdateRegisteredModel, subjects.model, m.RegisteredModelAnswer),
    Route("POST", f"{MODELS}/rename", Can.MANAGE, models.rename, m.RenameRegisteredModel, subjects.model, m.RegisteredModelAnswer),
    Route("DELETE", f"{MODELS}/delete", Can.MANAGE, models.delete, m.ModelName, subjects.model),
    Route("GET", f"{MODELS}/search", Can.READ, search.registered_models, m.SearchRegisteredModels, None, m.RegisteredModelPage),
    Route("GET", f"{MODELS}/list", Can.READ, search.all_registered_models, m.ListRegisteredModels, None, m.RegisteredModelPage),
    Route("GET", f"{MODELS}/get-latest-versions", Can.READ, models.latest_versions, m.GetLatestVersions, subjects.model, m.LatestVersions),
    Route("POST", f"{MODELS}/get-latest-versions", Can.READ, models.latest_versions, m.GetLatestVersions, subjects.model, m.LatestVersions, writes=False),
    Route("POST", f"{MODELS}/set-tag", Can.EDIT, models.set_tag, m.SetRegisteredModelTag, subjects.model),
    Route("DELETE", f"{MODELS}/delete-tag", Can.EDIT, models.delete_tag, m.DeleteRegisteredModelTag, subjects.model),
    Route("GET", f"{MODELS}/alias", Can.READ, aliases.get, m.RegisteredModelAlias, None, v.ModelVersionAnswer),
    Route("POST", f"{MODELS}/alias", Can.SET_ALIAS, aliases.assign, m.SetRegisteredModelAlias, subjects.version),
    Route("DELETE", f"{MODELS}/alias", Can.SET_ALIAS, aliases.release, m.RegisteredModelAlias, subjects.model),

    Route("POST", f"{VERSIONS}/create", Can.EDIT, versions.create, v.CreateModelVersion, subjects.model, v.ModelVersionAnswer),
    Route("GET", f"{VERSIONS}/get", Can.READ, versions.get, v.VersionName, None, v.ModelVersionAnswer),
    Route("GET", f"{VERSIONS}/get-download-uri", Can.READ, versions.download_uri, v.VersionName, None, v.DownloadUri),
    Route("PATCH", f"{VERSIONS}/update", Can.EDIT, versions.update, v.UpdateModelVersion, subjects.version, v.ModelVersionAnswer),
    Route("DELETE", f"{VERSIONS}/delete", Can.MANAGE, versions.delete, v.VersionName, subjects.version),
    Route("GET", f"{VERSIONS}/search", Can.READ, search.model_versions, v.SearchModelVersions, None, v.ModelVersionPage),
    Route("POST", f"{VERSIONS}/set-tag", Can.EDIT, versions.set_tag, v.SetModelVersionTag, subjects.version),
    Route("DELETE", f"{VERSIONS}/delete-tag", Can.EDIT, versions.delete_tag, v.DeleteModelVersionTag, subjects.version),
    Route("POST", f"{VERSIONS}/transition-stage", Can.TRANSITION, transitions.transition, v.TransitionStage, subjects.transition, v.ModelVersionAnswer),
    Route("POST", f"{DATABRICKS_VERSIONS}/transition-stage", Can.TRANSITION, transitions.transition_databricks, v.TransitionStageDatabricks, subjects.transition, r.ModelVersionDatabricksAnswer),

    Route("POST", f"{REQUESTS}/create", Can.REQUEST_TRANSITION, transitions.request, r.CreateTransitionRequest, subjects.transition, r.TransitionRequestAnswer),
    Route("GET", f"{REQUESTS}/list", Can.READ, feed.requests, r.ListTransitionRequests, None, r.InboxPage),
    Route("POST", f"{REQUESTS}/approve", Can.TRANSITION, transitions.approve, r.ApproveTransitionRequest, subjects.transition, a.ActivityAnswer),
    Route("POST", f"{REQUESTS}/reject", Can.TRANSITION, transitions.reject, r.RejectTransitionRequest, subjects.transition, a.ActivityAnswer),
    Route("DELETE", f"{REQUESTS}/delete", Can.CANCEL_REQUEST, transitions.cancel, r.DeleteTransitionRequest, subjects.request, a.ActivityAnswer),

    Route("GET", f"{COMMENTS}/list", Can.READ, comments.of_version, c.ListComments, subjects.version, c.CommentList),
    Route("POST", f"{COMMENTS}/create", Can.COMMENT, comments.create, c.CreateComment, subjects.version, c.CommentAnswer),
    Route("PATCH", f"{COMMENTS}/update", Can.EDIT_COMMENT, comments.update, c.UpdateComment, subjects.comment, c.CommentAnswer),
    Route("DELETE", f"{COMMENTS}/delete", Can.DELETE_COMMENT, comments.delete, c.CommentId, subjects.comment),

    Route("GET", "/mlflow/activities/list", Can.READ, feed.listed, a.ListActivities, None, a.ActivityPage),
    Route("GET", "/mlflow/events", Can.ANYONE, None),

    Route("GET", PERMISSIONS, Can.READ, permissions.get, p.PermissionsOf, subjects.permissions_object, p.ObjectPermissions),
    Route("PUT", PERMISSIONS, Can.MANAGE, permissions.replace, p.ChangePermissions, subjects.permissions_object, p.ObjectPermissions),
    Route("PATCH", PERMISSIONS, Can.MANAGE, permissions.add, p.ChangePermissions, subjects.permissions_object, p.ObjectPermissions),
    Route("GET", f"{PERMISSIONS}/permissionLevels", Can.READ, permissions.levels, p.PermissionsOf, subjects.permissions_object, p.PermissionLevels),
)
# fmt: on
