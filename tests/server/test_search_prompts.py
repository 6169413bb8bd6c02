"""Searches that include MLflow's prompts, which others leave out."""

from typing import Any

from tests.server.callers import Callers

MODELS = "/mlflow/registered-models/search"
VERSIONS = "/mlflow/model-versions/search"
IS_PROMPT = {"key": "mlflow.prompt.is_prompt", "value": "true"}


def found(callers: Callers, path: str, key: str, **fields: Any) -> list[str]:
    """The values of all pages of one."""
    listed: list[str] = []
    token = ""
    while True:
        page = callers.creator.get(path, page_token=token, max_results=1, **fields).ok()
        listed += [each[key] for members in page.values() if isinstance(members, list) for each in members]
        token = page.get("next_page_token", "")
        if not token:
            return listed


def test_models_and_prompts_in_one_search(callers: Callers) -> None:
    model, prompt = callers.model("both"), callers.new_name("both")
    callers.creator.post("/mlflow/registered-models/create", name=prompt, tags=[IS_PROMPT]).ok()
    text = f"name IN ('{model}', '{prompt}')"
    assert found(callers, MODELS, "name", filter=text) == [model]
    assert found(callers, MODELS, "name", filter=text, include_prompts="false") == [model]
    assert set(found(callers, MODELS, "name", filter=text, include_prompts="true")) == {model, prompt}
    assert found(callers, MODELS, "name", filter=f"{text} AND stage = 'Staging'", include_prompts="true") == []
    _, new_user = callers.new_user()
    assert new_user.get(MODELS, filter=text, include_prompts="true").ok() == {}, "only what they may read"


def test_no_tag_hides_a_version(callers: Callers) -> None:
    """To MLflow's search, a model of which one version has the tag has no versions at all."""
    model = callers.model()
    callers.version(model, "Production")
    fields = {"name": model, "source": "s3://x", "tags": [IS_PROMPT]}
    callers.creator.post("/mlflow/model-versions/create", **fields).ok()
    by_name = {"filter": f"name = '{model}'", "order_by": "version_number DESC"}
    assert found(callers, VERSIONS, "version", **by_name) == []
    assert found(callers, VERSIONS, "version", include_prompts="true", **by_name) == ["2", "1"]
    in_production = f"name = '{model}' AND stage = 'Production'"
    assert found(callers, VERSIONS, "version", filter=in_production, include_prompts="true") == ["1"]
    prompts = f"name = '{model}' AND tags.`mlflow.prompt.is_prompt` = 'true'"
    assert found(callers, VERSIONS, "version", filter=prompts, include_prompts="true") == ["2"]


def test_a_page_token_is_of_one_of_both(callers: Callers) -> None:
    callers.model(), callers.model()
    token = callers.creator.get(MODELS, max_results=1).ok()["next_page_token"]
    message = callers.creator.get(MODELS, max_results=1, page_token=token, include_prompts="true").invalid()
    assert "page_token" in message
    assert "include_prompts" in callers.creator.get(MODELS, include_prompts="perhaps").invalid()
