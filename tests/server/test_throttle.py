"""Clients that try invalid tokens are throttled; those with valid tokens are not."""

import http.client
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from tests.live_registry import LiveRegistry, serving
from tests.server.api import Answer, Api
from tests.server.database_state import changing
from tui_registry_server.commands import main
from tui_registry_server.http.connection_limiter import client_key
from tui_registry_server.http.throttle import Throttle
from tui_registry_server.rules.errors import RequestLimitExceeded
from tui_registry_server.rules.limits import Limits
from tui_registry_server.store.tables import activities

ME = "/preview/scim/v2/Me"
MAX_FAILURES = 5
PROXY = "127.0.0.9"


@pytest.fixture
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """A server that forgives one failed attempt per second, and trusts one proxy."""
    limits = ("--limit", f"failed_attempts={MAX_FAILURES}", "--limit", "failed_attempts_per_minute=60")
    with serving(tmp_path_factory.mktemp("strict"), *limits, "--trusted-proxy", PROXY) as live:
        yield live


def ask(registry: LiveRegistry, token: str, *, source: str = "127.0.0.1", forwarded: str | None = None) -> Answer:
    """The owner of a token, requested from a loopback address, and for an address that is said to be behind it."""
    where = urlsplit(registry.url).netloc
    with closing(http.client.HTTPConnection(where, timeout=60, source_address=(source, 0))) as connection:
        headers = {"Authorization": f"Bearer {token}"} | ({} if forwarded is None else {"X-Forwarded-For": forwarded})
        connection.request("GET", f"/api/2.0{ME}", headers=headers)
        response = connection.getresponse()
        return Answer(ME, response.status, response.read(), dict(response.headers))


def statuses(registry: LiveRegistry, token: str, times: int, **named: str) -> list[int]:
    return [ask(registry, f"{token}{number}", **named).status for number in range(times)]


def test_bad_tokens_are_throttled_and_good_ones_are_not(strict: LiveRegistry) -> None:
    good, fresh = strict.token("neighbour"), strict.token("new_user")
    assert ask(strict, good).status == 200
    outcomes = Counter(statuses(strict, "tr_guess", 40))
    assert set(outcomes) == {401, 429}
    assert MAX_FAILURES <= outcomes[401] < 20
    refused = ask(strict, "tr_guess")
    message = refused.refused(429, "REQUEST_LIMIT_EXCEEDED")
    assert "address" in message
    wait = int({name.lower(): value for name, value in refused.headers.items()}["retry-after"])
    assert 1 <= wait <= 2
    served = [ask(strict, good).status for _ in range(20)]
    assert served == [200] * 20
    # A change of principals does not throttle a neighbour.
    with Api(strict.url, good) as api:
        api.post("/token/create").ok()
    assert ask(strict, good).status == 200
    assert ask(strict, fresh).status in (200, 429)  # it was never used from here, and may be throttled
    assert ask(strict, fresh, source="127.0.0.2").status == 200
    assert ask(strict, "tr_guess", source="127.0.0.2").status == 401
    time.sleep(wait)
    assert ask(strict, fresh).status == 200
    print(f"\n40 guesses: {dict(outcomes)}, 20 good calls meanwhile: {Counter(served)}")


def test_a_token_that_was_good_counts_when_it_is_not(strict: LiveRegistry) -> None:
    """A revoked token is an invalid one, however often it was used before."""
    with Api(strict.url, strict.admin_token) as admin:
        made = admin.post("/token/create").ok()
        assert ask(strict, made["token_value"]).status == 200
        admin.post("/token/delete", token_id=made["token_info"]["token_id"]).ok()
        outcomes = [ask(strict, made["token_value"]).status for _ in range(20)]
        assert (outcomes[0], outcomes[-1]) == (401, 429)
        expired = admin.post("/token/create", lifetime_seconds=1).ok()["token_value"]
        time.sleep(2)
        for _ in range(20):
            ask(strict, expired)
        assert ask(strict, expired).status == 429


def test_only_a_proxy_that_was_named_says_for_whom_it_speaks(strict: LiveRegistry) -> None:
    assert 429 in statuses(strict, "tr_x", 20, source=PROXY, forwarded="203.0.113.1")
    assert ask(strict, "tr_x", source=PROXY, forwarded="203.0.113.1").status == 429
    assert ask(strict, "tr_x", source=PROXY, forwarded="203.0.113.2").status == 401
    # Entries that the client has added are ignored.
    assert ask(strict, "tr_x", source=PROXY, forwarded="203.0.113.3, 203.0.113.1").status == 429
    # Clients cannot hide their failures by it, nor attribute them to others.
    for number in range(30):
        ask(strict, "tr_x", source="127.0.0.5", forwarded=f"203.0.113.{number + 10}")
    assert ask(strict, "tr_x", source="127.0.0.5", forwarded="203.0.113.200").status == 429
    assert ask(strict, "tr_x", source=PROXY, forwarded="203.0.113.12").status == 401


def test_without_a_proxy_the_header_says_nothing(fresh_registry: LiveRegistry) -> None:
    """Not even on a loopback connection, which uvicorn would trust by default."""
    with Api(fresh_registry.url, fresh_registry.admin_token) as admin:
        body = b'{"name": "mine"}'
        admin.send("POST", "/mlflow/registered-models/create", body, {"X-Forwarded-For": "203.0.113.77"}).ok()
    with changing(fresh_registry.database) as connection:
        recorded = connection.execute(select(activities.c.address).where(activities.c.user_id == "admin")).scalars()
        assert set(recorded) == {"127.0.0.1"}


def test_addresses_that_are_one() -> None:
    assert client_key("2001:db8:1:2:3:4:5:6") == client_key("2001:db8:1:2::1") != client_key("2001:db8:1:3::1")
    assert client_key("::ffff:192.0.2.1") == client_key("192.0.2.1") != client_key("192.0.2.2")
    assert client_key(None) == client_key("")
    assert len(client_key("x" * 10_000)) == 100


def test_the_number_of_tracked_addresses_is_bounded() -> None:
    """The second failure of an address is one too many if the first one, of at most 6 seconds ago, is still tracked."""
    throttle = Throttle(Limits(failing_addresses=1000, failed_attempts=2, failed_attempts_per_minute=10))
    for number in range(100_000):
        throttle.record_failure(f"address {number}", now=number)
    for number, is_tracked in ((99_999, True), (99_000, True), (98_999, False), (1, False)):
        throttle.record_failure(f"address {number}", now=100_000)
        if is_tracked:
            with pytest.raises(RequestLimitExceeded):
                throttle.check(f"address {number}", now=100_000)
        else:
            throttle.check(f"address {number}", now=100_000)
    throttle.check("address 99999", now=200_000)


@pytest.mark.parametrize("proxy", ["*", "nobody", "10.0.0.0/33", "10.0.0.1/8", ""])
def test_proxies_that_are_none(proxy: str) -> None:
    result = CliRunner().invoke(main, ["serve", "--trusted-proxy", proxy])
    assert result.exit_code == 2
    assert "--trusted-proxy" in result.stderr
