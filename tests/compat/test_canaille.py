"""An identity provider that provisions by SCIM and signs the same people in by OpenID: canaille, unmodified."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live_registry import LiveRegistry, serving
from tests.openid.canaille import CLIENT, Canaille, canaille
from tests.server.api import Api
from tests.server.audit_log import exported
from tests.server.directory import GROUPS, SCIM, USERS, group_named

pytestmark = [pytest.mark.slow_install, pytest.mark.variant, pytest.mark.timeout(900)]

OPTIONS = ("--oidc-client-id", CLIENT, "--oidc-user-claim", "sub", "--oidc-provisioning", "scim")
EVERYTHING = (
    *("--given-name", "Ada", "--formatted-name", "Ada Ada", "--title", "Dr"),
    *("--locality", "Paris", "--phone-numbers", "555", "--department", "R"),
)
"""Attributes of a user at the provider."""


@pytest.fixture
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Canaille]:
    folder = tmp_path / "canaille"
    folder.mkdir()
    with canaille(request.config.cache, folder) as found:
        yield found


@pytest.fixture
def live(provider: Canaille, tmp_path: Path) -> Iterator[LiveRegistry]:
    """A registry whose people and groups are the provider's."""
    with serving(tmp_path, "--oidc-issuer", provider.issuer, *OPTIONS) as found:
        provider.register(found)
        yield found


def test_people_are_provisioned_and_sign_in(provider: Canaille, live: LiveRegistry) -> None:
    with Api(live.url, live.admin_token) as admin:
        admin.post("/mlflow/registered-models/create", name="churn").ok()
        model = admin.get("/mlflow/databricks/registered-models/get", name="churn").ok()["registered_model_databricks"]

        # The provider has more attributes than are kept here, among them the password's hash.
        ada_there = provider.create_user("ada", *EVERYTHING)
        provider.create_user("bob")
        provider.run("create", "group", "--display-name", "risk", "--members", "ada", "--members", "bob")
        people = {each["userName"]: each for each in admin.get(USERS).ok()["Resources"]}
        assert set(people) == {"admin", "ada", "bob"}
        ada = people["ada"]
        assert (ada["externalId"], ada["active"]) == (ada_there["id"], True)
        assert ada["name"] == {"givenName": "Ada", "familyName": "Ada"}
        assert ada["emails"] == [{"value": "ada@example.com"}]
        assert ada_there["password"].startswith("$pbkdf2")
        kept = admin.send("GET", f"{USERS}/{ada['id']}").content.decode() + str(exported(live.database))
        assert ada_there["password"] not in kept
        risk = group_named(admin, "risk")
        assert {each["value"] for each in risk["members"]} == {ada["id"], people["bob"]["id"]}
        granted = [{"group_name": "risk", "permission_level": "CAN_EDIT"}]
        admin.patch(f"/permissions/registered-models/{model['id']}", access_control_list=granted).ok()

        with Api(live.url, provider.token("ada")) as as_ada, Api(live.url, provider.token("bob")) as as_bob:
            me = as_ada.get(f"{SCIM}/Me").ok()
            assert (me["id"], {each["display"] for each in me["groups"]}) == (ada["id"], {"risk", "users"})
            assert as_bob.get(f"{SCIM}/Me").ok()["id"] == people["bob"]["id"]
            assert admin.get(USERS).ok()["totalResults"] == 3
            for api in (as_ada, as_bob):
                api.post("/mlflow/model-versions/create", name="churn", source="s3://bucket/model").ok()

            provider.run("set", "user", "ada", "--display-name", "Countess of Lovelace")
            assert as_ada.get(f"{SCIM}/Me").ok()["displayName"] == "Countess of Lovelace"

            # Out of the group: the right is gone at the next request, and does not come back with a new token.
            provider.run("set", "group", "risk", "--members", "bob")
            as_ada.get("/mlflow/registered-models/get", name="churn").missing()
            with Api(live.url, provider.token("ada")) as again:
                again.get("/mlflow/registered-models/get", name="churn").missing()
                assert again.get(f"{SCIM}/Me").ok()["id"] == ada["id"]
            as_bob.get("/mlflow/registered-models/get", name="churn").ok()
            provider.run("set", "user", "ada", "--groups", "risk")
            as_ada.get("/mlflow/registered-models/get", name="churn").ok()

            # Locked at the provider is deactivated here.
            provider.run("set", "user", "ada", "--lock-date", "2026-01-01T00:00:00+00:00")
            assert admin.get(f"{USERS}/{ada['id']}").ok()["active"] is False
            assert "deactivated" in as_ada.get(f"{SCIM}/Me").refused(401, "UNAUTHENTICATED")

            # Deleted is gone here, with the membership; their token is nobody's, and makes no new account.
            provider.run("delete", "user", "--user-name", "bob", "--noconfirm")
            as_bob.get(f"{SCIM}/Me").refused(401, "UNAUTHENTICATED")
            assert {each["userName"] for each in admin.get(USERS).ok()["Resources"]} == {"admin", "ada"}
            assert {each["value"] for each in group_named(admin, "risk")["members"]} == {ada["id"]}

        provider.run("delete", "group", "--display-name", "risk", "--noconfirm")
        assert {each["displayName"] for each in admin.get(GROUPS).ok()["Resources"]} == {"admins", "users"}
