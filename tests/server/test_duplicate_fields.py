"""A field that is given twice is ambiguous: a proxy may read one value and the registry the other, so it is refused."""

import pytest

from tests.server.api import Api
from tests.server.directory import new_name

CREATE = "/mlflow/registered-models/create"
GET = "/mlflow/registered-models/get"
DELETE = "/mlflow/registered-models/delete"
SEARCH = "/mlflow/registered-models/search"
ROOT = "/permissions/registered-models/root"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", CREATE, '{"name": "twice-a", "name": "twice-b"}'),
        ("POST", CREATE, '{"name": "twice-a", "\\u006eame": "twice-b"}'),
        ("POST", CREATE, '{"name": "twice-a", "unknown": 1, "unknown": 1}'),
        ("POST", CREATE, '{"name": "twice-a", "tags": [{"key": "a", "key": "b", "value": "c"}]}'),
        ("POST", CREATE, '{"name": "twice-a", "unknown": {"a": [{"b": 1, "b": 1}]}}'),
        ("PUT", ROOT, '{"access_control_list": [], "access_control_list": []}'),
        (
            "PATCH",
            ROOT,
            '{"access_control_list": [{"user_name": "a", "user_name": "b", "permission_level": "CAN_READ"}]}',
        ),
    ],
)
def test_a_key_twice(admin: Api, method: str, path: str, body: str) -> None:
    message = admin.send(method, path, body.encode()).refused(400, "BAD_REQUEST")
    assert "uplicate key" in message
    for name in ("twice-a", "twice-b"):
        assert admin.get(GET, name=name).missing()


def test_the_same_key_in_different_objects(admin: Api) -> None:
    tags = [{"key": "a", "value": "key"}, {"key": "b", "value": '{"key": 1, "key": 2}'}]
    assert admin.post(CREATE, name=new_name("once"), tags=tags).ok()["registered_model"]["tags"] == tags


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_json(admin: Api, number: str) -> None:
    assert "not valid JSON" in admin.send("POST", CREATE, f'{{"name": "n", "x": {number}}}'.encode()).refused(
        400, "BAD_REQUEST"
    )


def test_in_the_query_and_in_the_body(admin: Api) -> None:
    """Each alone is accepted: MLflow's client sends a body with DELETE, Databricks' a query."""
    first, second = new_name("first"), new_name("second")
    for name in (first, second):
        admin.post(CREATE, name=name).ok()
    for query in (first, second):
        message = admin.send("DELETE", f"{DELETE}?name={query}", f'{{"name": "{second}"}}'.encode()).refused(
            400, "BAD_REQUEST"
        )
        assert "'name' is both in the query and in the body" in message
    for name in (first, second):
        admin.get(GET, name=name).ok()
    admin.send("DELETE", f"{DELETE}?name={first}").ok()
    admin.send("DELETE", f"{DELETE}?unknown=1", f'{{"name": "{second}"}}'.encode()).ok()
    for name in (first, second):
        admin.get(GET, name=name).missing()


def test_in_the_query_and_in_the_path(admin: Api) -> None:
    message = admin.send("GET", f"{ROOT}?object_id=other").refused(400, "BAD_REQUEST")
    assert "'object_id' is both in the query and in the path" in message


def test_a_whole_resource_has_the_id_of_the_path(admin: Api) -> None:
    user = admin.post("/preview/scim/v2/Users", userName=new_name("whole")).ok()
    assert admin.put(f"/preview/scim/v2/Users/{user['id']}", **user).ok()["id"] == user["id"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (f"{GET}?name=a&name=b", "name"),
        (f"{GET}?name=a&na%6de=a", "name"),
        (f"{SEARCH}?max_results=1&max_results=2", "max_results"),
        ("/preview/scim/v2/Users?filter=&filter=userName%20eq%20%22a%22", "filter"),
    ],
)
def test_a_parameter_twice(admin: Api, path: str, name: str) -> None:
    assert f"'{name}' is in the query more than once" in admin.send("GET", path).refused(400, "BAD_REQUEST")


def test_parameters_that_are_lists(admin: Api) -> None:
    admin.send("GET", f"{SEARCH}?order_by=name&order_by=timestamp").ok()
