"""Where a version comes from, as its page, a comparison and a request's details show it, without a tracking server that
the console itself would know."""

from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.live_registry import serving
from tests.server.api import Api
from tests.server.permission_case import MODELS, REQUESTS, VERSIONS
from tests.server.scripted_tracking_server import answer, serving_script, wait_for_lineage
from tests.tui_registry.console import LARGE, console

HOSTILE = "[/x] [@click=app.quit]\x1b[31mred"
RUNS = {"m-" + "1" * 32: "a" * 32, "m-" + "2" * 32: "b" * 32}


def reply(handler: BaseHTTPRequestHandler) -> None:
    _, _, asked = handler.path.rpartition("/")
    if "experiments" in handler.path:
        return answer(handler, 200, {"experiment": {"name": HOSTILE}})
    if asked in RUNS:
        return answer(handler, 200, {"model": {"info": {"source_run_id": RUNS[asked], "experiment_id": "7"}}})
    is_second = asked.endswith("b" * 32)
    data = {
        "metrics": [{"key": "rmse", "value": 0.25 if is_second else 0.5}, {"key": "mae", "value": "NaN"}],
        "params": [{"key": "depth", "value": "7"}],
        "tags": [{"key": "mlflow.source.git.commit", "value": "c0ffee" if is_second else "decaf"}],
    }
    inputs = {"dataset_inputs": [{"dataset": {"name": HOSTILE, "digest": "d1"}}]}
    info = {"run_name": "first", "status": "FINISHED", "experiment_id": "7", "start_time": 1767225600000}
    return answer(handler, 200, {"run": {"info": info, "data": data, "inputs": inputs}})


async def test_what_the_server_knows_is_shown(tmp_path: Path) -> None:
    with serving_script() as tracking:
        tracking.reply = reply
        uri = f"http://127.0.0.1:{tracking.server_port}"
        with serving(tmp_path, "--tracking-uri", uri) as live, Api(live.url, live.admin_token) as api:
            api.post(f"{MODELS}/create", name="churn").ok()
            for number, model_id in enumerate(RUNS, 1):
                api.post(f"{VERSIONS}/create", name="churn", source=f"models:/{model_id}").ok()
                wait_for_lineage(api, "churn", str(number), bool)
            production = {"name": "churn", "stage": "Production"}
            api.post(f"{VERSIONS}/transition-stage", **production, version="1", archive_existing_versions=False).ok()
            api.post(f"{REQUESTS}/create", **production, version="2").ok()
            async with console(live.url, live.admin_token, LARGE) as shown:
                await shown.shows("compared with version 1", "rmse 0.5 → 0.25", "run aaaaaaaa → bbbbbbbb")
                await shown.press("enter")
                await shown.shows("Models › churn", "rmse 0.5 → 0.25")
                await shown.press("enter")
                for label, value in (
                    ("run", "b" * 32),
                    ("run name", "first"),
                    ("experiment", "[/x] [@click=app.quit]"),
                    ("code version", "c0ffee"),
                    ("metrics", "mae nan, rmse 0.25"),
                    ("parameters", "depth 7"),
                    ("datasets", "[/x] [@click=app.quit]"),
                ):
                    await shown.shows(f"  {label:16}{value}")
                await shown.press("escape", "equals_sign")
                await shown.shows("Compare", "~ metric rmse", "~ code version", "= parameter depth", "decaf", "c0ffee")
