"""The table of routes: every call that the registry answers, and the ability that it needs."""

from functools import partial
from importlib.metadata import version as installed_version

from tui_registry_server.http import metrics
from tui_registry_server.http.oauth import OAuth
from tui_registry_server.http.readiness import ready
from tui_registry_server.http.route import NoFields, Route
from tui_registry_server.operations import (
    aliases,
    client_secrets,
    comments,
    discovery,
    federation_rules,
    feed,
    follows,
    groups,
    lineage,
    mlflow_webhooks,
    model_import,
    offboarding,
    overview,
    permission_preview,
    permission_reasons,
    permissions,
    principal_details,
    principal_levels,
    search,
    service_principals,
    stage_history,
    subjects,
    token_permissions,
    tokens,
    transition_review,
    transitions,
    users,
    webhook_deliveries,
    webhook_overview,
    webhooks,
    workspaces,
)
from tui_registry_server.operations import model_versions as versions
from tui_registry_server.operations import registered_models as models
from tui_registry_server.operations import webhook_subjects as hooks
from tui_registry_server.operations.call import Answer
from tui_registry_server.wire import activity as a
from tui_registry_server.wire import comment as c
from tui_registry_server.wire import follow as fo
from tui_registry_server.wire import mlflow_webhook as mw
from tui_registry_server.wire import model_version as v
from tui_registry_server.wire import oauth as oa
from tui_registry_server.wire import permission as p
from tui_registry_server.wire import principal_details as o
from tui_registry_server.wire import registered_model as m
from tui_registry_server.wire import registry_webhook as rw
from tui_registry_server.wire import scim as s
from tui_registry_server.wire import scim_discovery as d
from tui_registry_server.wire import stage_history as h
from tui_registry_server.wire import token as t
from tui_registry_server.wire import transition_request as r
from tui_registry_server.wire import transition_review as w
from tui_registry_server.wire import webhook_delivery as wd
from tui_registry_server.wire import webhook_overview as wo
from tui_registry_server.wire import workspace as ws
from tui_registry_server.wire.lineage import LineageAnswer
from tui_registry_server.wire.model_import import ImportedModel, ImportModel, ListImports, ModelImportPage
from tui_registry_server.wire.overview import GetOverview, RegistryOverview
from tui_registry_server.wire.permission_policy import Ability as Can
from tui_registry_server.wire.permission_preview import PermissionsPreview, PreviewPermissions
from tui_registry_server.wire.permission_reasons import ExplainPermissions, PermissionsExplanation
from tui_registry_server.wire.server_info import DatabricksConfig, Health, ServerInfo

MLFLOW_VERSION = "3.17.2"
"""The MLflow version whose registry this one is compatible with; clients request it."""


def health() -> Answer:
    """Whether the server runs: it answers without asking the database."""
    return {"status": "OK"}


def version() -> Answer:
    """The version of this server, and the MLflow version that it is compatible with."""
    return {
        "version": installed_version("tui-registry"),
        "mlflow_version": MLFLOW_VERSION,
        "workspaces_enabled": True,
    }


MODELS = "/mlflow/registered-models"
VERSIONS = "/mlflow/model-versions"
REQUESTS = "/mlflow/transition-requests"
COMMENTS = "/mlflow/comments"
DATABRICKS_MODELS = "/mlflow/databricks/registered-models"
DATABRICKS_VERSIONS = "/mlflow/databricks/model-versions"
PERMISSIONS = "/permissions/registered-models/{object_id}"
REGISTRY_WEBHOOKS = "/mlflow/registry-webhooks"
MLFLOW_WEBHOOKS = "/mlflow/webhooks"
FOLLOWS = "/mlflow/follows"
SCIM = "/preview/scim/v2"
WORKSPACES = "/api/3.0/mlflow/workspaces"
PRINCIPAL = "/principals/{id}"
SECRETS = "/accounts/servicePrincipals/{service_principal_id}/credentials/secrets"
TOKENS = "/token-management/tokens"
TOKEN_PERMISSIONS = "/permissions/authorization/tokens"  # noqa: S105  # a path

ScimRoute = partial(Route, scim=True)
PublicRoute = partial(Route, ability=Can.PUBLIC, operation=None, rooted=True)

# fmt: off
ROUTES = (
    Route("GET", "/health", Can.PUBLIC, health, answer=Health, rooted=True),
    Route("GET", "/ready", Can.PUBLIC, ready, answer=Health, of_server=True, rooted=True),
    Route("GET", "/metrics", Can.ADMINISTER, metrics.expose, NoFields, subjects.administration, of_server=True, media_type=metrics.MEDIA_TYPE, lengthy=True, rooted=True),
    Route("GET", "/version", Can.PUBLIC, version, answer=ServerInfo, rooted=True),
    Route("GET", "/api/3.0/mlflow/server-info", Can.PUBLIC, version, answer=ServerInfo, rooted=True),
    PublicRoute("GET", "/.well-known/databricks-config", oauth=OAuth.databricks_config, answer=DatabricksConfig),
    PublicRoute("GET", "/oidc/.well-known/oauth-authorization-server", oauth=OAuth.authorization_server, answer=oa.AuthorizationServer),
    PublicRoute("GET", "/oidc/v1/authorize", oauth=OAuth.authorize),
    PublicRoute("POST", "/oidc/v1/token", oauth=OAuth.token, body=oa.TokenRequest, answer=oa.AccessToken, form=True, error=oa.OAuthError, writes=False),
    PublicRoute("GET", "/sign-in", oauth=OAuth.sign_in_offer, answer=oa.SignInOffer),

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
    Route("GET", f"{MODELS}/stage-history", Can.READ, stage_history.listed, h.ListStageHistory, subjects.model, h.StageHistoryPage, lengthy=True),
    Route("POST", f"{MODELS}/set-tag", Can.EDIT, models.set_tag, m.SetRegisteredModelTag, subjects.model),
    Route("DELETE", f"{MODELS}/delete-tag", Can.EDIT, models.delete_tag, m.DeleteRegisteredModelTag, subjects.model),
    Route("GET", f"{MODELS}/alias", Can.READ, aliases.get, m.RegisteredModelAlias, None, v.ModelVersionAnswer),
    Route("POST", f"{MODELS}/alias", Can.SET_ALIAS, aliases.assign, m.SetRegisteredModelAlias, subjects.version),
    Route("DELETE", f"{MODELS}/alias", Can.SET_ALIAS, aliases.release, m.RegisteredModelAlias, subjects.model),

    Route("POST", f"{VERSIONS}/create", Can.EDIT, versions.create, v.CreateModelVersion, subjects.model, v.ModelVersionAnswer, logged_model=versions.logged_model_of_new),
    Route("GET", f"{VERSIONS}/get", Can.READ, versions.get, v.VersionName, None, v.ModelVersionAnswer),
    Route("GET", f"{VERSIONS}/get-download-uri", Can.READ, versions.download_uri, v.VersionName, None, v.DownloadUri),
    Route("GET", f"{VERSIONS}/lineage", Can.READ, lineage.get, v.VersionName, subjects.version, LineageAnswer),
    Route("POST", f"{VERSIONS}/retrieve-lineage", Can.EDIT, lineage.retrieve, v.VersionName, subjects.version, LineageAnswer, logged_model=lineage.logged_model_of),
    Route("PATCH", f"{VERSIONS}/update", Can.EDIT, versions.update, v.UpdateModelVersion, subjects.version, v.ModelVersionAnswer),
    Route("DELETE", f"{VERSIONS}/delete", Can.MANAGE, versions.delete, v.VersionName, subjects.version),
    Route("GET", f"{VERSIONS}/search", Can.READ, search.model_versions, v.SearchModelVersions, None, v.ModelVersionPage),
    Route("POST", f"{VERSIONS}/set-tag", Can.EDIT, versions.set_tag, v.SetModelVersionTag, subjects.version),
    Route("DELETE", f"{VERSIONS}/delete-tag", Can.EDIT, versions.delete_tag, v.DeleteModelVersionTag, subjects.version),
    Route("POST", f"{VERSIONS}/transition-stage", Can.TRANSITION, transitions.transition, v.TransitionStage, subjects.transition, v.ModelVersionAnswer),
    Route("POST", f"{DATABRICKS_VERSIONS}/transition-stage", Can.TRANSITION, transitions.transition_databricks, v.TransitionStageDatabricks, subjects.transition, r.ModelVersionDatabricksAnswer),

    Route("POST", f"{REQUESTS}/create", Can.REQUEST_TRANSITION, transitions.request, r.CreateTransitionRequest, subjects.transition, r.TransitionRequestAnswer),
    Route("GET", f"{REQUESTS}/list", Can.READ, feed.requests, r.ListTransitionRequests, None, r.InboxPage, lengthy=True),
    Route("GET", f"{REQUESTS}/review", Can.READ, transition_review.review, w.ReviewTransition, subjects.transition, w.TransitionReview, lengthy=True),
    Route("POST", f"{REQUESTS}/approve", Can.TRANSITION, transitions.approve, r.ApproveTransitionRequest, subjects.transition, a.ActivityAnswer),
    Route("POST", f"{REQUESTS}/reject", Can.TRANSITION, transitions.reject, r.RejectTransitionRequest, subjects.transition, a.ActivityAnswer),
    Route("DELETE", f"{REQUESTS}/delete", Can.CANCEL_REQUEST, transitions.cancel, r.DeleteTransitionRequest, subjects.request, a.ActivityAnswer),

    Route("GET", f"{COMMENTS}/list", Can.READ, comments.of_version, c.ListComments, subjects.version, c.CommentList, lengthy=True),
    Route("POST", f"{COMMENTS}/create", Can.COMMENT, comments.create, c.CreateComment, subjects.version, c.CommentAnswer),
    Route("PATCH", f"{COMMENTS}/update", Can.EDIT_COMMENT, comments.update, c.UpdateComment, subjects.comment, c.CommentAnswer),
    Route("DELETE", f"{COMMENTS}/delete", Can.DELETE_COMMENT, comments.delete, c.CommentId, subjects.comment),

    Route("GET", "/mlflow/activities/list", Can.READ, feed.listed, a.ListActivities, None, a.ActivityPage, lengthy=True),
    Route("GET", "/mlflow/events", Can.ANYONE, None),
    Route("GET", "/mlflow/registry/overview", Can.READ, overview.get, GetOverview, None, RegistryOverview, lengthy=True),

    Route("POST", f"{REGISTRY_WEBHOOKS}/create", Can.MANAGE_WEBHOOKS, webhooks.create, rw.CreateRegistryWebhook, hooks.scope, rw.RegistryWebhookAnswer),
    Route("GET", f"{REGISTRY_WEBHOOKS}/list", Can.ANYONE, webhooks.listed, rw.ListRegistryWebhooks, None, rw.RegistryWebhookPage),
    Route("GET", f"{REGISTRY_WEBHOOKS}/overview", Can.ANYONE, webhook_overview.listed, wo.ListWebhookOverviews, None, wo.WebhookOverviewPage, lengthy=True),
    Route("PATCH", f"{REGISTRY_WEBHOOKS}/update", Can.MANAGE_WEBHOOKS, webhooks.update, rw.UpdateRegistryWebhook, hooks.databricks_webhook, rw.RegistryWebhookAnswer),
    Route("DELETE", f"{REGISTRY_WEBHOOKS}/delete", Can.MANAGE_WEBHOOKS, webhooks.delete, rw.RegistryWebhookId, hooks.databricks_webhook),
    Route("POST", f"{REGISTRY_WEBHOOKS}/test", Can.MANAGE_WEBHOOKS, webhooks.test, rw.TestRegistryWebhook, hooks.webhook, rw.RegistryWebhookTest, sends=True),
    Route("GET", f"{REGISTRY_WEBHOOKS}/deliveries", Can.MANAGE_WEBHOOKS, webhook_deliveries.listed, wd.ListWebhookDeliveries, hooks.webhook, wd.WebhookDeliveryPage),
    Route("POST", f"{REGISTRY_WEBHOOKS}/replay", Can.MANAGE_WEBHOOKS, webhook_deliveries.replay, wd.ReplayDeliveries, hooks.webhook, wd.ReplayedDeliveries, lengthy=True),

    Route("POST", f"{FOLLOWS}/set", Can.READ, follows.assign, fo.SetFollow, follows.followed, fo.FollowAnswer),
    Route("GET", f"{FOLLOWS}/list", Can.ANYONE, follows.listed, answer=fo.FollowList),
    Route("DELETE", f"{FOLLOWS}/delete", Can.ANYONE, follows.delete, fo.FollowId),

    Route("POST", MLFLOW_WEBHOOKS, Can.ADMINISTER_WEBHOOKS, mlflow_webhooks.create, mw.CreateWebhook, subjects.administration, mw.WebhookAnswer),
    Route("GET", MLFLOW_WEBHOOKS, Can.ADMINISTER_WEBHOOKS, mlflow_webhooks.listed, mw.ListWebhooks, subjects.administration, mw.WebhookPage),
    Route("GET", f"{MLFLOW_WEBHOOKS}/{{webhook_id}}", Can.ADMINISTER_WEBHOOKS, mlflow_webhooks.get, mw.WebhookId, hooks.mlflow_webhook, mw.WebhookAnswer),
    Route("PATCH", f"{MLFLOW_WEBHOOKS}/{{webhook_id}}", Can.ADMINISTER_WEBHOOKS, mlflow_webhooks.update, mw.UpdateWebhook, hooks.mlflow_webhook, mw.WebhookAnswer),
    Route("DELETE", f"{MLFLOW_WEBHOOKS}/{{webhook_id}}", Can.ADMINISTER_WEBHOOKS, mlflow_webhooks.delete, mw.WebhookId, hooks.mlflow_webhook),
    Route("POST", f"{MLFLOW_WEBHOOKS}/{{webhook_id}}/test", Can.ADMINISTER_WEBHOOKS, mlflow_webhooks.test, mw.TestWebhook, hooks.mlflow_webhook, mw.WebhookTest, sends=True),

    Route("GET", PERMISSIONS, Can.READ, permissions.get, p.PermissionsOf, subjects.permissions_object, p.ObjectPermissions),
    Route("PUT", PERMISSIONS, Can.MANAGE, permissions.replace, p.ChangePermissions, subjects.permissions_object, p.ObjectPermissions),
    Route("PATCH", PERMISSIONS, Can.MANAGE, permissions.add, p.ChangePermissions, subjects.permissions_object, p.ObjectPermissions),
    Route("GET", f"{PERMISSIONS}/permissionLevels", Can.READ, permissions.levels, p.PermissionsOf, subjects.permissions_object, p.PermissionLevels),
    Route("GET", f"{PERMISSIONS}/why", Can.READ, permission_reasons.explain, ExplainPermissions, subjects.permissions_object, PermissionsExplanation, lengthy=True),
    Route("POST", f"{PERMISSIONS}/preview", Can.MANAGE, permission_preview.preview, PreviewPermissions, subjects.permissions_object, PermissionsPreview, writes=False, lengthy=True),

    ScimRoute("GET", f"{SCIM}/Me", Can.ANYONE, users.me, s.ShownAttributes, None, s.User),

    ScimRoute("GET", f"{SCIM}/ServiceProviderConfig", Can.ANYONE, discovery.config, answer=d.ServiceProviderConfig),
    ScimRoute("GET", f"{SCIM}/ResourceTypes", Can.ANYONE, discovery.resource_types, answer=d.ResourceTypePage),
    ScimRoute("GET", f"{SCIM}/ResourceTypes/{{id}}", Can.ANYONE, discovery.resource_type, d.DiscoveryId, None, d.ResourceType),
    ScimRoute("GET", f"{SCIM}/Schemas", Can.ANYONE, discovery.schemas, answer=d.SchemaPage),
    ScimRoute("GET", f"{SCIM}/Schemas/{{id}}", Can.ANYONE, discovery.schema, d.DiscoveryId, None, d.Schema),

    ScimRoute("POST", f"{SCIM}/.search", Can.ANYONE, discovery.search_all, writes=False),

    ScimRoute("GET", f"{SCIM}/Users", Can.ANYONE, users.listed, s.ListResources, None, s.UserPage, lengthy=True),
    ScimRoute("POST", f"{SCIM}/Users/.search", Can.ANYONE, users.search, s.SearchResources, None, s.UserPage, writes=False, lengthy=True),
    ScimRoute("POST", f"{SCIM}/Users", Can.ADMINISTER, users.create, s.CreateUser, subjects.administration, s.User, status=201),
    ScimRoute("GET", f"{SCIM}/Users/{{id}}", Can.ANYONE, users.get, s.GetResource, None, s.User, lengthy=True),
    ScimRoute("PUT", f"{SCIM}/Users/{{id}}", Can.ADMINISTER, users.replace, s.ReplaceUser, subjects.administration, s.User),
    ScimRoute("PATCH", f"{SCIM}/Users/{{id}}", Can.ADMINISTER, users.patch, s.PatchResource, subjects.administration, s.User),
    ScimRoute("DELETE", f"{SCIM}/Users/{{id}}", Can.ADMINISTER, users.delete, s.ResourceId, subjects.administration, status=204),

    ScimRoute("GET", f"{SCIM}/Groups", Can.ANYONE, groups.listed, s.ListResources, None, s.GroupPage, lengthy=True),
    ScimRoute("POST", f"{SCIM}/Groups/.search", Can.ANYONE, groups.search, s.SearchResources, None, s.GroupPage, writes=False, lengthy=True),
    ScimRoute("POST", f"{SCIM}/Groups", Can.ADMINISTER, groups.create, s.CreateGroup, subjects.administration, s.Group, status=201, lengthy=True),
    ScimRoute("GET", f"{SCIM}/Groups/{{id}}", Can.ANYONE, groups.get, s.GetResource, None, s.Group, lengthy=True),
    ScimRoute("PUT", f"{SCIM}/Groups/{{id}}", Can.ADMINISTER, groups.replace, s.ReplaceGroup, subjects.administration, s.Group, lengthy=True),
    ScimRoute("PATCH", f"{SCIM}/Groups/{{id}}", Can.ADMINISTER, groups.patch, s.PatchResource, subjects.administration, s.Group, lengthy=True),
    ScimRoute("DELETE", f"{SCIM}/Groups/{{id}}", Can.ADMINISTER, groups.delete, s.ResourceId, subjects.administration, status=204, lengthy=True),

    ScimRoute("GET", f"{SCIM}/ServicePrincipals", Can.ANYONE, service_principals.listed, s.ListResources, None, s.ServicePrincipalPage, lengthy=True),
    ScimRoute("POST", f"{SCIM}/ServicePrincipals/.search", Can.ANYONE, service_principals.search, s.SearchResources, None, s.ServicePrincipalPage, writes=False, lengthy=True),
    ScimRoute("POST", f"{SCIM}/ServicePrincipals", Can.ADMINISTER, service_principals.create, s.ServicePrincipalFields, subjects.administration, s.ServicePrincipal, status=201),
    ScimRoute("GET", f"{SCIM}/ServicePrincipals/{{id}}", Can.ANYONE, service_principals.get, s.GetResource, None, s.ServicePrincipal, lengthy=True),
    ScimRoute("PUT", f"{SCIM}/ServicePrincipals/{{id}}", Can.ADMINISTER, service_principals.replace, s.ReplaceServicePrincipal, subjects.administration, s.ServicePrincipal),
    ScimRoute("PATCH", f"{SCIM}/ServicePrincipals/{{id}}", Can.ADMINISTER, service_principals.patch, s.PatchResource, subjects.administration, s.ServicePrincipal),
    ScimRoute("DELETE", f"{SCIM}/ServicePrincipals/{{id}}", Can.ADMINISTER, service_principals.delete, s.ResourceId, subjects.administration, status=204),

    Route("GET", PRINCIPAL, Can.SEE_ACCOUNT, principal_details.details, o.PrincipalId, subjects.account, o.PrincipalDetails, lengthy=True),
    Route("GET", f"{PRINCIPAL}/levels", Can.SEE_ACCOUNT, principal_levels.listed, o.ListPrincipalLevels, subjects.account, o.PrincipalLevels, lengthy=True),
    Route("GET", f"{PRINCIPAL}/offboarding", Can.ADMINISTER, offboarding.preview, o.PrincipalId, subjects.administration, o.Offboarding, lengthy=True),
    Route("POST", f"{PRINCIPAL}/offboard", Can.ADMINISTER, offboarding.offboard, o.Offboard, subjects.administration, o.Offboarding, lengthy=True),

    Route("GET", WORKSPACES, Can.ANYONE, workspaces.listed, ws.ListWorkspaces, answer=ws.WorkspaceList, rooted=True),
    Route("POST", WORKSPACES, Can.ADMINISTER, workspaces.create, ws.CreateWorkspace, subjects.administration, ws.WorkspaceAnswer, status=201, rooted=True),
    Route("GET", f"{WORKSPACES}/{{workspace_name}}", Can.ANYONE, workspaces.get, ws.WorkspaceName, None, ws.WorkspaceAnswer, rooted=True),
    Route("PATCH", f"{WORKSPACES}/{{workspace_name}}", Can.ADMINISTER, workspaces.update, ws.UpdateWorkspace, subjects.administration, ws.WorkspaceAnswer, rooted=True),
    Route("DELETE", f"{WORKSPACES}/{{workspace_name}}", Can.ADMINISTER, workspaces.delete, ws.DeleteWorkspace, subjects.administration, status=204, lengthy=True, rooted=True),

    Route("GET", "/imports/models", Can.ADMINISTER, model_import.listed, ListImports, subjects.administration, ModelImportPage),
    Route("POST", "/imports/models", Can.ADMINISTER, model_import.import_model, ImportModel, subjects.administration, ImportedModel, lengthy=True),
    Route("POST", SECRETS, Can.ADMINISTER, client_secrets.create, oa.CreateClientSecret, subjects.administration, oa.CreatedClientSecret),
    Route("GET", SECRETS, Can.ADMINISTER, client_secrets.listed, oa.ServicePrincipalId, subjects.administration, oa.ClientSecrets),
    Route("DELETE", f"{SECRETS}/{{secret_id}}", Can.ADMINISTER, client_secrets.delete, oa.ClientSecretId, subjects.administration),
    Route("POST", "/federation-rules", Can.ADMINISTER, federation_rules.create, oa.CreateFederationRule, subjects.administration, oa.FederationRuleAnswer),
    Route("GET", "/federation-rules", Can.ADMINISTER, federation_rules.listed, NoFields, subjects.administration, oa.FederationRules),
    Route("DELETE", "/federation-rules/{id}", Can.ADMINISTER, federation_rules.delete, oa.FederationRuleId, subjects.administration),

    Route("POST", "/token/create", Can.USE_TOKENS, tokens.create, t.CreateToken, subjects.token_settings, t.CreatedToken),
    Route("GET", "/token/list", Can.ANYONE, tokens.own, answer=t.PublicTokenInfos),
    Route("POST", "/token/delete", Can.ANYONE, tokens.delete_own, t.TokenId),
    Route("PATCH", "/token/{token_id}", Can.ANYONE, tokens.update_own, t.UpdateToken),
    Route("GET", TOKENS, Can.ADMINISTER, tokens.listed, t.ListTokens, subjects.administration, t.TokenInfos, lengthy=True),
    Route("GET", f"{TOKENS}/{{token_id}}", Can.ADMINISTER, tokens.get, t.TokenId, subjects.administration, t.TokenAnswer),
    Route("PATCH", f"{TOKENS}/{{token_id}}", Can.ADMINISTER, tokens.update, t.UpdateToken, subjects.administration, t.TokenInfo),
    Route("DELETE", f"{TOKENS}/{{token_id}}", Can.ADMINISTER, tokens.delete, t.TokenId, subjects.administration),
    Route("POST", "/token-management/on-behalf-of/tokens", Can.ADMINISTER, tokens.create_on_behalf, t.CreateTokenOnBehalf, subjects.administration, t.CreatedTokenOnBehalf),
    Route("GET", TOKEN_PERMISSIONS, Can.ADMINISTER, token_permissions.get, NoFields, subjects.administration, p.ObjectPermissions),
    Route("PUT", TOKEN_PERMISSIONS, Can.ADMINISTER, token_permissions.replace, t.ChangeTokenPermissions, subjects.administration, p.ObjectPermissions),
    Route("PATCH", TOKEN_PERMISSIONS, Can.ADMINISTER, token_permissions.add, t.ChangeTokenPermissions, subjects.administration, p.ObjectPermissions),
    Route("GET", f"{TOKEN_PERMISSIONS}/permissionLevels", Can.ADMINISTER, token_permissions.levels, NoFields, subjects.administration, p.PermissionLevels),
)
# fmt: on
