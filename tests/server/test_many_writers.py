"""Many concurrent writers of the same models, with readers: nothing is lost, nothing is refused."""

from tests.benchmarks.http_load import Script, expect_ok, request, run
from tests.benchmarks.writing import API, Writing, busy_model
from tests.live_registry import LiveRegistry, command
from tests.server.api import Api

WRITERS = 64
READERS = 4
SECONDS = 3.0


def test_many_writers_at_once(fresh_registry: LiveRegistry) -> None:
    """And again while the command line writes, too."""

    def reader(number: int) -> Script:
        while True:
            name = busy_model(number)
            answer = yield request("GET", f"{API}/registered-models/get", token=fresh_registry.admin_token, name=name)
            assert expect_ok(answer).json["registered_model"]["name"] == name

    with Api(fresh_registry.url, fresh_registry.admin_token) as api:
        writing = Writing(api)
        for _ in range(2):
            scripts = [writing.script(number) for number in range(WRITERS)]
            run(fresh_registry.url, [*scripts, *(reader(number) for number in range(READERS))], SECONDS)
            command(fresh_registry.database, "users", "create", f"user-{len(writing.latencies)}")
        writing.check()
