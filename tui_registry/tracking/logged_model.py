"""Models logged by runs in MLflow 3. (MLflow's REST API, data structure LoggedModel.)"""

from pydantic import BaseModel

READY = "LOGGED_MODEL_READY"


class LoggedModelInfo(BaseModel):
    """``creation_timestamp_ms`` is in milliseconds since the epoch; ``status`` is READY or another one."""

    model_id: str
    name: str = ""
    status: str = ""
    creation_timestamp_ms: int | None = None
    source_run_id: str = ""


class LoggedModel(BaseModel):
    info: LoggedModelInfo


class LoggedModelPage(BaseModel):
    models: list[LoggedModel] = []
    next_page_token: str = ""
