"""Signing in with tokens of an OpenID provider: a real one, and attempts with keys that a test has."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.live_registry import LiveRegistry, serving
from tests.openid.provider import Provider
from tests.openid.signing_issuer import SigningIssuer, signing_issuer
from tests.server.api import Api
from tests.server.audit_log import exported

OPTIONS = ("--oidc-client-id", "tui-registry", "--oidc-admin-group", "ml-admins")
LIMITS = ("--limit", "openid_key_seconds=1", "--limit", "failed_attempts=100000")


@pytest.fixture(scope="module")
def company(openid_provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """A registry whose people the real provider signs in."""
    folder = tmp_path_factory.mktemp("company")
    with serving(folder, "--oidc-issuer", openid_provider.issuer, *OPTIONS) as live:
        yield live


@pytest.fixture(scope="module")
def issuer() -> Iterator[SigningIssuer]:
    with signing_issuer() as found:
        yield found


@pytest.fixture(scope="module")
def attacked(issuer: SigningIssuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """A registry that trusts an issuer whose keys the test has."""
    with serving(tmp_path_factory.mktemp("attacked"), "--oidc-issuer", issuer.url, *OPTIONS, *LIMITS) as live:
        yield live


@pytest.mark.slow_install
def test_a_first_sign_in_makes_the_user_and_groups(openid_provider: Provider, company: LiveRegistry) -> None:
    openid_provider.person("grace@example.com", "risk", "ml-admins", "admins", "users", "bad:name")
    with Api(company.url, openid_provider.token("grace@example.com")) as grace, ExitStack() as stack:
        me = grace.get("/preview/scim/v2/Me").ok()
        assert (me["userName"], me["displayName"]) == ("grace@example.com", "Grace")
        user = grace.get(f"/preview/scim/v2/Users/{me['id']}").ok()
        assert user["emails"][0]["value"] == "grace@example.com"
        assert {each["display"] for each in me["groups"]} == {"risk", "admins", "users"}
        grace.post("/mlflow/registered-models/create", name="signed in").ok()
        logged = exported(company.database)
        made = [each for each in logged if "grace@example.com" in each.get("system_comment", "")]
        assert [each["system_comment"] for each in made] == [
            "created user grace@example.com",
            f"changed members of group admins: added user grace@example.com, as {openid_provider.issuer} says",
            f"changed members of group risk: added user grace@example.com, as {openid_provider.issuer} says",
        ]
        assert {each["user_id"] for each in made} == {"tui-registry (server)"}
        assert (logged[-1]["activity_type"], logged[-1]["user_id"]) == ("CREATED_MODEL", "grace@example.com")
        assert len(logged[-1]["token_id"]) == 32

        # A right that the provider takes away is gone for older tokens, too, once a newer one is seen.
        time.sleep(1.1)  # a token's time of issue is in seconds
        openid_provider.person("grace@example.com", "risk")
        newer = stack.enter_context(Api(company.url, openid_provider.token("grace@example.com")))
        newer.get("/token-management/tokens").denied()
        grace.get("/token-management/tokens").denied()
        grace.get("/mlflow/registered-models/get", name="signed in").ok()
        assert exported(company.database)[-1]["detail"]["removed"][0]["name"] == "grace@example.com"


def test_members_made_by_hand_stay(issuer: SigningIssuer, attacked: LiveRegistry) -> None:
    now = int(time.time())
    with Api(attacked.url, attacked.admin_token) as admin, ExitStack() as stack:

        def groups_with(seconds: int, *groups: str) -> set[str]:
            token = issuer.token("hand@example.com", iat=now + seconds, groups=[*groups])
            person = stack.enter_context(Api(attacked.url, token))
            return {each["display"] for each in person.get("/preview/scim/v2/Me").ok()["groups"]} - {"users"}

        assert groups_with(-50, "claimed", "both") == {"claimed", "both"}
        found = admin.get("/preview/scim/v2/Groups", filter='displayName eq "both"').ok()["Resources"][0]
        assert len(found["members"]) == 1
        operation = {"op": "add", "path": "members", "value": found["members"]}
        admin.patch(f"/preview/scim/v2/Groups/{found['id']}", Operations=[operation]).ok()
        assert groups_with(-30) == {"both"}
        assert groups_with(-40, "claimed") == {"both"}  # an older token has no effect
        assert groups_with(-20, "claimed") == {"claimed", "both"}
        assert groups_with(-20) == {"both"}  # of the same second: only takes away
        assert groups_with(-20, "claimed") == {"both"}
        user_id = found["members"][0]["value"]
        admin.patch(
            f"/preview/scim/v2/Users/{user_id}", Operations=[{"op": "replace", "path": "active", "value": False}]
        ).ok()
        with Api(attacked.url, issuer.token("hand@example.com")) as deactivated:
            assert "deactivated" in deactivated.get("/preview/scim/v2/Me").refused(401, "UNAUTHENTICATED")


def unsigned(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, "", "none")


def with_public_key_as_secret(issuer: SigningIssuer) -> str:
    """The classic confusion of algorithms: HS256 with what everybody can read."""
    kid, key = next(iter(issuer.keys.items()))
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head, body = (
        base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=")
        for each in ({"alg": "HS256", "kid": kid, "typ": "JWT"}, issuer.claims("eve@example.com"))
    )
    signature = jwt.get_algorithm_by_name("HS256").sign(head + b"." + body, public)
    return b".".join((head, body, base64.urlsafe_b64encode(signature).rstrip(b"="))).decode()


def test_refused_tokens(issuer: SigningIssuer, attacked: LiveRegistry) -> None:
    kid = next(iter(issuer.keys))
    now = int(time.time())
    claims = issuer.claims("eve@example.com")
    other_key = rsa.generate_private_key(65537, 2048)
    good = issuer.token("eve@example.com")
    head, body, signature = good.split(".")
    refused = {
        issuer.token("eve@example.com", aud="another"): "for another application",
        issuer.token("eve@example.com", aud=None): "does not have all of the claims",
        issuer.token("eve@example.com", iss="https://login.example.com"): "another provider",
        issuer.token("eve@example.com", iat=now - 900, exp=now - 61): "has expired",
        issuer.token("eve@example.com", exp=None): "does not have all of the claims",
        issuer.token("eve@example.com", nbf=now + 70): "not valid yet",
        issuer.token("eve@example.com", iat=now + 70): "not valid yet",
        issuer.token("eve@example.com", email=None): "no claim 'email'",
        issuer.token("eve@example.com", email_verified=False): "not verified",
        issuer.token("eve:admin"): "cannot be a user's name",
        issuer.token("eve@example.com", _claim_names={"groups": "src1"}): "more groups than fit",
        issuer.token("eve@example.com", groups={"admins": True}): "not a list",
        unsigned(claims): "not signed",
        with_public_key_as_secret(issuer): "not asymmetric",
        jwt.encode(claims, other_key, "RS256", {"kid": kid}): "signature is not the provider's",
        jwt.encode(claims, other_key, "RS256", {"kid": "unknown"}): "does not publish",
        jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), "ES256", {"kid": kid}): "does not publish",
        f"{head}.{body}x.{signature}": "signature is not the provider's",
        f"eyJ{body}.{body}.{signature}": "could not be read",
        f"{head}.{body}.{signature[:-8]}AAAAAAAA": "signature is not the provider's",
        f"{head}.{body}.{'A' * 20_000}": "longer than",
    }
    with Api(attacked.url, None) as nobody:
        for token, reason in refused.items():
            answer = nobody.send("GET", "/preview/scim/v2/Me", headers={"Authorization": f"Bearer {token}"})
            message = answer.refused(401, "UNAUTHENTICATED")
            assert reason in message, message
            assert not any(secret in message for secret in (token, issuer.url, kid, "tui-registry'", "eve")), message
    with Api(attacked.url, good) as eve:
        eve.get("/preview/scim/v2/Me").ok()
        eve.get("/token-management/tokens").denied()
        own = eve.post("/token/create", comment="outlives nothing").ok()["token_info"]
        assert own["expiry_time"] <= (claims["exp"] + 90) * 1000  # the token that it was made with
        with Api(attacked.url, issuer.token("eve@example.com", nbf=now + 40, iat=now + 40)) as skewed:
            skewed.get("/preview/scim/v2/Me").ok()


def test_rotated_keys_are_fetched_but_not_for_each_token(issuer: SigningIssuer, attacked: LiveRegistry) -> None:
    with Api(attacked.url, None) as nobody:

        def status(token: str) -> int:
            return nobody.send("GET", "/preview/scim/v2/Me", headers={"Authorization": f"Bearer {token}"}).status

        old = issuer.token("rotated@example.com")
        assert status(old) == 200
        issuer.rotate("second")
        time.sleep(1.1)
        assert status(issuer.token("rotated@example.com", jti="new")) == 200
        fetched = issuer.fetched
        unknown = [jwt.encode(issuer.claims(str(n)), rsa_key, "RS256", {"kid": str(n)}) for n in range(30)]
        assert {status(each) for each in unknown} == {401}
        assert issuer.fetched <= fetched + 1
        assert status(old) == 200  # checked before, and soon checked again
        time.sleep(1.1)
        issuer.seconds = 30.0
        begun = time.monotonic()
        assert status(unknown[0]) == 401
        assert time.monotonic() - begun < 5  # waits a moment for the keys, not for ever
        assert status(issuer.token("rotated@example.com", jti="known")) == 200
        issuer.seconds = 0.0


rsa_key = rsa.generate_private_key(65537, 2048)


def test_a_provider_that_is_down_holds_up_nobody(tmp_path: Path) -> None:
    """And with accounts made by SCIM only, a token makes none."""
    with signing_issuer() as issuer:
        issuer.seconds = 60.0
        options = ("--oidc-issuer", issuer.url, *OPTIONS, *LIMITS, "--oidc-provisioning", "scim")
        with serving(tmp_path, *options) as live, Api(live.url, live.admin_token) as admin:
            admin.get("/preview/scim/v2/Me").ok()
            with Api(live.url, issuer.token("lin@example.com", groups=["made", "not made"])) as lin:
                begun = time.monotonic()
                message = lin.get("/preview/scim/v2/Me").refused(503, "TEMPORARILY_UNAVAILABLE")
                assert time.monotonic() - begun < 6, message
                issuer.seconds = 0.0
                time.sleep(2.5)  # until the server gives up the first attempt
                assert "no account here" in lin.get("/preview/scim/v2/Me").refused(401, "UNAUTHENTICATED")
                admin.post("/preview/scim/v2/Users", userName="Lin@example.com").ok()
                admin.post("/preview/scim/v2/Groups", displayName="made").ok()
                me = lin.get("/preview/scim/v2/Me").ok()
                assert {each["display"] for each in me["groups"]} == {"made", "users"}


def test_without_a_provider_its_tokens_are_nothing(registry: LiveRegistry, issuer: SigningIssuer) -> None:
    with Api(registry.url, issuer.token("eve@example.com")) as eve:
        assert "not valid" in eve.get("/preview/scim/v2/Me").refused(401, "UNAUTHENTICATED")
