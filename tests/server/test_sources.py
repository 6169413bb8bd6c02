"""Where a version's artifacts are: any URI, another version's, or a logged model's."""

from urllib.parse import quote

import pytest

from tests.server.attempts import VERSIONS, version_now
from tests.server.contents import Contents
from tests.server.people import People

LOGGED = "models:/m-" + "0123456789abcdef" * 2


def register(people: People, model: str, source: str) -> tuple[str, str]:
    """A new version with a source: what it says is its source, and its download URI."""
    made = people.creator.post(f"{VERSIONS}/create", name=model, source=source).ok()["model_version"]
    uri = people.creator.get(f"{VERSIONS}/get-download-uri", name=model, version=made["version"]).ok()["artifact_uri"]
    return made["source"], uri


@pytest.mark.parametrize(
    "source",
    [
        "s3://bucket/path",
        "file:///tmp/model",
        "/tmp/model",
        "mlflow-artifacts:/1/2/artifacts/model",
        "runs:/0123456789abcdef/model",
        "dbfs:/models/..x/y",
        "https://host/a?b=c#d",
        "s3://bucket/a..b/...",
        "x" * 500,
        LOGGED,
    ],
)
def test_sources_are_kept(source: str, people: People) -> None:
    assert register(people, people.model(), source) == (source, source)


def test_a_version_of_another_model_is_resolved(people: People) -> None:
    other, model = people.model(), people.model()
    register(people, other, "s3://bucket/original")
    assert register(people, model, f"models:/{other}/1") == (f"models:/{other}/1", "s3://bucket/original")
    assert register(people, other, f"models:/{model}/1") == (f"models:/{model}/1", "s3://bucket/original")
    people.creator.delete("/mlflow/registered-models/delete", name=other).ok()
    uri = people.creator.get(f"{VERSIONS}/get-download-uri", name=model, version="1").ok()["artifact_uri"]
    assert uri == "s3://bucket/original"  # resolved once, when it was made


def test_a_version_of_a_logged_model_is_resolved_to_it(people: People) -> None:
    model = people.model()
    register(people, model, LOGGED)
    assert register(people, model, f"models:/{model}/1") == (f"models:/{model}/1", LOGGED)


@pytest.mark.parametrize(
    "source",
    ["models:/nowhere/1", "models:/{model}/99", "models:/{model}/" + "9" * 19, "models:/{model}/" + "9" * 400],
)
def test_a_version_that_is_not_there(source: str, people: People, contents: Contents) -> None:
    model = people.model()
    with contents.unchanged():
        people.creator.post(f"{VERSIONS}/create", name=model, source=source.format(model=model)).missing()


@pytest.mark.parametrize(
    "source",
    [
        "models:/{model}/Production",
        "models:/{model}@champion",
        "models:/{model}",
        "models:/",
        "models:/m-123",
        "models:x",
    ],
)
def test_what_only_a_client_can_resolve(source: str, people: People, contents: Contents) -> None:
    model = people.model()
    people.version(model)
    with contents.unchanged():
        answer = people.creator.post(f"{VERSIONS}/create", name=model, source=source.format(model=model))
        assert "version number" in answer.invalid()


def _climbing() -> list[str]:
    plain = [
        "s3://bucket/../x",
        "file:///a/b/../../etc",
        "..",
        "../x",
        "/a/..",
        "a\\..\\b",
        "s3://b/x?../y",
        "s3://b/x#../y",
    ]
    encoded = ["s3://b/%2e%2e/x", "s3://b/%2E%2e/x", "s3://b/.%2e/x", "s3://b/..%2fx", "s3://b/..%5cx", "s3://b/a%00"]
    for depth in range(1, 5):
        once_more = "/../x"
        for _ in range(depth):
            once_more = quote(once_more, safe="").replace(".", "%2e")
        encoded.append(f"s3://b{once_more}")
    return plain + encoded


@pytest.mark.parametrize("source", [*_climbing(), "", "   ", "a\0b", "x" * 501])
def test_impossible_sources(source: str, people: People, contents: Contents) -> None:
    model = people.model()
    with contents.unchanged():
        people.creator.post(f"{VERSIONS}/create", name=model, source=source).invalid()
    assert not version_now(people, model, "1")
