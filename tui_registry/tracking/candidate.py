"""What of a run can be registered, and as what: the same that MLflow's own ``register_model`` would say."""

from dataclasses import dataclass

from tui_registry.tracking.client import TrackingClient
from tui_registry.tracking.logged_model import READY
from tui_registry.tracking.run import Run

MODEL_FILE = "MLmodel"  # makes a folder a model
MOST_FOLDERS = 60  # that are looked into for models
DEPTH = 4  # folders below each other


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model of a run.

    name: what it was logged as. source: of the version, ``models:/m-<id>`` for MLflow 3's logged models, else the
    folder's URI. model_id: of a logged model. unready: MLflow's status, if it is not that of a whole model.
    created: milliseconds since the epoch.
    """

    name: str
    source: str
    model_id: str = ""
    unready: str = ""
    created: int | None = None


async def logged(client: TrackingClient, run: Run) -> list[Candidate]:
    """The models that MLflow 3 keeps apart from the run's artifacts."""
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
    """Paths of the folders with a model in them; a run's files can be many, so not every depth is looked into."""
    found: list[str] = []
    level = [""]
    looked = 0
    for _ in range(DEPTH):
        below: list[str] = []
        for folder in level[: MOST_FOLDERS - looked]:
            looked += 1
            files = await client.artifacts(run_id, folder)
            if any(file.path.rpartition("/")[2] == MODEL_FILE and not file.is_dir for file in files):
                found.append(folder)
            else:
                below += [file.path for file in files if file.is_dir]
        level = below
    return found


def _under(root: str, path: str) -> str:
    """The URI of something in a folder that has a URI; some of these end in a query."""
    before, question, query = root.partition("?")
    return f"{before.rstrip('/')}/{path}{question}{query}" if path else root
