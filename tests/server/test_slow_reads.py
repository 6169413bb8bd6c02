"""Lengthy reads do not block others, and are cancelled at their deadline."""

import threading
from collections.abc import Iterator

import pytest

from tests.live_registry import LiveRegistry, serving
from tests.server.api import Answer, Api

MODELS, TAGS = 80, 20
LONG = "a" * 5_000
SLOW = "%" + "a" * 2_500 + "b%"
"""A database needs millions of comparisons to see that the long text does not match."""


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with serving(tmp_path_factory.mktemp("lengthy"), "--longest-read", "0.5") as registry:
        with Api(registry.url, registry.admin_token) as api:
            for model in range(MODELS):
                tags = [{"key": f"text-{tag}", "value": LONG} for tag in range(TAGS)]
                api.post("/mlflow/registered-models/create", name=f"model-{model}", tags=tags).ok()
        yield registry


def search(api: Api) -> Answer:
    every = " AND ".join(f"tags.`text-{tag}` ILIKE '{SLOW}'" for tag in range(TAGS))
    return api.get("/mlflow/registered-models/search", filter=every)


def test_others_are_answered_while_a_search_takes_long(crowded: LiveRegistry) -> None:
    """With a message that says what to do."""
    answers: list[Answer] = []

    def ask() -> None:
        with Api(crowded.url, crowded.admin_token) as api:
            answers.append(search(api))

    asking = threading.Thread(target=ask)
    with Api(crowded.url, crowded.admin_token) as api:
        asking.start()
        meanwhile = 0
        while asking.is_alive():
            api.get("/mlflow/registered-models/get", name="model-0").ok()
            api.post("/mlflow/registered-models/set-tag", name="model-1", key="n", value=str(meanwhile)).ok()
            meanwhile += not answers
        asking.join()
        assert "too long" in answers[0].invalid()
        assert meanwhile > 5
        assert api.get("/mlflow/registered-models/search", max_results=MODELS).ok()["registered_models"], "it is over"


def test_many_such_searches_at_once_are_all_given_up(crowded: LiveRegistry) -> None:
    """Reads that never got a thread get 503; afterwards everything works."""
    answers: list[Answer] = []

    def ask() -> None:
        with Api(crowded.url, crowded.admin_token) as api:
            answers.append(search(api))

    asking = [threading.Thread(target=ask) for _ in range(20)]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert {answer.status for answer in answers} <= {400, 503}, "none was answered, none failed"
    with Api(crowded.url, crowded.admin_token) as api:
        found = api.get("/mlflow/registered-models/search", max_results=MODELS).ok()["registered_models"]
    assert len(found) == MODELS
