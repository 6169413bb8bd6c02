"""What a training run leaves behind with a version: where it is, what it was made of, how good it was."""

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
"""Versions of the frameworks, in the order in which the company moved to them."""

STORES = {
    "risk": "abfss://models@riskprod.dfs.example.com",
    "fraud": "s3://fraud-ml-artifacts",
    "supply": "gs://supply-ml-artifacts",
    "customer": "mlflow-artifacts:",
}


def fields(card: Card, chance: random.Random) -> dict[str, str]:
    """The source, the run, and its link. What MLflow 3 logs is registered as a logged model."""
    run_id = f"{chance.getrandbits(128):032x}"
    experiment = sum(card.dataset.encode()) % 900 + 100
    made = {
        "source": f"{STORES[card.team]}/{experiment}/{run_id}/artifacts/model",
        "run_id": run_id,
        "run_link": f"https://mlflow.example.com/#/experiments/{experiment}/runs/{run_id}",
    }
    if card.nightly:
        logged = f"m-{chance.getrandbits(128):032x}"
        made |= {"source": f"models:/{logged}", "model_id": logged}
    return made


def dataset(card: Card, day: datetime) -> str:
    """The snapshot trained on: a week's for what is trained nightly, else a month's."""
    year, week, _ = day.isocalendar()
    return f"{card.dataset}_{year}w{week:02}" if card.nightly else f"{card.dataset}_{day:%Y_%m}"


def value(card: Card, number: int, chance: random.Random) -> float:
    """The metric of a version by its number: better with time, more or less."""
    _, start, gain = card.metric
    return start + gain * (number - 1 + chance.uniform(-1.5, 1.5))


def tags(card: Card, data: str, metric_value: float, age: float, chance: random.Random) -> Mapping[str, str]:
    """``age``: from 0 for the oldest to 1 for today's."""
    metric, _, _ = card.metric
    releases = RELEASES[card.framework]
    made = {
        "dataset": data,
        "framework": f"{card.framework} {releases[min(int(age * len(releases)), len(releases) - 1)]}",
        "git_sha": f"{chance.getrandbits(28):07x}",
        "training_rows": str(chance.randrange(40, 9000) * 1000),
        f"val_{metric}": f"{metric_value:.4g}",
    }
    if card.nightly:
        made["build"] = f"https://jenkins.example.com/job/retrain-{card.dataset}/{chance.randrange(200, 900)}/"
    return made
