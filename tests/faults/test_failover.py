"""Two servers on a PostgreSQL primary with a synchronous standby, during failovers. What was acknowledged is stored
afterwards, what was refused is not, and both servers recover by themselves. A longer form, with the counts:

TUI_REGISTRY_TEST_ROUNDS=1000 python -m pytest -n0 -s tests/faults/test_failover.py
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.history import check
from tests.faults.rounds import ROUNDS
from tests.live_registry import ADMIN, Server, command
from tests.replicated_postgresql import DATABASE, TIMEOUT, Pair, replicated_postgresql
from tests.server.api import Answer, Api
from tests.server.streams import Stream, stream
from tui_registry_server.store.engine import database_url, make_engine

WRITERS = 2  # at each server
LONGEST = "1"  # seconds that a server waits for its database
FAILOVERS = max(1, ROUNDS // 100)
MODEL = "alpha"
CONNECTIONS = "FROM pg_stat_activity WHERE application_name = 'tui-registry'"
RECORDS = "SELECT count(*) FROM activities"


@dataclass
class Servers:
    """Two servers on the same pair, called by the same administrator, never restarted. ``database`` is the URL."""

    pair: Pair
    database: str
    urls: list[str]
    token: str
    logs: list[Path]

    def api(self, number: int) -> Api:
        return Api(self.urls[number], self.token)

    def until_served(self) -> list[float]:
        """Seconds until both of them can write."""
        began = time.monotonic()
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda number: self._until_served(number) - began, range(2)))

    def _until_served(self, number: int) -> float:
        deadline = time.monotonic() + TIMEOUT
        with self.api(number) as api:
            while (answer := create(api, f"served {time.monotonic()}")).status != 200:
                assert answer.status == 503, answer
                assert time.monotonic() < deadline, self.logs[number].read_text()[-3000:]
                time.sleep(0.05)
        return time.monotonic()

    def cut_connections(self) -> None:
        """Close the connections, so that new ones are opened."""
        self.pair.primary.execute(f"SELECT pg_terminate_backend(pid) {CONNECTIONS}")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("failover")
    with replicated_postgresql() as pair, ExitStack() as stack:
        database = f"postgresql://postgres@{pair.hosts}/{DATABASE}?connect_timeout=2"
        command(database, "users", "create", ADMIN, "--admin")
        token = command(database, "tokens", "create", ADMIN).strip()
        urls, logs = [], []
        for name, attributes in (("one", ""), ("two", "&target_session_attrs=read-write")):
            (folder / name).mkdir()
            limits = ("--longest-write", LONGEST, "--longest-read", LONGEST)
            server = stack.enter_context(Server(folder / name, database + attributes, *limits))
            urls.append(server.start())
            logs.append(server.log)
        servers = Servers(pair, database, urls, token, logs)
        with servers.api(0) as api:
            api.post("/mlflow/registered-models/create", name=MODEL).ok()
            create(api, "the first").ok()
        yield servers
        for log in logs:
            logged = log.read_text()
            assert "Traceback" not in logged, f"the server failed on the way:\n{logged}"


def create(api: Api, text: str) -> Answer:
    return api.post("/mlflow/model-versions/create", name=MODEL, source="s3://x", description=text)


@dataclass
class Answers:
    """What the servers answered to the changes with these texts."""

    acknowledged: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    """Refused with the message that nothing was changed."""
    unknown: set[str] = field(default_factory=set)
    reads: dict[int, int] = field(default_factory=lambda: {200: 0, 503: 0})
    longest: float = 0.0
    stopped: threading.Event = field(default_factory=threading.Event)

    def write(self, servers: Servers, number: int, writer: int) -> None:
        count = 0
        with servers.api(number) as api:
            while not self.stopped.is_set():
                text = f"{number} {writer} {(count := count + 1)}"
                answer = self._timed(lambda text=text: create(api, text))  # type: ignore[misc]  # mypy knows no lambda's default
                if answer.status == 200:
                    self.acknowledged.add(text)
                elif "Nothing was changed" in answer.refused(503, "TEMPORARILY_UNAVAILABLE"):
                    self.refused.add(text)
                else:
                    assert "Check before you repeat it" in answer.json["message"]
                    self.unknown.add(text)
                self.stopped.wait(0.01)

    def read(self, servers: Servers, number: int) -> None:
        with servers.api(number) as api:
            while not self.stopped.wait(0.02):
                answer = self._timed(lambda: api.get("/mlflow/registered-models/get", name=MODEL))
                if answer.status != 200:
                    answer.refused(503, "TEMPORARILY_UNAVAILABLE")
                self.reads[answer.status] += 1
                assert api.get("/health").status == 200

    def _timed(self, call: Callable[[], Answer]) -> Answer:
        began = time.monotonic()
        answer = call()
        self.longest = max(self.longest, time.monotonic() - began)
        return answer


def texts(api: Api) -> list[str]:
    """Those of all stored versions."""
    found, page = [], ""
    while True:
        fields = {"filter": f"name='{MODEL}'", "max_results": 1000} | ({"page_token": page} if page else {})
        answer = api.get("/mlflow/model-versions/search", **fields).ok()
        found += [version.get("description", "") for version in answer.get("model_versions", [])]
        page = answer.get("next_page_token", "")
        if not page:
            return found


def hold_true(servers: Servers, answers: Answers) -> None:
    """At both servers: every acknowledged change is stored, and no refused one, and none twice."""
    for number in range(2):
        with servers.api(number) as api:
            there = texts(api)
        assert len(there) == len(set(there))
        assert answers.acknowledged <= set(there), f"lost: {answers.acknowledged - set(there)}"
        assert not answers.refused & set(there), f"made, though refused: {answers.refused & set(there)}"
    command(servers.database, "audit", "verify")
    engine = make_engine(database_url(servers.database), write=False)
    with engine.connect() as connection:
        check(connection)
    engine.dispose()


def follow(events: Stream, last: str) -> list[str]:
    """The ids of the events, up to a comment."""
    return [event["id"] for event in events.until_comment(last)]


@pytest.mark.timeout(300 + FAILOVERS * 60)
def test_the_primary_is_killed_and_the_standby_takes_its_place(servers: Servers) -> None:
    for _ in range(FAILOVERS):
        fail_over(servers)


def fail_over(servers: Servers) -> None:
    pair, answers = servers.pair, Answers()
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(2 * WRITERS + 4))
        stack.callback(answers.stopped.set)
        events = [stack.enter_context(stream(stack.enter_context(servers.api(number)))) for number in range(2)]
        last = f"last {time.monotonic()}"
        following = [pool.submit(follow, each, last) for each in events]
        working = [pool.submit(answers.write, servers, number % 2, number) for number in range(2 * WRITERS)]
        working += [pool.submit(answers.read, servers, number) for number in range(2)]
        until(lambda: len(answers.acknowledged) > 50, working)
        pair.primary.signal(signal.SIGKILL)
        killed_at = time.monotonic()
        until(lambda: len(answers.refused) > 20 and answers.reads[503] > 20, working)
        before = len(answers.acknowledged)
        pair.promote()
        promoted_at = time.monotonic()
        seconds = servers.until_served()
        until(lambda: len(answers.acknowledged) > before + 50, working)
        # The former primary is started again, before or after the other one in the list of hosts.
        pair.standby.start()
        (stale,) = pair.standby.query(RECORDS)
        for _ in range(2):
            servers.cut_connections()
            servers.until_served()
        assert pair.standby.query(RECORDS) == [stale], "nobody writes to a primary that was replaced"
        pair.attach()
        until(lambda: len(answers.acknowledged) > before + 100, working)
        answers.stopped.set()
        for each in working:
            each.result()
        with servers.api(0) as api:
            api.post("/mlflow/comments/create", name=MODEL, version="1", comment=last).ok()
        seen = [each.result() for each in following]
        hold_true(servers, answers)
        assert seen[0] == seen[1], "both streams have the same events, each change once and in order"
        assert len(seen[0]) == len(set(seen[0])) >= len(answers.acknowledged)
    print(
        f"\n{len(answers.acknowledged)} writes acknowledged, all there; {len(answers.refused)} refused, none there; "
        f"{len(answers.unknown)} unknown; {answers.reads[200]} reads answered, {answers.reads[503]} refused; the "
        f"longest call {answers.longest:.1f} s; promoted {promoted_at - killed_at:.1f} s after the kill, and writing "
        f"again {' and '.join(f'{each:.1f}' for each in seconds)} s later"
    )


def until(happened: Callable[[], bool], working: list[Future[None]]) -> None:
    """Something is happening; concurrent reads do not fail."""
    deadline = time.monotonic() + TIMEOUT
    while not happened():
        for each in working:
            if each.done():
                each.result()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_primary_is_paused(servers: Servers) -> None:
    """The process does not answer, but its machine runs: TCP does not notice."""
    pair = servers.pair
    with servers.api(0) as one, servers.api(1) as two:
        create(one, "before the pause").ok()
        pair.primary.signal(signal.SIGSTOP)
        began = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            calls = [
                pool.submit(create, one, "paused one"),
                pool.submit(create, two, "paused two"),
                pool.submit(read, servers, 0),
                pool.submit(read, servers, 1),
            ]
            for call in calls:
                call.result().refused(503, "TEMPORARILY_UNAVAILABLE")
        waited = time.monotonic() - began
        pair.promote()
        seconds = servers.until_served()
        pair.standby.signal(signal.SIGCONT)
        (stale,) = pair.standby.query(RECORDS)
        servers.cut_connections()
        servers.until_served()
        assert pair.standby.query(RECORDS) == [stale]
        pair.attach()
        assert "before the pause" in texts(one)
    print(f"\nfour calls refused within {waited:.1f} s; writing again {seconds} s after the promotion")


def read(servers: Servers, number: int) -> Answer:
    with servers.api(number) as api:
        return api.get("/mlflow/registered-models/list")


def test_the_synchronous_standby_is_gone(servers: Servers) -> None:
    pair = servers.pair
    with servers.api(0) as one, servers.api(1) as two:
        create(one, "with a standby").ok()
        pair.standby.stop()
        message = create(one, "without one").refused(503, "TEMPORARILY_UNAVAILABLE")
        assert "the change may have been made, or not" in message
        message = create(two, "behind it").refused(503, "TEMPORARILY_UNAVAILABLE")
        assert "Nothing was changed" in message
        assert {"without one", "behind it"}.isdisjoint(texts(two)), "what is safe can still be read"
        pair.standby.start()
        servers.until_served()
        there = texts(two)
        assert "without one" in there
        assert "behind it" not in there


def test_somebody_ends_the_wait_for_the_standby(servers: Servers) -> None:
    """PostgreSQL reports that the change was committed, and warns that it may be lost."""
    pair = servers.pair
    with servers.api(0) as api, ThreadPoolExecutor(1) as pool:
        pair.standby.stop()
        waiting = pool.submit(create, api, "cancelled")
        waits = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        pair.primary.until(f"SELECT count(*) = 1 {waits}")
        pair.primary.execute(f"SELECT pg_cancel_backend(pid) {waits}")
        message = waiting.result().refused(503, "TEMPORARILY_UNAVAILABLE")
        assert "has committed the change, but may still lose it" in message
        pair.standby.start()
        servers.until_served()
        assert "cancelled" in texts(api)


def lose(servers: Servers, change: Callable[[], object]) -> None:
    """Fail over to a standby that lacks a change. Without synchronous replication, acknowledged changes may be lost."""
    pair = servers.pair
    pair.synchronous(on=False)
    pair.standby.stop()
    change()
    pair.primary.signal(signal.SIGKILL)
    pair.standby.start()
    pair.promote()


def test_a_token_that_was_lost_is_known_nowhere(servers: Servers) -> None:
    tokens: list[str] = []

    def statuses() -> set[int]:
        with ExitStack() as stack:
            apis = [stack.enter_context(Api(url, token)) for token in tokens for url in servers.urls]
            return {api.get("/mlflow/registered-models/get", name=MODEL).status for api in apis}

    def mint() -> None:
        tokens.extend(command(servers.database, "tokens", "create", ADMIN).strip() for _ in range(3))
        assert statuses() == {200}

    lose(servers, mint)
    for _ in range(3):  # as many changes as were lost, before the servers poll again
        command(servers.database, "tokens", "create", ADMIN)
    assert statuses() == {401}
    servers.pair.attach()


def test_a_stream_goes_on_from_where_the_histories_part(servers: Servers) -> None:
    with servers.api(0) as one, servers.api(1) as two, stream(one) as events, stream(two) as others:
        both = (events, others)

        def say(text: str) -> None:
            one.post("/mlflow/comments/create", name=MODEL, version="1", comment=text).ok()

        def say_what_will_be_lost() -> None:
            for number in range(3):
                say(f"lost {number}")
            for each in both:
                each.until_comment("lost 2")

        lose(servers, say_what_will_be_lost)
        servers.until_served()
        say("kept")
        for each in both:
            answers = each.until_comment("kept")
            assert "CREATED_VERSION" in {activity["activity_type"] for activity in answers}, (
                "that which was served first"
            )
        servers.pair.attach()
