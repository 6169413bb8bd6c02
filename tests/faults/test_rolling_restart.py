"""Servers that are stopped and started under load: no request fails, no change is lost."""

import http.client
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import nginx
from tests.faults.rounds import ROUNDS
from tests.live_registry import ADMIN, DATABASE_VARIABLE, Server, command, fresh_database
from tests.postgresql import bundled_server
from tests.server.api import TIMEOUT, Api
from tests.server.streams import stream
from tests.variants import variant

CREATE = "/api/2.0/mlflow/registered-models/create"


class Writers:
    """Threads that create models one after the other, each on a connection that it keeps."""

    def __init__(self, url: str, token: str, count: int, prefix: str = "model") -> None:
        self._address = urlsplit(url).netloc
        self._headers = {"Authorization": f"Bearer {token}"}
        self._count = count
        self._prefix = prefix
        self._end = threading.Event()
        self.created: set[str] = set()
        self.failures: list[str] = []
        self.refused = 0
        """Connections that nobody took: nothing was sent on them."""

    @contextmanager
    def running(self) -> Iterator[None]:
        with ThreadPoolExecutor(self._count) as threads:
            running = [threads.submit(self._write, number) for number in range(self._count)]
            try:
                yield
            finally:
                self._end.set()
            for each in running:
                each.result()

    def wait_for(self, more: int) -> None:
        deadline = time.monotonic() + TIMEOUT
        wanted = len(self.created) + more
        while len(self.created) < wanted:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def _write(self, thread: int) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=TIMEOUT)
        number = 0
        while not self._end.is_set():
            number += 1
            name = f"{self._prefix}-{thread}-{number}"
            if connection.sock is None:
                try:
                    connection.connect()
                except OSError:
                    self.refused += 1
                    connection.close()
                    time.sleep(0.02)
                    continue
            try:
                connection.request("POST", CREATE, json.dumps({"name": name}), self._headers)
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{name}: {error!r}")
                connection.close()
                continue
            if answer.status == 200:
                self.created.add(name)
            else:
                self.failures.append(f"{name}: {answer.status} {content[:200]!r}")
        connection.close()


def names(url: str, token: str) -> set[str]:
    """The models of a registry."""
    with Api(url, token) as api:
        found: list[str] = []
        page = ""
        while True:
            answer = api.get("/mlflow/registered-models/list", max_results=1000, page_token=page).ok()
            found += [model["name"] for model in answer.get("registered_models", [])]
            if not (page := answer.get("next_page_token", "")):
                return set(found)


def token_for(database: str) -> str:
    command(database, "users", "create", ADMIN, "--admin")
    return command(database, "tokens", "create", ADMIN).strip()


@pytest.mark.parametrize("drain", [variant("0"), "0.5"])
def test_writers_at_a_stop(drain: str, tmp_path: Path) -> None:
    """Each request of those whom the server has let in is answered, with a drain and without."""
    with fresh_database(tmp_path) as database, Server(tmp_path, database, "--drain", drain) as server:
        token = token_for(database)
        created: set[str] = set()
        for round_ in range(1 + ROUNDS // 100):
            url = server.start()
            writers = Writers(url, token, 8, f"model-{round_}")
            with writers.running(), Api(url, token) as api, stream(api) as events:
                writers.wait_for(40)
                assert server.end() == 0
                events.rest()
            assert writers.failures == []
            created |= writers.created
        assert names(server.start(), token) == created


@pytest.mark.skipif(nginx.PROGRAM is None, reason="nginx is not installed")
def test_two_servers_are_restarted_one_after_the_other(tmp_path: Path) -> None:
    """Behind nginx, on one PostgreSQL, under sixteen writers."""
    with ExitStack() as stack:
        maintenance = os.environ.get(DATABASE_VARIABLE) or stack.enter_context(bundled_server()).url
        database = stack.enter_context(fresh_database(tmp_path, maintenance))
        token = token_for(database)
        servers = []
        for number in range(2):
            (folder := tmp_path / str(number)).mkdir()
            servers.append(stack.enter_context(Server(folder, database, "--drain", "0.5")))
        addresses = [urlsplit(server.start()).netloc for server in servers]
        url = stack.enter_context(nginx.balanced(tmp_path, free_port(), addresses))
        writers = Writers(url, token, 16)
        with writers.running():
            for server in servers:
                writers.wait_for(100)
                assert server.end() == 0
                writers.wait_for(50)
                server.start()
            writers.wait_for(100)
        assert writers.failures == []
        assert writers.refused == 0
        assert names(url, token) == writers.created


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
