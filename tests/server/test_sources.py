"""Where a version's artifacts are: any URI, another version's, or a logged model's."""

from urllib.parse import quote

import pytest

from tests.server.callers import Callers
from tests.server.database_state import DatabaseState
from tests.server.permission_case import MODELS, VERSIONS, version_now

LOGGED = "models:/m-" + "0123456789abcdef" * 2


def register(callers: Callers, model: str, source: str) -> tuple[str, str]:
    """A new version with a source: its stored source, and its download URI."""
    made = callers.creator.post(f"{VERSIONS}/create", name=model, source=source).ok()["model_version"]
    uri = callers.creator.get(f"{VERSIONS}/get-download-uri", name=model, version=made["version"]).ok()["artifact_uri"]
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
def test_sources_are_kept(source: str, callers: Callers) -> None:
    assert register(callers, callers.model(), source) == (source, source)


def test_a_version_of_another_model_is_resolved(callers: Callers) -> None:
    other, model = callers.model(), callers.model()
    register(callers, other, "s3://bucket/original")
    assert register(callers, model, f"models:/{other}/1") == (f"models:/{other}/1", "s3://bucket/original")
    assert register(callers, other, f"models:/{model}/1") == (f"models:/{model}/1", "s3://bucket/original")
    callers.creator.delete("/mlflow/registered-models/delete", name=other).ok()
    uri = callers.creator.get(f"{VERSIONS}/get-download-uri", name=model, version="1").ok()["artifact_uri"]
    assert uri == "s3://bucket/original"  # resolved once, when it was created


def test_a_version_of_a_logged_model_is_resolved_to_it(callers: Callers) -> None:
    model = callers.model()
    register(callers, model, LOGGED)
    assert register(callers, model, f"models:/{model}/1") == (f"models:/{model}/1", LOGGED)


@pytest.mark.parametrize(
    "source",
    ["models:/nowhere/1", "models:/{model}/99", "models:/{model}/" + "9" * 19, "models:/{model}/" + "9" * 400],
)
def test_a_version_that_is_not_there(source: str, callers: Callers, database_state: DatabaseState) -> None:
    model = callers.model()
    with database_state.unchanged():
        callers.creator.post(f"{VERSIONS}/create", name=model, source=source.format(model=model)).missing()


@pytest.mark.parametrize(
    ("source", "number"),
    [
        ("models:/{model}/2", 2),
        ("models:/{model}/002", 2),
        ("models:///{model}/2/", 2),
        ("MODELS:/{model}/2", 2),
        ("models:/{model}/latest", 4),
        ("models:/{model}/Latest", 4),
        ("models:/{model}@latest", 4),
        ("models:/{model}@champion", 1),
        ("models:/{model}/Production", 2),
        ("models:/{model}/production", 2),
        ("models:/{model}/Archived", 3),
        ("models:/{model}/None", 4),
    ],
)
@pytest.mark.parametrize(
    "about", ["s@t", "@a", "a b", "a%20b", "a%2fb", "100%", "模型", "né", "a?b", "a#b", "a+b", "a'b", "m-" + "0" * 32]
)
def test_every_way_to_name_another_version(source: str, number: int, about: str, callers: Callers) -> None:
    """For models with all kinds of names. The number is stored, as the alias may move."""
    creator = callers.creator
    if creator.post(f"{MODELS}/create", name=about).status == 200:
        for each in range(1, 5):
            creator.post(f"{VERSIONS}/create", name=about, source=f"s3://original/{each}", run_id=f"r{each}").ok()
        for version, stage in (("1", "Production"), ("2", "Production"), ("3", "Archived")):
            callers.move(about, version, stage)
        creator.post(f"{MODELS}/alias", name=about, alias="champion", version="1").ok()
    model = callers.model()
    assert register(callers, model, source.format(model=about)) == (
        f"models:/{about}/{number}",
        f"s3://original/{number}",
    )
    assert version_now(callers, model, "1")["run_id"] == f"r{number}"


def test_a_copy_keeps_what_it_is_given(callers: Callers) -> None:
    """Only fields that are not given are copied."""
    other, model = callers.model(), callers.model()
    fields = {"name": other, "source": "s3://original", "run_id": "r1", "model_id": LOGGED.removeprefix("models:/")}
    callers.creator.post(f"{VERSIONS}/create", **fields).ok()
    source = f"models:/{other}/1"
    for given, run_id in (({}, "r1"), ({"run_id": ""}, ""), ({"run_id": "r2"}, "r2")):
        made = callers.creator.post(f"{VERSIONS}/create", name=model, source=source, **given).ok()["model_version"]
        assert (made["run_id"], made["model_id"]) == (run_id, fields["model_id"])


@pytest.mark.parametrize(
    "source",
    [
        "models:/{model}/Staging",
        "models:/{empty}/latest",
        "models:/{empty}@latest",
        "models:/nowhere@champion",
        "models:/{hidden}/1",
        "models:/{hidden}/latest",
        "models:/{hidden}/Production",
        "models:/{hidden}@champion",
    ],
)
def test_what_is_named_is_not_there(source: str, callers: Callers, database_state: DatabaseState) -> None:
    """Or not readable: then the error is the same."""
    hidden, model, empty = callers.new_name(), callers.model(), callers.model()
    callers.version(model)
    callers.admin.post(f"{MODELS}/create", name=hidden).ok()
    callers.admin.post(f"{VERSIONS}/create", name=hidden, source="s3://secret").ok()
    callers.admin.post(f"{MODELS}/alias", name=hidden, alias="champion", version="1").ok()
    named = source.format(model=model, empty=empty, hidden=hidden)
    with database_state.unchanged():
        message = callers.creator.post(f"{VERSIONS}/create", name=model, source=named).missing()
        absent = callers.creator.post(f"{VERSIONS}/create", name=model, source=named.replace(hidden, "nowhere"))
    assert message.replace(hidden, "nowhere") == absent.missing()


@pytest.mark.parametrize(
    "source",
    [
        "models:/{model}",
        "models:/",
        "models:/ /1",
        "models:/m-123",
        "models:x",
        "models:{model}/1",
        "models:/{model}/1/2",
        "models:/{model}@",
        "models:/@champion",
        "models://{model}/1",
        "models://another-registry/{model}/1",
    ],
)
def test_what_names_no_version(source: str, callers: Callers, database_state: DatabaseState) -> None:
    model = callers.model()
    callers.version(model)
    with database_state.unchanged():
        answer = callers.creator.post(f"{VERSIONS}/create", name=model, source=source.format(model=model))
        assert "version number" in answer.invalid()


@pytest.mark.parametrize("source", ["models:/{model}/Prod", "models:/{model}@absent", "models:/{model}@a b"])
def test_no_such_stage_or_alias(source: str, callers: Callers, database_state: DatabaseState) -> None:
    model = callers.model()
    callers.version(model)
    with database_state.unchanged():
        callers.creator.post(f"{VERSIONS}/create", name=model, source=source.format(model=model)).invalid()


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
def test_impossible_sources(source: str, callers: Callers, database_state: DatabaseState) -> None:
    model = callers.model()
    with database_state.unchanged():
        callers.creator.post(f"{VERSIONS}/create", name=model, source=source).invalid()
    assert not version_now(callers, model, "1")
