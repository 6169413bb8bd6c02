"""Experiments: groups of runs. (MLflow's REST API, data structure Experiment.)"""

from pydantic import BaseModel

from tui_registry.tracking.tag import Tag, by_key


class Experiment(BaseModel):
    """One experiment. Times are in milliseconds since the epoch; old servers leave them out."""

    experiment_id: str
    name: str = ""
    creation_time: int | None = None
    last_update_time: int | None = None
    tags: list[Tag] = []

    @property
    def note(self) -> str:
        """Its description."""
        return by_key(self.tags).get("mlflow.note.content", "")


class ExperimentPage(BaseModel):
    experiments: list[Experiment] = []
    next_page_token: str = ""
