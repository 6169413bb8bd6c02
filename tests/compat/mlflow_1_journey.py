"""Run by an MLflow 1.30 or 2.0 of its own, see test_mlflow_skinny.py: prints the results of a journey, as JSON.

Takes the URI of a folder with a model's files; the registry and the token are in MLflow's variables.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.tracking import artifact_utils

NAME = "made long ago"


def walk(page_of: Callable[..., Any], **arguments: Any) -> tuple[list[Any], int]:
    """All results of a search, from all pages, and the number of pages."""
    page = page_of(**arguments)
    found, pages = list(page), 1
    while page.token:
        page = page_of(**arguments, page_token=page.token)
        found, pages = found + list(page), pages + 1
    return found, pages


def refusal(call: Callable[..., Any], *arguments: str) -> str:
    try:
        call(*arguments)
    except MlflowException as error:
        return str(error.error_code)
    return "nothing"


def main(source: str) -> None:
    mlflow.set_registry_uri(os.environ["MLFLOW_REGISTRY_URI"])  # 1.30 does not read it by itself
    client = MlflowClient()
    client.create_registered_model(NAME, tags={"task": "regression"}, description="Straight lines")
    for number in range(4):
        client.create_registered_model(f"{NAME} {number}")
    bare = client.create_model_version(NAME, source)
    client.create_model_version(NAME, source, "r2", {"number": "2"}, "https://host/r2", "the second")
    client.create_model_version(NAME, source, "r3")
    client.create_model_version(f"{NAME} 3", source)
    client.transition_model_version_stage(NAME, "1", "Production")
    client.transition_model_version_stage(NAME, "2", "production", archive_existing_versions=True)
    client.update_registered_model(NAME, "Lines")
    client.update_model_version(NAME, "3", "the third")
    client.set_registered_model_tag(NAME, "team", "risk")
    client.delete_registered_model_tag(NAME, "task")
    client.set_model_version_tag(NAME, "3", "checked", "yes")
    client.set_model_version_tag(NAME, "3", "passing", "yes")
    client.delete_model_version_tag(NAME, "3", "passing")
    model = client.get_registered_model(NAME)
    third = client.get_model_version(NAME, "3")
    searched, pages = walk(
        client.search_registered_models,
        filter_string=f"name LIKE '{NAME}%'",
        max_results=2,
        order_by=["last_updated_timestamp DESC", "name DESC"],
    )
    versions = client.search_model_versions(f"name='{NAME}'")
    result = {
        "mlflow": mlflow.__version__,
        "bare": [bare.version, bare.description, bare.run_id, bare.run_link, bare.status, bare.current_stage],
        "model": [model.name, model.description, model.tags],
        "latest of the model": sorted([each.version, each.current_stage] for each in model.latest_versions),
        "third": [third.description, third.run_id, third.tags, third.source == source],
        "run link": client.get_model_version(NAME, "2").run_link,
        "stages": client.get_model_version_stages(NAME, "1"),
        "latest": sorted(each.version for each in client.get_latest_versions(NAME)),
        "latest in production": [each.version for each in client.get_latest_versions(NAME, ["Production"])],
        "uri": client.get_model_version_download_uri(NAME, "2") == source,
        "searched": [sorted(each.name for each in searched), pages],
        "versions": sorted([each.version, each.current_stage] for each in versions),
        "by run": [each.version for each in client.search_model_versions("run_id='r2'")],
        "refused": [
            refusal(client.get_model_version, NAME, "9"),
            refusal(client.get_registered_model, "absent"),
            refusal(client.create_registered_model, NAME),
            refusal(client.transition_model_version_stage, NAME, "1", "Prod"),
        ],
        "files": {
            reference: Path(
                artifact_utils._download_artifact_from_uri(f"models:/{NAME}{reference}"), "MLmodel"
            ).is_file()
            for reference in ("/1", "/Production", "/latest")
        },
    }
    if hasattr(client, "list_registered_models"):  # removed in 2.0
        listed, pages = walk(client.list_registered_models, max_results=2)
        latest = {each.name: sorted(version.version for version in each.latest_versions) for each in listed}
        result["listed"] = [latest, pages]
    client.delete_model_version(NAME, "3")
    client.rename_registered_model(NAME, f"{NAME}, renamed")
    result["renamed"] = sorted(each.version for each in client.search_model_versions(f"name='{NAME}, renamed'"))
    for each in searched:
        client.delete_registered_model(each.name if each.name != NAME else f"{NAME}, renamed")
    result["left"] = [each.name for each in client.search_registered_models(f"name LIKE '{NAME}%'")]
    json.dump(result, sys.stdout)


main(sys.argv[1])
