"""Run by an MLflow 2 of its own, see test_mlflow_skinny_2.py: prints the results of a journey, as JSON.

Takes the URI of a folder with a model's files; the registry and the token are in MLflow's variables.
"""

import json
import sys
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

NAME = "made with MLflow 2"


def main(source: str) -> None:
    client = MlflowClient()
    client.create_registered_model(NAME, tags={"task": "regression"}, description="Straight lines")
    for number in range(3):
        client.create_model_version(NAME, source, run_id=f"r{number}", tags={"number": str(number)})
    client.transition_model_version_stage(NAME, "1", "Production")
    client.transition_model_version_stage(NAME, "2", "Production", archive_existing_versions=True)
    client.set_registered_model_alias(NAME, "champion", "2")
    client.set_model_version_tag(NAME, "3", "checked", "yes")
    client.delete_model_version_tag(NAME, "3", "number")
    client.update_model_version(NAME, "3", "the third")
    model = client.get_registered_model(NAME)
    version = client.get_model_version_by_alias(NAME, "champion")
    try:
        client.get_model_version(NAME, "9")
        refused = "nothing"
    except MlflowException as error:
        refused = error.error_code
    references = ("/1", "/Production", "/latest", "@champion")
    result = {
        "mlflow": mlflow.__version__,
        "model": [model.name, model.description, model.tags, model.aliases],
        "champion": [version.version, version.current_stage, version.source, version.run_id, list(version.aliases)],
        "stages": {each.version: each.current_stage for each in client.search_model_versions(f"name='{NAME}'")},
        "latest": sorted(each.version for each in client.get_latest_versions(NAME)),
        "page": len(client.search_model_versions(f"name='{NAME}'", max_results=2)),
        "third": [client.get_model_version(NAME, "3").tags, client.get_model_version(NAME, "3").description],
        "refused": refused,
        "files": {
            reference: Path(mlflow.artifacts.download_artifacts(f"models:/{NAME}{reference}"), "MLmodel").is_file()
            for reference in references
        },
    }
    client.delete_model_version(NAME, "3")
    client.rename_registered_model(NAME, f"{NAME}, renamed")
    client.delete_registered_model(f"{NAME}, renamed")
    result["left"] = [each.name for each in client.search_registered_models(f"name LIKE '{NAME}%'")]
    json.dump(result, sys.stdout)


main(sys.argv[1])
