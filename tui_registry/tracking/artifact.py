"""The files of a run. (MLflow's REST API, data structure FileInfo.)"""

from pydantic import BaseModel


class Artifact(BaseModel):
    """``path`` is relative to the run's artifacts."""

    path: str
    is_dir: bool = False


class ArtifactPage(BaseModel):
    files: list[Artifact] = []
    next_page_token: str = ""
