"""Databricks' SDK, unmodified, as a program without a stored access token: by a secret, and by a workload's token."""

import time
from collections.abc import Iterator

import pytest
from databricks.sdk import WorkspaceClient, errors

from tests.compat.databricks_client import Workspace
from tests.live_registry import LiveRegistry
from tests.openid.signing_issuer import SigningIssuer, signing_issuer
from tests.server.api import Api


@pytest.fixture(scope="module")
def issuer() -> Iterator[SigningIssuer]:
    with signing_issuer() as found:
        yield found


def test_a_secret_is_all_that_a_program_needs(
    registry: LiveRegistry, monkeypatch: pytest.MonkeyPatch, workspace: Workspace
) -> None:
    admin = workspace(registry)
    name = f"robot made by {workspace.admin}"
    robot = admin.service_principals.create(application_id=name)
    assert robot.id is not None
    first = admin.service_principal_secrets_proxy.create(robot.id, lifetime="86400s")
    monkeypatch.setenv("DATABRICKS_HOST", registry.url)
    monkeypatch.setenv("DATABRICKS_CLIENT_ID", name)
    monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", str(first.secret))
    program = WorkspaceClient()
    assert program.config.auth_type == "oauth-m2m"
    assert program.current_user.me().user_name == name
    program.model_registry.create_model(f"by the {name}")

    # Rotation: a second secret while the first is used, and no third.
    second = admin.service_principal_secrets_proxy.create(robot.id)
    with pytest.raises(errors.BadRequest, match="2 secrets already"):
        admin.service_principal_secrets_proxy.create(robot.id)
    listed = {each.id: each for each in admin.service_principal_secrets_proxy.list(robot.id)}
    assert set(listed) == {first.id, second.id}
    assert {each.status for each in listed.values()} == {"ACTIVE"}
    assert str(first.expire_time) < str(second.expire_time)
    replaced = WorkspaceClient(host=registry.url, client_id=name, client_secret=second.secret)
    admin.service_principal_secrets_proxy.delete(robot.id, str(first.id))
    with pytest.raises(errors.Unauthenticated):  # the token that the first one got is revoked with it
        program.current_user.me()
    with pytest.raises(Exception, match="invalid_client"):
        WorkspaceClient().current_user.me()
    assert replaced.current_user.me().user_name == name
    with pytest.raises(errors.InvalidParameterValue, match="scope"):
        admin.service_principal_secrets_proxy.create(robot.id, scopes=["sql"])


def test_a_workload_needs_no_secret(
    registry: LiveRegistry, issuer: SigningIssuer, monkeypatch: pytest.MonkeyPatch, workspace: Workspace
) -> None:
    """As GitHub Actions and Kubernetes issue tokens to their jobs."""
    name = f"deployer made by {workspace.admin}"
    workspace(registry).service_principals.create(application_id=name)
    with Api(registry.url, registry.admin_token) as admin:
        rule = admin.post(
            "/federation-rules",
            application_id=name,
            issuer=issuer.url,
            subject="repo:acme/*:ref:refs/heads/main",
            audience="registry",
        ).ok()["federation_rule"]
        monkeypatch.setenv("DATABRICKS_HOST", registry.url)
        monkeypatch.setenv("DATABRICKS_AUTH_TYPE", "env-oidc")

        def job(subject: str, audience: str = "registry") -> WorkspaceClient:
            now = int(time.time())
            monkeypatch.setenv("DATABRICKS_OIDC_TOKEN", issuer.token("x", sub=subject, aud=audience, iat=now))
            return WorkspaceClient()

        program = job("repo:acme/churn:ref:refs/heads/main")
        assert program.current_user.me().user_name == name
        for subject, audience in (
            ("repo:acme/churn:ref:refs/heads/other", "registry"),
            ("repo:evil/churn:ref:refs/heads/main", "registry"),
            ("repo:acme/churn:ref:refs/heads/main", "another"),
        ):
            with pytest.raises(Exception, match="invalid_grant"):
                job(subject, audience).current_user.me()
        assert admin.get("/federation-rules").ok()["federation_rules"] == [rule]
        admin.delete(f"/federation-rules/{rule['id']}").ok()
        with pytest.raises(errors.Unauthenticated):
            program.current_user.me()
