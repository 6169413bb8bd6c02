"""How answers slow down as a registry grows: ``python -m tests.benchmarks.growth --folder FOLDER``.

The same queries, alternately, to a registry of 1,000 models and to one of 100,000 (a million versions), each with a
real server. One connection, one query at a time: latency is measured, not throughput.
"""

import argparse
import http.client
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.benchmarks.filling import FRAMEWORKS, HUGE, HUGE_VERSIONS, PEOPLE, REGIONS, TEAMS, Filled, filled, model_name
from tests.benchmarks.report import print_heading, print_table
from tests.live_registry import Server

MLFLOW = "/api/2.0/mlflow"
SIZES = (1_000, 100_000)
MAX_PAGES = 100  # to the end of a list


@dataclass(frozen=True)
class Question:
    """A query: a path and its parameters, some of them random. ``reader``: by a user who may read a hundredth."""

    name: str
    path: str
    ask: Callable[[random.Random, int], dict[str, Any]]
    reader: bool = False


def _search(text: str, **more: Any) -> Callable[[random.Random, int], dict[str, Any]]:
    """A search whose filter contains attributes of a random model."""

    def ask(chance: random.Random, models: int) -> dict[str, Any]:
        number = chance.randrange(models - 1)
        parts = {"number": f"{number:06}", "name": model_name(number), "team": TEAMS[number % 8]}
        parts |= {"region": REGIONS[number % 7], "framework": FRAMEWORKS[number % 5], "person": PEOPLE[number % 50]}
        return {"filter": text.format_map(parts), "max_results": 100} | more

    return ask


def _of_a_model(**more: Any) -> Callable[[random.Random, int], dict[str, Any]]:
    return lambda chance, models: {"name": model_name(chance.randrange(models - 1))} | more


def _always(**fields: Any) -> Callable[[random.Random, int], dict[str, Any]]:
    return lambda _chance, _models: fields


_MODELS, _VERSIONS = f"{MLFLOW}/registered-models/search", f"{MLFLOW}/model-versions/search"
_FEED, _INBOX = f"{MLFLOW}/activities/list", f"{MLFLOW}/transition-requests/list"
QUESTIONS = (
    Question("get a model", f"{MLFLOW}/registered-models/get", _of_a_model()),
    Question("get a model, Databricks", f"{MLFLOW}/databricks/registered-models/get", _of_a_model()),
    Question("get a version", f"{MLFLOW}/model-versions/get", _of_a_model(version="7")),
    Question("latest versions", f"{MLFLOW}/registered-models/get-latest-versions", _of_a_model()),
    Question("models: first page", _MODELS, _always(max_results=100)),
    Question("models: by name", _MODELS, _search("name = '{name}'")),
    Question("models: prefix", _MODELS, _search("name LIKE '{team}-%'")),
    Question("models: substring, rare", _MODELS, _search("name LIKE '%-{number}%'")),
    Question("models: substring, common", _MODELS, _search("name LIKE '%{region}%'")),
    Question("models: substring, none", _MODELS, _search("name LIKE '%zzzz%'")),
    Question("models: substring, any case", _MODELS, _search("name ILIKE '%A-{number}%'")),
    Question("models: two letters, rare", _MODELS, _search("name ILIKE '%qx%'")),
    Question("models: tag, common value", _MODELS, _search("tags.team = '{team}'")),
    Question("models: tag, rare value", _MODELS, _search("tags.ticket = 'ML-{number}'")),
    Question("models: tag, unlike", _MODELS, _search("tags.framework != '{framework}'")),
    Question("models: tag, substring, rare", _MODELS, _search("tags.ticket LIKE '%L-999%'")),
    Question("models: tag, substring, none", _MODELS, _search("tags.ticket LIKE '%zzz%'")),
    Question("models: two tags", _MODELS, _search("tags.team = '{team}' AND tags.framework = '{framework}'")),
    Question("models: by stage", _MODELS, _search("stage = 'Staging'")),
    Question("models: by person", _MODELS, _search("user_id = '{person}'")),
    Question("models: last changed first", _MODELS, _always(max_results=100, order_by="last_updated_timestamp DESC")),
    Question("versions: of a model", _VERSIONS, _search("name = '{name}'")),
    Question("versions: of the huge model", _VERSIONS, _always(filter=f"name = '{HUGE}'", max_results=100)),
    Question("versions: first page", _VERSIONS, _always(max_results=100)),
    Question("versions: by run", _VERSIONS, _search("run_id = '000000{number}00000000000000000003'")),
    Question("versions: name's substring, rare", _VERSIONS, _search("name LIKE '%-{number}%'")),
    Question("versions: name's substring, none", _VERSIONS, _search("name ILIKE '%zzzz%'")),
    Question("versions: by stage", _VERSIONS, _search("stage = 'Production'")),
    Question("versions: tag, rare value", _VERSIONS, _search("tags.commit = '{number}'")),
    Question("versions: tag, unlike", _VERSIONS, _search("tags.commit != '{number}'")),
    Question("versions: by person", _VERSIONS, _search("user_id = '{person}'")),
    Question("inbox", _INBOX, _always(max_results=100)),
    Question("feed", _FEED, _always(max_results=100)),
    Question("feed of a model", _FEED, _of_a_model(max_results=100)),
    Question("feed of the huge model", _FEED, _always(name=HUGE, max_results=100)),
    Question("feed of a person", _FEED, _always(user=PEOPLE[7], max_results=100)),
    Question("feed of a rare type", _FEED, _always(activity_type="NEW_COMMENT", max_results=100)),
    Question("feed before a time", _FEED, _always(to=1_700_300_000_000, max_results=100)),
    Question("the huge model", f"{MLFLOW}/registered-models/get", _always(name=HUGE)),
    Question("reader: first page", _MODELS, _always(max_results=100), reader=True),
    Question("reader: substring, rare", _MODELS, _search("name LIKE '%-{number}%'"), reader=True),
    Question("reader: substring, common", _MODELS, _search("name LIKE '%{region}%'"), reader=True),
    Question("reader: tag", _MODELS, _search("tags.team = '{team}'"), reader=True),
    Question("reader: by stage", _MODELS, _search("stage = 'Staging'"), reader=True),
    Question("reader: versions, first page", _VERSIONS, _always(max_results=100), reader=True),
    Question("reader: versions by stage", _VERSIONS, _search("stage = 'Production'"), reader=True),
    Question("reader: inbox", _INBOX, _always(max_results=100), reader=True),
    Question("reader: feed", _FEED, _always(max_results=100), reader=True),
)


class Asker:
    """One connection to a server."""

    def __init__(self, url: str, registry: Filled) -> None:
        self.models = registry.models
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
        self._tokens = {False: registry.admin_token, True: registry.reader_token}

    def ask(self, path: str, fields: dict[str, Any], *, reader: bool = False) -> tuple[float, Any]:
        """The latency in milliseconds, and the answer."""
        begun = time.perf_counter()
        headers = {"Authorization": f"Bearer {self._tokens[reader]}"}
        self._connection.request("GET", f"{path}?{urlencode(fields)}", headers=headers)
        answer = self._connection.getresponse()
        content = answer.read()
        taken = (time.perf_counter() - begun) * 1000
        assert answer.status == 200, content[:500]
        return taken, json.loads(content)

    def close(self) -> None:
        self._connection.close()


@contextmanager
def asking(registry: Filled, folder: Path) -> Iterator[Asker]:
    """Start the server of a registry, and connect to it."""
    logs = folder / f"{registry.models}-models"
    with Server(logs, registry.database) as server:
        asker = Asker(server.start(), registry)
        yield asker
        asker.close()


def measure(askers: Sequence[Asker], times: int, only: str) -> None:
    rows: list[Sequence[object]] = []
    for question in QUESTIONS:
        if only not in question.name:
            continue
        taken: list[list[float]] = [[] for _ in askers]
        chances = [random.Random(question.name) for _ in askers]
        for turn in range(times + 1):
            for asker, chance, of in zip(askers, chances, taken, strict=True):
                each, _ = asker.ask(question.path, question.ask(chance, asker.models), reader=question.reader)
                if turn:  # the first warms up
                    of.append(each)
        rows.append((question.name, *(figure for of in taken for figure in percentiles(of)), _ratio(taken)))
    print_table(
        ("question", *(f"{asker.models:,} models: {p} ms" for asker in askers for p in ("p50", "p95")), "ratio of p50"),
        rows,
    )


def _ratio(taken: Sequence[Sequence[float]]) -> float:
    return statistics.median(taken[-1]) / statistics.median(taken[0])


def percentiles(values: Sequence[float]) -> tuple[float, float]:
    """The 50th and the 95th."""
    cut = statistics.quantiles(values, n=20, method="inclusive")
    return cut[9], cut[18]


def measure_ends(asker: Asker, times: int) -> None:
    """Pages of 100 at the beginning of a list and, reached by larger pages, at its end."""
    rows = []
    for name, path, step, fields in (
        ("models", _MODELS, 1000, {}),
        ("models, by time", _MODELS, 1000, {"order_by": "last_updated_timestamp DESC"}),
        ("versions", _VERSIONS, 20_000, {}),
        (f"versions of the model of {HUGE_VERSIONS:,}", _VERSIONS, 5_000, {"filter": f"name = '{HUGE}'"}),
        ("feed of that model", _FEED, 1000, {"name": HUGE}),
    ):
        token = ""
        for _ in range(MAX_PAGES):
            _, answer = asker.ask(path, fields | {"max_results": step, "page_token": token})
            if "next_page_token" not in answer:
                break
            token = answer["next_page_token"]
        first, last = [
            percentiles([asker.ask(path, fields | {"max_results": 100} | page)[0] for _ in range(times)])
            for page in ({}, {"page_token": token})
        ]
        rows.append((name, *first, *last, last[0] / first[0]))
    print_table(("pages of 100", "first: p50 ms", "p95 ms", "last: p50 ms", "p95 ms", "ratio of p50"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the registries are stored (1.1 GB)")
    parser.add_argument("--times", type=int, default=40, help="how often each query is sent")
    parser.add_argument("--only", default="", help="only the queries whose names contain this")
    options = parser.parse_args()
    print_heading("Growth", "sqlalchemy", "starlette", "uvicorn")
    with ExitStack() as stack:
        askers = [stack.enter_context(asking(filled(options.folder, models), options.folder)) for models in SIZES]
        measure(askers, options.times, options.only)
        if not options.only:
            measure_ends(askers[-1], options.times)


if __name__ == "__main__":
    main()
