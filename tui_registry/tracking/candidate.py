"""The models of a run that can be registered, with the same sources as MLflow's ``register_model`` uses."""

from dataclasses import dataclass

from tui_registry.tracking.client import TrackingClient
from tui_registry.tracking.logged_model import READY
from tui_registry.tracking.run import Run

MODEL_FILE = "MLmodel"  # marks a folder as a model
MAX_FOLDERS = 60  # searched for models
MAX_DEPTH = 4  # levels of folders searched


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model of a run.

    name: what it was logged as. source: of the version, ``models:/m-<id>`` for MLflow 3's logged models, else the
    folder's URI. model_id: of a logged model. unready: MLflow's status, if the model is not ready.
    created: milliseconds since the epoch.
    """

    name: str
    source: str
    model_id: str = ""
    unready: str = ""
    created: int | None = None


async def logged(client: TrackingClient, run: Run) -> list[Candidate]:
    """The logged models of MLflow 3, which are not among the run's artifacts."""
    return [
        Candidate(
            name=model.info.name,
            source=f"models:/{model.info.model_id}",
            model_id=model.info.model_id,
            unready="" if model.info.status in {READY, ""} else model.info.status,
            created=model.info.creation_timestamp_ms,
        )
        for model in await client.logged_models(run)
    ]


async def in_folders(client: TrackingClient, run: Run) -> list[Candidate]:
    """The folders of the run's artifacts that hold a model, as MLflow 2 logged them."""
    folders = await _model_folders(client, run.info.run_id)
    return [Candidate(name=folder, source=_under(run.info.artifact_uri, folder)) for folder in folders]


async def _model_folders(client: TrackingClient, run_id: str) -> list[str]:
    """Paths of the folders with a model in them; a run can have many files, so the search is limited."""
    found: list[str] = []
    level = [""]
    visited = 0
    for _ in range(MAX_DEPTH):
        below: list[str] = []
        for folder in level[: MAX_FOLDERS - visited]:
            visited += 1
            files = await client.artifacts(run_id, folder)
            if any(file.path.rpartition("/")[2] == MODEL_FILE and not file.is_dir for file in files):
                found.append(folder)
            else:
                below += [file.path for file in files if file.is_dir]
        level = below
    return found


def _under(root: str, path: str) -> str:
    """The URI of a path below a folder's URI, which may end in a query."""
    before, question, query = root.partition("?")
    return f"{before.rstrip('/')}/{path}{question}{query}" if path else root
