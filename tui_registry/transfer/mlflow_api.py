"""Reading a registry by MLflow's REST API, which MLflow's own server has, and Databricks and this registry, too."""

from functools import partial

from tui_registry.client.errors import Refused
from tui_registry.client.transport import Transport
from tui_registry.transfer.retries import retried
from tui_registry.transfer.source import SourceError
from tui_registry_server.wire.model_version import DownloadUri, ModelVersion, ModelVersionPage
from tui_registry_server.wire.registered_model import RegisteredModel, RegisteredModelAnswer, RegisteredModelPage

NAMES_PER_PAGE = 100  # models, with what is read of them here only to be dropped: Databricks' maximum
VERSIONS_PER_PAGE = 10_000
MAX_PAGES = 100_000

IS_PROMPT = "tags.`mlflow.prompt.is_prompt` = 'true'"
"""MLflow's searches leave out prompts, which are models too, unless they are asked for."""


async def names(server: Transport) -> list[str]:
    """The names of all models and prompts, sorted. Raises CallError."""
    found = set(await _names(server, ""))
    try:
        found |= set(await _names(server, IS_PROMPT))
    except Refused as error:
        if error.status != 400:  # older servers do not know this filter, nor prompts
            raise
    return sorted(found)


async def model(server: Transport, name: str) -> RegisteredModel | None:
    """Raises CallError."""
    try:
        answer = await retried(lambda: server.get("/mlflow/registered-models/get", RegisteredModelAnswer, name=name))
    except Refused as error:
        if error.status == 404:
            return None
        raise
    return answer.registered_model


def is_prompt(model: RegisteredModel) -> bool:
    return any(tag.key == "mlflow.prompt.is_prompt" for tag in model.tags)


async def versions(server: Transport, model: RegisteredModel) -> list[ModelVersion]:
    """All versions of a model. Raises CallError."""
    name_filter = filter_of(model.name)
    found = {each.version: each for each in await _versions(server, name_filter)}
    if is_prompt(model):
        found |= {each.version: each for each in await _versions(server, f"{name_filter} AND {IS_PROMPT}")}
    return [each for each in found.values() if each.name == model.name]


async def storage_location(server: Transport, version: ModelVersion) -> str | None:
    """Where a version's artifacts are, if that may be elsewhere than its source. Raises CallError."""
    if not (version.source or "").lower().startswith("models:"):
        return None
    answer = await retried(
        lambda: server.get(
            "/mlflow/model-versions/get-download-uri", DownloadUri, name=version.name, version=version.version
        )
    )
    return answer.artifact_uri


def filter_of(name: str) -> str:
    """A filter that finds a model's versions; with both kinds of quotes in the name, those of similar names, too."""
    if "'" not in name:
        return f"name = '{name}'"
    if '"' not in name:
        return f'name = "{name}"'
    pattern = name.replace("'", "_")
    return f"name LIKE '{pattern}'"


async def _names(server: Transport, filter_text: str) -> list[str]:
    found: list[str] = []
    token = ""
    for _ in range(MAX_PAGES):
        page = await retried(
            partial(
                server.get,
                "/mlflow/registered-models/search",
                RegisteredModelPage,
                filter=filter_text,
                max_results=NAMES_PER_PAGE,
                page_token=token,
            )
        )
        found += [each.name for each in page.registered_models]
        if not (token := page.next_page_token or ""):
            return found
    raise SourceError("The source's list of models does not end.")


async def _versions(server: Transport, filter_text: str) -> list[ModelVersion]:
    found: list[ModelVersion] = []
    token = ""
    for _ in range(MAX_PAGES):
        page = await retried(
            partial(
                server.get,
                "/mlflow/model-versions/search",
                ModelVersionPage,
                filter=filter_text,
                max_results=VERSIONS_PER_PAGE,
                page_token=token,
            )
        )
        found += page.model_versions
        if not (token := page.next_page_token or ""):
            return found
    raise SourceError("The source's list of versions does not end.")
