"""What aliases cost in answers, and what a search by alias costs: ``python -m tests.benchmarks.aliases``.

The server's processor time for each call, on one registry, half of whose models have an alias on every version. Each
call is made once to each model: first while nothing is cached, then again.
"""

import argparse
import http.client
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from sqlalchemy import insert

from tests.benchmarks.process_tree import processor_time
from tests.benchmarks.report import print_heading, print_table
from tests.live_registry import Server, command
from tui_registry_server.store.engine import database_url, make_engine
from tui_registry_server.store.tables import aliases, model_versions, registered_models, version_tags

MLFLOW = "/api/2.0/mlflow"
VERSIONS = 20  # of each model
STAGES = ("Production", "Staging", "Archived")
KINDS = ("none", "one each")
Call = tuple[str, dict[str, Any]]


def name(kind: str, number: int) -> str:
    return f"{kind.replace(' ', '-')}-{number:05}"


CALLS: dict[str, Callable[[str], Call]] = {
    "versions of a model": lambda of: (f"{MLFLOW}/model-versions/search", {"filter": f"name = '{of}'"}),
    "latest versions": lambda of: (f"{MLFLOW}/registered-models/get-latest-versions", {"name": of}),
    "a version": lambda of: (f"{MLFLOW}/model-versions/get", {"name": of, "version": "7"}),
}
"""By a model's name."""
FILTERS = {
    "alias that one version has": "alias = 'only'",
    "alias that no version has": "alias = 'nowhere'",
    "alias that a model in two has": "alias = 'v7'",
    "tag that one version has": "tags.k = 'only'",
}


def fill(database: str, models: int) -> None:
    rows = [(kind, number, f"{KINDS.index(kind)}{number:031}") for kind, number in product(KINDS, range(models))]
    stamps = {"user_id": "admin", "creation_timestamp": 1, "last_updated_timestamp": 1}
    versions = [(kind, model, each) for kind, _, model in rows for each in range(1, VERSIONS + 1)]
    location = {"source": "s3://bucket/model", "storage_location": "s3://bucket/model"}
    staged = dict(enumerate(STAGES, VERSIONS - len(STAGES) + 1))
    engine = make_engine(database_url(database), write=True)
    with engine.begin() as connection:
        connection.execute(
            insert(registered_models),
            [
                {"id": model, "name": name(kind, number), "last_version": VERSIONS} | stamps
                for kind, number, model in rows
            ],
        )
        connection.execute(
            insert(model_versions),
            [
                {"model_id": model, "version": each, "stage": staged.get(each, "None")} | location | stamps
                for _, model, each in versions
            ],
        )
        connection.execute(
            insert(aliases),
            [
                {"model_id": model, "alias": f"v{each}", "version": each}
                for kind, model, each in versions
                if kind != "none"
            ],
        )
        connection.execute(insert(aliases), {"model_id": rows[0][2], "alias": "only", "version": 1})
        connection.execute(insert(version_tags), {"model_id": rows[0][2], "version": 1, "key": "k", "value": "only"})
    engine.dispose()


class Asker:
    def __init__(self, server: Server, token: str) -> None:
        self._server = server
        self._connection = http.client.HTTPConnection(urlsplit(server.start()).netloc, timeout=120)
        self._headers = {"Authorization": f"Bearer {token}"}

    def cost(self, calls: list[Call]) -> float:
        """The server's processor time for each, in milliseconds."""
        begun = processor_time(self._server.pid)
        for path, fields in calls:
            self._connection.request("GET", f"{path}?{urlencode(fields)}", headers=self._headers)
            answer = self._connection.getresponse()
            content = answer.read()
            assert answer.status == 200, content[:500]
        return (processor_time(self._server.pid) - begun) * 1000 / len(calls)


@contextmanager
def asking(models: int) -> Iterator[Asker]:
    with tempfile.TemporaryDirectory() as folder:
        database = f"{folder}/registry.db"
        command(database, "users", "create", "admin", "--admin")
        token = command(database, "tokens", "create", "admin").strip()
        fill(database, models)
        with Server(Path(folder), database) as server:
            yield Asker(server, token)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=1_000, help="Of each kind.")
    models: int = parser.parse_args().models
    print_heading("What aliases cost", "tui-registry")
    print(f"{2 * models:,} models, {2 * models * VERSIONS:,} versions; milliseconds of processor time per call\n")
    with asking(models) as asker:
        asker.cost([(f"{MLFLOW}/registered-models/search", {"max_results": 1})] * 200)  # what is done once
        rows = []
        for what, call in CALLS.items():
            order = {kind: [call(name(kind, number)) for number in range(models)] for kind in KINDS}
            for calls in order.values():
                random.Random(0).shuffle(calls)
            for when in ("at first", "again"):
                costs = {kind: asker.cost(order[kind]) for kind in KINDS}
                rows.append((f"{what}, {when}", *costs.values(), f"{costs[KINDS[1]] / costs[KINDS[0]]:.2f}"))
        print_table(("call", *(f"{kind} of its aliases" for kind in KINDS), "ratio"), rows)
        search = f"{MLFLOW}/model-versions/search"
        found = [
            (what, asker.cost([(search, {"filter": text, "max_results": 20})] * 200)) for what, text in FILTERS.items()
        ]
        print_table(("versions by", "ms"), found)


if __name__ == "__main__":
    main()
