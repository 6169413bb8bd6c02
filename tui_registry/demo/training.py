"""The fields of a version that come from its training run: source, dataset, metric, tags."""

import random
from collections.abc import Mapping
from datetime import datetime

from tui_registry.demo.model_card import Card

RELEASES = {
    "catboost": ("1.2.5", "1.2.7", "1.2.8"),
    "implicit": ("0.7.2",),
    "lightgbm": ("4.3.0", "4.5.0", "4.6.0"),
    "prophet": ("1.1.6", "1.1.7"),
    "pytorch": ("2.4.1", "2.6.0", "2.7.1"),
    "pytorch-forecasting": ("1.1.1", "1.3.0"),
    "pytorch-geometric": ("2.6.1",),
    "scikit-learn": ("1.4.2", "1.5.2", "1.6.1"),
    "statsmodels": ("0.14.2", "0.14.4"),
    "tensorflow": ("2.16.2", "2.18.0"),
    "transformers": ("4.44.2", "4.48.3", "4.51.3"),
    "xgboost": ("2.0.3", "2.1.4", "3.0.2"),
}
"""Framework versions, in the order in which the company upgraded."""

STORES = {
    "risk": "abfss://models@riskprod.dfs.example.com",
    "fraud": "s3://fraud-ml-artifacts",
    "supply": "gs://supply-ml-artifacts",
    "customer": "mlflow-artifacts:",
}


def fields(card: Card, rng: random.Random) -> dict[str, str]:
    """The source, the run, and its link. Nightly trainings use MLflow 3 and register logged models."""
    run_id = f"{rng.getrandbits(128):032x}"
    experiment = sum(card.dataset.encode()) % 900 + 100
    result = {
        "source": f"{STORES[card.team]}/{experiment}/{run_id}/artifacts/model",
        "run_id": run_id,
        "run_link": f"https://mlflow.example.com/#/experiments/{experiment}/runs/{run_id}",
    }
    if card.nightly:
        logged = f"m-{rng.getrandbits(128):032x}"
        result |= {"source": f"models:/{logged}", "model_id": logged}
    return result


def dataset(card: Card, day: datetime) -> str:
    """The training snapshot: weekly for nightly trainings, else monthly."""
    year, week, _ = day.isocalendar()
    return f"{card.dataset}_{year}w{week:02}" if card.nightly else f"{card.dataset}_{day:%Y_%m}"


def value(card: Card, number: int, rng: random.Random) -> float:
    """The metric of a version by its number: it tends to improve."""
    _, start, gain = card.metric
    return start + gain * (number - 1 + rng.uniform(-1.5, 1.5))


def tags(card: Card, data: str, metric_value: float, age: float, rng: random.Random) -> Mapping[str, str]:
    """``age``: from 0 for the oldest to 1 for today."""
    metric, _, _ = card.metric
    releases = RELEASES[card.framework]
    result = {
        "dataset": data,
        "framework": f"{card.framework} {releases[min(int(age * len(releases)), len(releases) - 1)]}",
        "git_sha": f"{rng.getrandbits(28):07x}",
        "training_rows": str(rng.randrange(40, 9000) * 1000),
        f"val_{metric}": f"{metric_value:.4g}",
    }
    if card.nightly:
        result["build"] = f"https://jenkins.example.com/job/retrain-{card.dataset}/{rng.randrange(200, 900)}/"
    return result
