"""How long other clients wait during the largest requests: every route's largest bodies and queries, searches of many
comparisons, the longest answers, the largest changes; one at a time, and eight at once.

``python -m tests.benchmarks.stalls`` takes some minutes. A probe in another process requests ``/health`` and a
model every five milliseconds each: the tables show its latencies. ``nothing`` is its latency without other requests;
``machine`` is the maximum delay of waking up a thread that only slept, which is not caused by the server.
"""

import http.client
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import click
from sqlalchemy import func, select, update

from tests.benchmarks.filling import HUGE, Filled, filled, model_id, put, writing
from tests.benchmarks.largest_requests import VICTIM, Request, largest_requests
from tests.benchmarks.probe import Measurements, Probe
from tests.benchmarks.report import print_heading, print_table
from tests.live_registry import Server
from tui_registry_server.store.tables import model_versions, principals

MLFLOW = "/api/2.0/mlflow"
SCIM = "/api/2.0/preview/scim/v2"
PEOPLE = 10_000  # in the largest group
COLUMNS = ("request", "by", "itself, ms", "status", "others: p50, ms", "p99", "longest", "machine", "memory, MiB")
PAUSE = 0.02  # seconds between two requests, so that each is seen alone
TIMEOUT = 120  # seconds


class Sent(NamedTuple):
    """``began`` and ``ended`` in monotonic seconds."""

    request: Request
    by: str
    statuses: dict[int | str, int]
    began: float
    ended: float
    slowest: float


class Sender:
    """Sends requests to a server, each on a new connection, with one of several tokens."""

    def __init__(self, url: str, tokens: dict[str, str]) -> None:
        self._host = urlsplit(url).netloc
        self._tokens = tokens

    def send(self, request: Request, by: str) -> int | str:
        """The status, or the name of the connection's error."""
        connection = http.client.HTTPConnection(self._host, timeout=TIMEOUT)
        try:
            headers = {"Authorization": f"Bearer {self._tokens[by]}"}
            connection.request(request.method, request.target, request.body, headers)
            response = connection.getresponse()
            response.read()
            return response.status
        except OSError as error:
            return type(error).__name__
        finally:
            connection.close()

    def once(self, request: Request, by: str) -> Sent:
        began = time.monotonic()
        status = self.send(request, by)
        ended = time.monotonic()
        time.sleep(PAUSE)
        return Sent(request._replace(body=None), by, {status: 1}, began, ended, ended - began)

    def flood(self, name: str, requests: Iterable[tuple[Request, str]], connections: int, seconds: float) -> Sent:
        """Repeat these requests on concurrent connections."""
        statuses: dict[int | str, int] = {}
        times: list[float] = []
        lock = threading.Lock()
        left = cycle(requests)
        began = time.monotonic()

        def send_until_the_end() -> None:
            while time.monotonic() < began + seconds:
                with lock:
                    request, by = next(left)
                start = time.monotonic()
                status = self.send(request, by)
                with lock:
                    statuses[status] = statuses.get(status, 0) + 1
                    times.append(time.monotonic() - start)

        threads = [threading.Thread(target=send_until_the_end) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ended = time.monotonic()
        time.sleep(0.2)
        return Sent(Request(name, "", "", "", None), "", statuses, began, ended, max(times))


def searches() -> Iterator[Request]:
    """Searches with many comparisons, long patterns, long lists."""
    hundred = range(100)
    filters = {
        "100 tags, =": [f"tags.k{n} = 'v'" for n in hundred],
        "100 tags, ILIKE": [f"tags.k{n} ILIKE '%abc%'" for n in hundred],
        "100 comparisons of one tag": ["tags.commit ILIKE '%0%'"] * 100,
        "100 of a common tag and name": ["tags.team != 'x'", "name ILIKE '%a%'"] * 50,
        "100 names, ILIKE": [f"name ILIKE '%{n % 10}%'" for n in hundred],
        "100 names, LIKE with trigrams": [f"name LIKE '%eu-{n:03}%'" for n in hundred],
        "100 names, NOT IN": [f"name NOT IN ('{n}')" for n in hundred],
        "100 stages": ["stage != 'Archived'"] * 100,
        "a list of 10,000": ["name IN (" + ",".join(["'ab'"] * 10_000) + ")"],
        "a pattern of 10,000": ["tags.commit ILIKE '" + "%_" * 5_000 + "'"],
        "a pattern of many parts": ["name ILIKE '" + "%a%e" * 100 + "'"],
        "a pattern that no name has": ["name LIKE '%zz%'"],
        "source_path ILIKE, 50": [f"source_path ILIKE '%{n}%{n}%x'" for n in range(50)],
        "100 runs": [f"run_id != '{n}'" for n in hundred],
        "50,000 blanks": [" " * 50_000 + "name = 'x'"],
        "10,000 ANDs": ["AND " * 10_000 + "name = 'x'"],
        "30,000 quotes": ["name = '" + "''" * 25_000],
    }
    for kind in ("registered-models", "model-versions"):
        for case, comparisons in filters.items():
            query = urlencode({"filter": " AND ".join(comparisons), "max_results": 1000})
            yield _get(f"search of {kind}", case, f"{MLFLOW}/{kind}/search?{query}")
        ordered = urlencode(
            {"order_by": ["last_updated_timestamp DESC", "name ASC"], "filter": "name LIKE '%x%x%'"}, True
        )
        yield _get(f"search of {kind}", "ordered by two", f"{MLFLOW}/{kind}/search?{ordered}")
    for kind, attribute in (
        ("Users", "emails.value"),
        ("Users", "userName"),
        ("Groups", "members.value"),
        ("Groups", "displayName"),
    ):
        text = " or ".join([f'{attribute} co "a"'] * 90)[:3900]
        yield _get(
            f"SCIM {kind}",
            f"many comparisons of {attribute}",
            f"{SCIM}/{kind}?{urlencode({'filter': text.rpartition(' or ')[0], 'count': 1000})}",
        )


def various_searches() -> Iterator[Request]:
    """Searches of different shapes, so that no query plan is cached."""
    for number in range(200):
        ways = [("=", "!=", "LIKE", "ILIKE")[(number * 7 + n * n) % 4] for n in range(100)]
        text = " AND ".join(f"tags.k{n} {way} 'v{number}%'" for n, way in enumerate(ways))
        yield _get("search", "of its own shape", f"{MLFLOW}/model-versions/search?{urlencode({'filter': text})}")


def long_answers() -> Iterator[Request]:
    yield _get("versions", "a page of 200,000", f"{MLFLOW}/model-versions/search?max_results=200000")
    yield _get("versions", "of the huge model", f"{MLFLOW}/model-versions/search?filter=name+%3D+'{HUGE}'")
    yield _get("models", "a page of 1000", f"{MLFLOW}/registered-models/search?max_results=1000")
    yield _get("inbox", "a page of 1000", f"{MLFLOW}/transition-requests/list?max_results=1000")
    yield _get("feed", "a page of 1000", f"{MLFLOW}/activities/list?max_results=1000")
    yield _get("feed", "of the huge model", f"{MLFLOW}/activities/list?name={HUGE}&max_results=1000")
    yield _get("feed", "of nobody", f"{MLFLOW}/activities/list?user=nobody&max_results=1000")
    yield _get("feed", "of a rare type", f"{MLFLOW}/activities/list?activity_type=NEW_COMMENT&max_results=1000")
    yield _get("users", "a page of 1000", f"{SCIM}/Users?count=1000")
    yield _get("openapi.json", "", "/openapi.json")


def large_changes() -> Iterator[Request]:
    """By an administrator."""
    members = [{"value": f"{number + 10**15}"} for number in range(PEOPLE)]
    entries = [{"user_name": f"user-{number:05}", "permission_level": "CAN_READ"} for number in range(1000)]
    tags = [{"key": f"k{number}", "value": "v" * 100} for number in range(1000)]
    yield _change(
        "PUT", f"group of {PEOPLE:,}", f"{SCIM}/Groups/{1:016}", id="1", displayName="team-risk", members=members
    )
    patch = [{"op": "add", "path": "members", "value": members}]
    yield _change("PATCH", f"group, {PEOPLE:,} members again", f"{SCIM}/Groups/{2:016}", Operations=patch)
    yield _get("group", f"of {PEOPLE:,}", f"{SCIM}/Groups/{1:016}")
    yield _get("groups", "a page of 1000", f"{SCIM}/Groups?count=1000")
    yield _change(
        "PUT",
        "permissions of 1000",
        f"/api/2.0/permissions/registered-models/{model_id(1)}",
        access_control_list=entries,
    )
    yield _get("permissions", "of 1000", f"/api/2.0/permissions/registered-models/{model_id(1)}")
    yield _change(
        "PUT",
        "registry-wide permissions of 1000",
        "/api/2.0/permissions/registered-models/root",
        access_control_list=entries,
    )
    yield _change("POST", "model with 1000 tags", f"{MLFLOW}/registered-models/create", name="tagged", tags=tags)
    yield _change(
        "POST", "version with 1000 tags", f"{MLFLOW}/model-versions/create", name="tagged", source="s3://x/y", tags=tags
    )
    large = [{"key": f"k{number}", "value": "v" * 100_000} for number in range(39)]
    yield _change(
        "POST",
        "version with tags of 4 MB",
        f"{MLFLOW}/model-versions/create",
        name="tagged",
        source="s3://x/y",
        tags=large,
    )
    move = {"name": HUGE, "version": "1", "stage": "Production", "archive_existing_versions": True}
    yield _change("POST", "transition that archives 60,000", f"{MLFLOW}/model-versions/transition-stage", **move)
    yield _change(
        "POST", "rename of the huge model", f"{MLFLOW}/registered-models/rename", name=HUGE, new_name="huge-2"
    )
    yield _change("DELETE", "the huge model", f"{MLFLOW}/registered-models/delete", name="huge-2")
    yield _change("DELETE", f"group of {PEOPLE:,}", f"{SCIM}/Groups/{1:016}")


def _get(route: str, case: str, target: str) -> Request:
    return Request(route, case, "GET", target, None)


def _change(method: str, case: str, target: str, **body: object) -> Request:
    return Request(method, case, method, target, json.dumps(body).encode())


@contextmanager
def _copied(registry: Filled) -> Iterator[str]:
    """A copy of the database, with many users, and all versions of the huge model in Production."""
    with tempfile.TemporaryDirectory() as folder:
        database = str(Path(folder) / "registry.db")
        shutil.copy(registry.database, database)
        with writing(database) as connection:
            made = {"kind": "user", "active": True, "creation_timestamp": 1}
            callers = (
                {"id": f"{n + 10**15}", "name": f"user-{n:05}", "name_key": f"user-{n:05}"} | made
                for n in range(PEOPLE)
            )
            put(connection, principals, callers)
            huge = select(model_versions.c.model_id).group_by(model_versions.c.model_id).having(func.count() > 1000)
            of_huge = update(model_versions).where(model_versions.c.model_id.in_(huge))
            connection.execute(of_huge.values(stage="Production"))
        yield database


def _row(sent: Sent, seen: Measurements) -> tuple[object, ...]:
    statuses = " ".join(f"{status}" if count == 1 else f"{status} x{count}" for status, count in sent.statuses.items())
    name = f"{sent.request.route}: {sent.request.case}".rstrip(": ")
    delays = (seen.percentile(50), seen.percentile(99), seen.percentile(100))
    return (name, sent.by, sent.slowest * 1000, statuses, *delays, seen.late, seen.memory)


class Part(NamedTuple):
    """A table, and its requests. ``worst``: the number of rows to show, those with the longest waits of others."""

    title: str
    send: Callable[[Sender], list[Sent]]
    worst: int


def _each(requests: Iterable[Request], *callers: str) -> Callable[[Sender], list[Sent]]:
    return lambda sender: [sender.once(request, by) for request in requests for by in callers]


def _both(requests: Iterable[Request]) -> Callable[[Sender], list[Sent]]:
    """By an administrator, whose requests are not refused before they are parsed; changes by others, too."""

    def send(sender: Sender) -> list[Sent]:
        return [
            sender.once(request, by)
            for request in requests
            for by in (("admin",) if request.method == "GET" else ("admin", "somebody"))
        ]

    return send


def _at_once(seconds: float, connections: int) -> Callable[[Sender], list[Sent]]:
    def flood(sender: Sender) -> list[Sent]:
        bodies = [each for each in largest_requests() if each.body is not None and each.method == "POST"]
        return [
            sender.flood(name, requests, connections, seconds)
            for name, requests in {
                "largest bodies": [(each, "somebody") for each in bodies[:: max(1, len(bodies) // 60)]],
                "largest bodies, by an administrator": [
                    (each, "admin") for each in bodies[:: max(1, len(bodies) // 60)]
                ],
                "searches": [(each, "reader") for each in searches()],
                "searches, each of its own shape": [(each, "reader") for each in various_searches()],
                "long answers": [(each, "reader") for each in long_answers()],
                "long answers, by an administrator": [(each, "admin") for each in long_answers()],
            }.items()
        ]

    return flood


def _nothing(sender: Sender) -> list[Sent]:
    began = time.monotonic()
    time.sleep(3)
    return [Sent(Request("nothing", "", "", "", None), "", {}, began, time.monotonic(), 0.0)]


@click.command()
@click.option("--models", default=20_000, show_default=True, help="Besides one of 60,000 versions.")
@click.option("--kept", type=click.Path(path_type=Path), help="A folder where the filled registry is cached.")
@click.option("--seconds", default=5.0, show_default=True, help="For which each flood of requests lasts.")
@click.option("--connections", default=8, show_default=True, help="Of a flood.")
@click.option("--only", multiple=True, help="Words of the titles of the tables to make.")
@click.option("--route", "part_of_route", default="", help="Only the routes that have this in their name.")
@click.option(
    "--one-in", default=1, show_default=True, help="Of so many of the largest bodies and queries, one is sent."
)
@click.option("--worst", default=15, show_default=True, help="Rows shown of the first table.")
def main(
    *,
    models: int,
    kept: Path | None,
    seconds: float,
    connections: int,
    only: tuple[str, ...],
    part_of_route: str,
    one_in: int,
    worst: int,
) -> None:
    """Fill a registry, send all requests, and print the tables."""
    bodies = (each for each in islice(largest_requests(), 0, None, one_in) if part_of_route in each.route)
    parts = [
        Part("Nobody else", _nothing, 1),
        Part("The largest bodies and queries of each route", _both(bodies), worst),
        Part("Searches", _each(searches(), "reader", "admin"), 12),
        Part("Long answers", _each(long_answers(), "reader", "admin"), 12),
        Part(f"{connections} at once, for {seconds:.0f} s", _at_once(seconds, connections), 10),
        Part("Large changes", _each(large_changes(), "admin"), 20),
    ]
    with tempfile.TemporaryDirectory() as folder:
        registry = filled(kept or Path(folder), models)
        with _copied(registry) as database, Server(Path(folder), database) as server:
            url = server.start()
            tokens = {"admin": registry.admin_token, "reader": registry.reader_token}
            sender = Sender(url, tokens)
            tokens["somebody"] = _somebody(url, registry.admin_token)
            print_heading(f"Stalls: {models:,} models", "uvicorn", "pydantic")
            for part in parts:
                if only and not any(word in part.title for word in only):
                    continue
                with Probe(
                    url, registry.admin_token, f"{MLFLOW}/registered-models/get?name={VICTIM}", server.pid
                ) as probe:
                    sent = part.send(sender)
                seen = probe.during((each.began, each.ended) for each in sent)
                rows = sorted(zip(sent, seen, strict=True), key=lambda row: -row[1].percentile(100))
                whole = Measurements(
                    sorted(delay for each in seen for delay in each.delays),
                    max(each.memory for each in seen),
                    max(each.late for each in seen),
                )
                print(f"{part.title}: {len(sent):,} requests, of which the worst are\n")
                print_table(COLUMNS, [_row(*row) for row in rows[: part.worst]])
                summary = (
                    "All of them: p50 {:.1f} ms, p99 {:.1f} ms, longest {:.0f} ms (machine {:.0f} ms), {:.0f} MiB.\n"
                )
                print(
                    summary.format(*(whole.percentile(percent) for percent in (50, 99, 100)), whole.late, whole.memory),
                    flush=True,
                )


def _somebody(url: str, admin_token: str) -> str:
    """The token of a service principal without permissions."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT)
    headers = {"Authorization": f"Bearer {admin_token}"}

    def call(path: str, **body: object) -> dict[str, str]:
        connection.request("POST", path, json.dumps(body), headers)
        answer: dict[str, str] = json.loads(connection.getresponse().read())
        return answer

    application = call(f"{SCIM}/ServicePrincipals", displayName="somebody")["applicationId"]
    made = call("/api/2.0/token-management/on-behalf-of/tokens", application_id=application)
    connection.close()
    return made["token_value"]


if __name__ == "__main__":
    main()
