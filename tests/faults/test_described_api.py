"""Everything that the API's description allows and forbids, sent to every call by Schemathesis: as the administrator
and as a user who may only read. No answer has a status of 5xx, and each is as described: its status, its content type,
its fields.

A random name does not exist: some fields get the names of existing things, so that many requests get further than a
404. They are created for every route, and again once random requests to it may have
deleted them.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core import NOT_SET
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.faults.rounds import ROUNDS
from tests.live_registry import ADMIN, LiveRegistry, serving
from tests.server.api import PREFIX, TIMEOUT, Answer, Api, hold_against_contract
from tests.server.directory import (
    SCIM,
    SERVICE_PRINCIPALS,
    USERS,
    create_group,
    create_service_principal,
    create_user,
    new_name,
)
from tests.server.follow_cases import HOW
from tests.server.invalid_requests import in_body, name_of
from tests.server.permission_case import MODELS, REQUESTS
from tests.server.webhook_cases import HOOK, HOOKS, MLFLOW_HOOK
from tests.server.workspace_callers import WORKSPACES
from tui_registry_server.http.openapi import describe
from tui_registry_server.http.route import Route
from tui_registry_server.http.routes import ROUTES
from tui_registry_server.wire.scim import GROUP_SCHEMA

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EVENTS = "/mlflow/events"
AUTHORIZE = "/oidc/v1/authorize"
ROOT = "/permissions/registered-models/root"
READER = "reader"
CALLERS = [ADMIN, READER]

Fields = dict[str, Any]
Operation = APIOperation[Any, Any, Any, Any]


def operations() -> dict[str, Operation]:
    """All calls by method and path. The server has the same description."""
    schema = schemathesis.openapi.from_dict(describe(ROUTES))
    schema.config.generation.update(with_security_parameters=False)  # tokens are those of the callers
    found = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    return {f"{each.method.upper()} {each.path.removeprefix(PREFIX)}": each for each in found}


OPERATIONS = operations()
ANSWERED = [route for route in ROUTES if not route.form and route.path not in (EVENTS, AUTHORIZE, f"{SCIM}/.search")]
"""The event stream does not end. Searching all of SCIM's resource types is not supported, nor are pages to sign in on:
the status is always 501. The form of the token endpoint authenticates by itself: see tests/server/test_oauth.py."""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """A registry that may be left in any state."""
    with serving(tmp_path_factory.mktemp("described")) as registry:
        yield registry


@pytest.fixture(scope="module")
def admin(live: LiveRegistry) -> Iterator[Api]:
    with Api(live.url, live.admin_token) as api:
        assert api.get("/openapi.json").ok() == json.loads(json.dumps(describe(ROUTES)))
        reader = {"user_name": READER, "permission_level": "CAN_READ"}
        live.token(READER)
        api.put(ROOT, access_control_list=[reader]).ok()
        yield api


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as kept:
        kept.trust_env = False
        yield kept


@pytest.fixture(scope="module")
def counts() -> Iterator[Counter[str]]:
    counted: Counter[str] = Counter()
    yield counted
    print(f"\n{counted.total()} calls of {len(ANSWERED)} routes: {dict(sorted(counted.items()))}")


def what_is_there(admin: Api, route: Route) -> Fields:
    """Fields of a call that would succeed, as far as they refer to something that must exist."""
    model = new_name("model")
    of_version = {"name": model, "version": "1"}
    admin.post("/mlflow/registered-models/create", name=model).ok()
    admin.post("/mlflow/model-versions/create", name=model, source="s3://models/1", run_id="1").ok()
    admin.post("/mlflow/registered-models/set-tag", name=model, key="key", value="a").ok()
    admin.post("/mlflow/model-versions/set-tag", **of_version, key="key", value="a").ok()
    admin.post("/mlflow/registered-models/alias", **of_version, alias="champion").ok()
    admin.post("/mlflow/transition-requests/create", **of_version, stage="Staging").ok()
    comment = admin.post("/mlflow/comments/create", **of_version, comment="a").ok()["comment"]
    described = admin.get("/mlflow/databricks/registered-models/get", name=model).ok()
    user, principal = create_user(admin), create_service_principal(admin)
    group = create_group(admin, None, [user["id"]])
    token = admin.post("/token/create").ok()["token_info"]
    secret = admin.post(f"/accounts/servicePrincipals/{principal['id']}/credentials/secrets").ok()
    rule = {"issuer": "https://ci.example.com", "subject": "job", "audience": "registry"}
    of_rule = {"application_id": principal["applicationId"], **rule}
    federation_rule = admin.post("/federation-rules", **of_rule).ok()["federation_rule"]
    hook = admin.post(f"{HOOKS}/create", **HOOK, model_name=model, status="DISABLED").ok()["webhook"]
    mlflow_hook = admin.post("/mlflow/webhooks", **MLFLOW_HOOK, status="DISABLED").ok()["webhook"]
    followed = {"id": ""}
    if "/follows/" in route.path:  # somebody may have some hundreds
        followed = admin.post("/mlflow/follows/set", model_name=model, **HOW).ok()["follow"]
    workspace = new_name("workspace")
    if "/workspaces" in route.path:  # a registry has a thousand at most
        admin.post(WORKSPACES, name=workspace).ok()
    identified = {
        "follows": followed,
        "registry-webhooks": hook,
        "federation-rules": federation_rule,
        "Users": user,
        "principals": user,
        "Groups": group,
        "ServicePrincipals": principal,
        "ResourceTypes": {"id": "User"},
        "Schemas": {"id": GROUP_SCHEMA},
    }
    kind = next((each for each in identified if f"/{each}" in route.path), None)
    level = "CAN_USE" if "/authorization/" in route.path else "CAN_EDIT"
    there: Fields = {
        **of_version,
        **rule,
        "service_principal_id": principal["id"],
        "secret_id": secret["id"],
        "lifetime": "60s",
        "scopes": ["all-apis"],
        "id": identified[kind]["id"] if kind else comment["id"],
        "new_name": new_name("renamed"),
        "source": f"models:/{model}/1",
        "stage": "Staging",
        "archive_existing_versions": True,
        "stages": ["None", "Staging"],
        "creator": "admin",
        "alias": "champion",
        "key": "key",
        "comment": "a",
        "object_id": described["registered_model_databricks"]["id"],
        "access_control_list": [{"user_name": user["userName"], "permission_level": level}],
        "webhook_id": mlflow_hook["webhook_id"],
        "workspace_name": workspace,
        "http_url_spec": HOOK["http_url_spec"],
        "url": MLFLOW_HOOK["url"],
        "slack_url": HOW["slack_url"],
        "token_id": token["token_id"],
        "token": {"comment": "a"},
        "update_mask": "comment",
        "owner_id": int(principal["id"]),
        "application_id": principal["applicationId"],
        "userName": user["userName"],
        "displayName": new_name("group"),
        "applicationId": principal["applicationId"],
        "Operations": [{"op": "replace", "path": "displayName", "value": new_name("named")}],
        "members": [{"value": principal["id"]}],
        "filter": f"{'displayName eq' if kind else 'name ='} '{model}'",
        "order_by": ["name DESC"],
        "sortBy": "displayName",
        "attributes": "displayName,groups",
        "max_results": 1,
        "count": 2,
        "page_token": "",
        "user": "admin",
    }
    new: dict[str, Fields] = {
        f"POST {MODELS}/create": {"name": new_name("model")},
        f"POST {REQUESTS}/create": {"stage": "Production"},
        f"POST {HOOKS}/create": {"events": HOOK["events"]},
        f"POST {HOOKS}/replay": {"from": 0},
        "POST /imports/models": {"name": new_name("imported"), "creation_timestamp": 1, "last_updated_timestamp": 1},
        f"POST {WORKSPACES}": {"name": new_name("workspace"), "description": "a"},
        "POST /mlflow/webhooks": {"events": MLFLOW_HOOK["events"]},
        f"POST {USERS}": {"userName": new_name("user"), "name": {"givenName": "Ann"}},
        f"PUT {USERS}/{{id}}": {"name": {"givenName": "Ann"}},
        f"POST {SERVICE_PRINCIPALS}": {"applicationId": new_name("application")},
    }
    searched: Fields = {"attributes": ["displayName", "groups"]} if route.path.endswith("/.search") else {}
    return there | new.get(name_of(route), {}) | searched


def put(case: Case[Any], there: Fields, kept: set[str]) -> None:
    """Existing values for these fields, where the call takes them."""
    for name in kept:
        if f"{{{name}}}" in case.path:
            case.path_parameters[name] = there[name]
        elif isinstance(case.body, dict):
            case.body[name] = there[name]
        elif isinstance(case.query, dict):
            case.query[name] = there[name]


def fields_of(route: Route) -> set[str]:
    """The names of all fields of a call."""
    return set(in_body(route)) | set(re.findall(r"\{(\w+)\}", route.path))


@pytest.mark.parametrize("route", ANSWERED, ids=name_of)
def test_answers_are_as_described(
    route: Route, live: LiveRegistry, admin: Api, session: requests.Session, counts: Counter[str]
) -> None:
    operation = OPERATIONS[name_of(route)]

    def ask(case: Case[Any], caller: str) -> int:
        headers = {"Authorization": f"Bearer {live.token(caller)}"}
        response = case.call(live.url, session, headers, timeout=TIMEOUT)
        counts[f"{caller} {response.status_code}"] += 1
        case.validate_response(response, CHECKS, headers=headers)
        assert response.status_code != 401, "the token was valid"
        sent = {name: value for name, (value, *_) in response.headers.items()}
        answer = Answer(case.formatted_path, response.status_code, response.content, sent)
        hold_against_contract(route.method, case.formatted_path.removeprefix(PREFIX), answer)
        return response.status_code

    there = what_is_there(admin, route)
    names = fields_of(route) & there.keys()
    kept = st.just(names) | st.sets(st.sampled_from(sorted(names))) if names else st.just(names)
    cases = operation.as_strategy(GenerationMode.POSITIVE) | operation.as_strategy(GenerationMode.NEGATIVE)

    @settings(
        max_examples=max(4, ROUNDS // 12),
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, kept=kept, caller=st.sampled_from(CALLERS))
    def ask_for_anything(case: Case[Any], kept: set[str], caller: str) -> None:
        put(case, there, kept)
        ask(case, caller)

    ask_for_anything()
    reference = operation.Case(
        path_parameters={}, query={}, body={} if operation.body else NOT_SET, media_type="application/json"
    )
    # What is only read is still there.
    put(reference, there if route.method == "GET" else what_is_there(admin, route), names)
    assert ask(reference, ADMIN) == route.status
