"""The token endpoint, and the secrets and rules behind it, as OAuth's and this registry's rules have them."""

import base64
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.live_registry import LiveRegistry, serving, trusting
from tests.openid.signing_issuer import signing_issuer
from tests.server.api import Api
from tests.server.audit_log import exported

JWT = "urn:ietf:params:oauth:token-type:jwt"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with serving(tmp_path_factory.mktemp("oauth"), "--limit", "failed_attempts=100000") as registry:
        yield registry


@pytest.fixture(scope="module")
def admin(live: LiveRegistry) -> Iterator[Api]:
    with Api(live.url, live.admin_token) as api:
        yield api


@pytest.fixture(scope="module")
def http(live: LiveRegistry) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live.url, verify=trusting(None), timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def robot(admin: Api) -> dict[str, Any]:
    """A service principal with a secret."""
    made = admin.post("/preview/scim/v2/ServicePrincipals", applicationId="robot").ok()
    path = f"/accounts/servicePrincipals/{made['id']}/credentials/secrets"
    secret = admin.post(path).ok()
    return {"path": path, "secret": secret["secret"], "id_of_secret": secret["id"]}


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def test_tokens_for_a_secret(http: httpx.Client, live: LiveRegistry, robot: dict[str, Any], admin: Api) -> None:
    grant = {"grant_type": "client_credentials", "scope": "all-apis"}
    secret = robot["secret"]
    assert secret.startswith("trs_")
    in_form = http.post("/oidc/v1/token", data={**grant, "client_id": "Robot", "client_secret": secret})
    in_header = http.post("/oidc/v1/token", data=grant, headers=basic("robot", secret))
    for answer in (in_form, in_header):
        assert answer.status_code == 200, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert {**answer.json(), "access_token": ""} == {
            "access_token": "",
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": "all-apis",
        }
    token = in_form.json()["access_token"]
    with Api(live.url, token) as program:
        assert program.get("/preview/scim/v2/Me").ok()["userName"] == "robot"
        program.post("/mlflow/registered-models/create", name="by the robot").ok()
        program.post(robot["path"]).denied()
        kept = program.post("/token/create").ok()["token_info"]
        assert kept["expiry_time"] <= (time.time() + 3600) * 1000  # it outlives the access token no more than others
        logged = exported(live.database)
        issued = [each for each in logged if each["activity_type"] == "CREATED_TOKEN"]
        assert issued[-2]["detail"]["secret_id"] == robot["id_of_secret"]
        assert (issued[-2]["user_id"], issued[-2]["address"]) == ("robot", "127.0.0.1")
        made = next(each for each in logged if each.get("model_name") == "by the robot")
        assert made["token_id"] in {each["detail"]["token_id"] for each in issued}
        assert secret not in str(logged)
        assert token not in str(logged)
        listed = admin.get(robot["path"]).ok()["secrets"]
        assert [each["id"] for each in listed] == [robot["id_of_secret"]]
        assert "secret" not in listed[0]
        assert listed[0]["last_used_time"] > listed[0]["create_time"]
        assert admin.get("/token-management/tokens").ok()["token_infos"][0]["token_id"] == kept["token_id"]


@pytest.mark.parametrize(
    ("form", "headers", "status", "error"),
    [
        ({}, {}, 400, "unsupported_grant_type"),
        ({"grant_type": "password"}, {}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, {}, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, basic("robot", "trs_wrong"), 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, basic("nobody", "SECRET"), 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, basic("admin", "SECRET"), 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, {"Authorization": "Basic %%"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, {"Authorization": "Bearer SECRET"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "scope": "sql"}, basic("robot", "SECRET"), 400, "invalid_scope"),
        (
            {"grant_type": "client_credentials", "client_id": "robot", "client_secret": "SECRET"},
            basic("robot", "SECRET"),
            400,
            "invalid_request",
        ),
        ({"grant_type": "client_credentials", "client_id": "x"}, basic("robot", "SECRET"), 400, "invalid_request"),
        ({"grant_type": ["client_credentials", "password"]}, basic("robot", "SECRET"), 400, "invalid_request"),
        ({"grant_type": "client_credentials", "client_id": "\x00", "client_secret": "x"}, {}, 400, "invalid_request"),
        ({"grant_type": "client_credentials", "x": "y" * 70_000}, {}, 413, "invalid_request"),
        ({"grant_type": EXCHANGE, "subject_token": "x"}, {}, 400, "invalid_request"),
        ({"grant_type": EXCHANGE, "subject_token": "x", "subject_token_type": JWT}, {}, 400, "invalid_grant"),
    ],
)
def test_refusals(
    form: dict[str, Any],
    headers: dict[str, str],
    status: int,
    error: str,
    http: httpx.Client,
    robot: dict[str, Any],
) -> None:
    def filled(text: str) -> str:
        if text.startswith("Basic ") and "%" not in text:
            name, _, secret = base64.b64decode(text[6:]).decode().partition(":")
            return basic(name, secret.replace("SECRET", robot["secret"]))["Authorization"]
        return text.replace("SECRET", robot["secret"])

    body = urlencode({name: filled(value) if isinstance(value, str) else value for name, value in form.items()}, True)
    sent = {"Content-Type": "application/x-www-form-urlencoded"}
    sent |= {name: filled(value) for name, value in headers.items()}
    answer = http.post("/oidc/v1/token", content=body, headers=sent)
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert set(answer.json()) == {"error", "error_description"}
    assert ("WWW-Authenticate" in answer.headers) == (status == 401 and bool(headers))
    assert robot["secret"] not in answer.text


def test_what_it_says_of_itself(http: httpx.Client, live: LiveRegistry) -> None:
    config = http.get("/.well-known/databricks-config").json()
    assert config == {"oidc_endpoint": f"{live.url}/oidc"}
    server = http.get("/oidc/.well-known/oauth-authorization-server").json()
    assert server["token_endpoint"] == f"{live.url}/oidc/v1/token"
    assert http.get("/.well-known/databricks-config", headers={"Host": "a b"}).json() == {"oidc_endpoint": ""}
    assert "tui-registry login" in http.get("/oidc/v1/authorize").json()["message"]
    assert http.get("/sign-in").json() == {}


def test_a_deactivated_one_gets_nothing_and_offboarding_takes_all(http: httpx.Client, live: LiveRegistry) -> None:
    with Api(live.url, live.admin_token) as admin:
        made = admin.post("/preview/scim/v2/ServicePrincipals", applicationId="leaver").ok()
        path = f"/accounts/servicePrincipals/{made['id']}/credentials/secrets"
        secret = admin.post(path, lifetime="60s").ok()
        admin.post(path, lifetime="0s").invalid()
        form = {"grant_type": "client_credentials", "client_id": "leaver", "client_secret": secret["secret"]}
        issued = http.post("/oidc/v1/token", data=form).json()
        assert issued["expires_in"] <= 60  # not longer than its secret
        admin.post(
            "/federation-rules", application_id="leaver", issuer="https://ci.example.com", subject="a", audience="b"
        ).ok()
        with Api(live.url, issued["access_token"]) as program:
            program.get("/preview/scim/v2/Me").ok()
            admin.post(f"/principals/{made['id']}/offboard").ok()
            program.get("/preview/scim/v2/Me").refused(401, "UNAUTHENTICATED")
        assert http.post("/oidc/v1/token", data=form).json()["error"] == "invalid_client"
        detail = exported(live.database)[-1]["detail"]
        assert detail["secrets"] == [secret["id"]]
        assert len(detail["federation_rules"]) == 1
        assert admin.get(path).ok() == {}
        assert admin.get("/federation-rules").ok() == {}


def test_rules_that_mean_everybody_are_refused(admin: Api, robot: dict[str, Any]) -> None:
    rule = {"application_id": "robot", "issuer": "https://ci.example.com", "subject": "repo:a/*", "audience": "b"}
    for wrong in (
        {"subject": "*"},
        {"subject": "**"},
        {"subject": "a*b*c*d*e*f*g"},
        {"issuer": "http://ci.example.com"},
        {"issuer": "https://me:secret@ci.example.com"},
        {"issuer": "file:///etc/passwd"},
        {"audience": ""},
    ):
        admin.post("/federation-rules", **rule | wrong).invalid()
    admin.post("/federation-rules", **rule | {"application_id": "absent"}).missing()


def test_a_token_for_two_needs_a_client_id(http: httpx.Client, admin: Api) -> None:
    with signing_issuer() as issuer:
        for name in ("one of two", "two of two"):
            admin.post("/preview/scim/v2/ServicePrincipals", applicationId=name).ok()
            rule = {"application_id": name, "issuer": issuer.url, "subject": "job", "audience": "registry"}
            admin.post("/federation-rules", **rule).ok()
        form = exchange(issuer.token("x", sub="job", aud="registry"))
        assert "client_id" in http.post("/oidc/v1/token", data=form).json()["error_description"]
        answer = http.post("/oidc/v1/token", data={**form, "client_id": "two of two"}).json()
        assert answer["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
        asked_before = issuer.fetched
        unknown = exchange(issuer.token("x", iss="http://127.0.0.1:1", sub="job"))
        assert http.post("/oidc/v1/token", data=unknown).json()["error"] == "invalid_grant"
        assert issuer.fetched == asked_before


def exchange(token: str) -> dict[str, str]:
    return {"grant_type": EXCHANGE, "subject_token": token, "subject_token_type": JWT}
