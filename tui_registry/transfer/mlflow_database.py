"""The database of an MLflow server as a source, read by MLflow's own code."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tui_registry.transfer import mlflow_api
from tui_registry.transfer.documents import model_document, version_document
from tui_registry.transfer.mlflow_server import MLFLOW_PARTS
from tui_registry.transfer.source import SourceError
from tui_registry_server.wire.model_import import ImportedVersion, ModelDocument
from tui_registry_server.wire.model_version import ModelVersion
from tui_registry_server.wire.registered_model import RegisteredModel

T = TypeVar("T")

PER_PAGE = 1000
SCHEMES = ("sqlite:", "postgresql:", "postgresql+", "mysql:", "mysql+", "mssql:", "mssql+")


class MlflowDatabase:
    """A Source. Raises SourceError if MLflow is not installed, or the database cannot be opened."""

    parts = MLFLOW_PARTS
    has_activities = False

    def __init__(self, url: str, identity: str) -> None:
        self.identity = identity
        self.lacking: set[str] = set()
        if url.startswith("sqlite:") and not Path(url.partition("///")[2]).is_file():
            raise SourceError(f"There is no database {url.partition('///')[2]}.")  # MLflow would create it
        try:
            from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore
        except ImportError:
            raise SourceError(
                "To read MLflow's database, its code is needed, of the version that the database is of: pip install "
                "'tui-registry[mlflow]'. Or give the URL of its server instead."
            ) from None
        try:
            self._store: Any = SqlAlchemyStore(url)
        except Exception as error:  # of any kind: SQLAlchemy's, MLflow's, the driver's
            raise SourceError(f"MLflow cannot open the database: {str(error).partition(chr(10))[0]}") from None
        self._lock = asyncio.Lock()

    async def names(self) -> list[str]:
        return await self._run(self._names)

    async def read(self, name: str) -> ModelDocument | None:
        return await self._run(self._read, name)

    async def close(self) -> None:
        self._store.engine.dispose()

    async def _run(self, function: Callable[..., T], *arguments: str) -> T:
        async with self._lock:
            try:
                return await asyncio.to_thread(function, *arguments)
            except SourceError:
                raise
            except Exception as error:  # as above
                raise SourceError(f"MLflow cannot read its database: {str(error).partition(chr(10))[0]}") from error

    def _names(self) -> list[str]:
        found = {each.name for text in (None, mlflow_api.IS_PROMPT) for each in self._pages("registered_models", text)}
        return sorted(found)

    def _read(self, name: str) -> ModelDocument | None:
        from mlflow.exceptions import MlflowException

        try:
            model = self._store.get_registered_model(name)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise
        shown = RegisteredModel.model_validate_json(_as_answered(model))
        filters = [mlflow_api.filter_of(name)]
        if mlflow_api.is_prompt(shown):
            filters.append(f"{filters[0]} AND {mlflow_api.IS_PROMPT}")
        versions = {each.version: each for text in filters for each in self._pages("model_versions", text)}
        return model_document(
            shown, [self._version(each) for each in versions.values() if each.name == name], self.parts
        )

    def _version(self, version: Any) -> ImportedVersion:
        location = None
        if (version.source or "").lower().startswith("models:"):
            location = self._store.get_model_version_download_uri(version.name, version.version)
        return version_document(ModelVersion.model_validate_json(_as_answered(version)), storage_location=location)

    def _pages(self, noun: str, filter_text: str | None) -> list[Any]:
        search = getattr(self._store, f"search_{noun}")
        found: list[Any] = []
        token = None
        while True:
            page = search(filter_string=filter_text, max_results=PER_PAGE, page_token=token)
            found += page
            if not (token := page.token):
                return found


def _as_answered(entity: Any) -> str:
    """An entity in JSON as MLflow's server answers it: its own attributes leave out the tags of prompts."""
    from mlflow.utils.proto_json_utils import message_to_json

    text: str = message_to_json(entity.to_proto())
    return text
