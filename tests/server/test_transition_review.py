"""One answer with everything that is needed to decide a transition request."""

import time

from tests.server.callers import Callers

REQUESTS, VERSIONS, COMMENTS = "/mlflow/transition-requests", "/mlflow/model-versions", "/mlflow/comments"


def version(callers: Callers, model: str, stage: str = "None") -> str:
    number: str = callers.creator.post(f"{VERSIONS}/create", name=model, source="s3://m").ok()["model_version"][
        "version"
    ]
    if stage != "None":
        move = {"stage": stage, "archive_existing_versions": False}
        callers.creator.post(f"{VERSIONS}/transition-stage", name=model, version=number, **move).ok()
    return number


def test_a_review_has_the_version_with_what_it_displaces_and_what_happened(callers: Callers) -> None:
    model = callers.model("reviewed")
    rules = "Only after two weeks of shadow traffic. " * 100
    callers.creator.patch("/mlflow/registered-models/update", name=model, description=rules).ok()
    holders = [version(callers, model, "Production") for _ in range(2)]
    number = version(callers, model)
    of = {"name": model, "version": number}
    callers.creator.post(f"{VERSIONS}/set-tag", **of, key="auc", value="0.9").ok()
    for text in ("one", "two", "three", "four"):
        callers.creator.post(f"{COMMENTS}/create", **of, comment=text).ok()
        time.sleep(0.002)  # those of one millisecond are in any order
    callers.creator.post(f"{REQUESTS}/create", **of, stage="Production", comment="better").ok()

    review = callers.creator.get(f"{REQUESTS}/review", **of, stage="Production").ok()

    assert review["model_version"] == callers.creator.get(f"{VERSIONS}/get", **of).ok()["model_version"]
    assert review["model_description"] == rules[:2001]
    assert [each["version"] for each in review["displaced"]] == holders[::-1]
    assert all(each["current_stage"] == "Production" for each in review["displaced"])
    assert [each["comment"] for each in review["comments"]] == ["two", "three", "four"]
    listed = callers.creator.get(f"{COMMENTS}/list", **of).ok()["comments"]
    assert review["comments"] == listed[-3:]
    types = [each["activity_type"] for each in review["activities"]]
    assert types == ["REQUESTED_TRANSITION", "SET_TAG", "CREATED_VERSION"]


def test_nothing_is_displaced_from_a_stage_that_versions_share(callers: Callers) -> None:
    model = callers.model("shared")
    version(callers, model, "Archived")
    number = version(callers, model)
    review = callers.creator.get(f"{REQUESTS}/review", name=model, version=number, stage="Archived").ok()
    assert "displaced" not in review
    assert "model_description" not in review


def test_a_version_does_not_displace_itself_and_few_of_many_are_reported(callers: Callers) -> None:
    model = callers.model("crowded")
    holders = [version(callers, model, "Staging") for _ in range(12)]
    review = callers.creator.get(f"{REQUESTS}/review", name=model, version=holders[-1], stage="Staging").ok()
    assert [each["version"] for each in review["displaced"]] == holders[-2:0:-1]


def test_versions_with_large_tags_do_not_make_a_large_answer(callers: Callers) -> None:
    model = callers.model("large")
    holder = version(callers, model, "Staging")
    callers.creator.post(f"{VERSIONS}/set-tag", name=model, version=holder, key="k", value="x" * 100_000).ok()
    number = version(callers, model)
    answer = callers.creator.get(f"{REQUESTS}/review", name=model, version=number, stage="Staging")
    assert [each["version"] for each in answer.ok()["displaced"]] == [holder]
    assert len(answer.content) < 5_000


def test_a_stage_or_version_that_is_none_is_refused(callers: Callers) -> None:
    model = callers.model("refused")
    number = version(callers, model)
    callers.creator.get(f"{REQUESTS}/review", name=model, version=number, stage="Live").invalid()
    callers.creator.get(f"{REQUESTS}/review", name=model, version="99", stage="Staging").missing()
