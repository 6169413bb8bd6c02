"""URLs of PostgreSQL are parsed as by libpq, and redacted in messages."""

from pathlib import Path

import pytest

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.store.engine import database_url, make_engine, redact_url
from tui_registry_server.store.postgresql_url import parameters

WRITE = {"target_session_attrs": "read-write"}
URLS = [
    ("postgresql://", {}),
    ("postgresql://localhost", {"host": "localhost"}),
    ("postgres://ada:pw@localhost:5433/r", {"user": "ada", "password": "pw", "host": "localhost", "port": "5433"}),
    ("postgresql:///r?host=/var/run/postgresql", {"host": "/var/run/postgresql"}),
    ("postgresql://%2Fvar%2Frun%2Fpostgresql/r", {"host": "/var/run/postgresql"}),
    ("postgresql://ada@/r?port=5433&host=db", {"user": "ada", "host": "db", "port": "5433"}),
    ("postgresql://[::1]:5432/r", {"host": "::1", "port": "5432"}),
    ("postgresql://one:5432,two:5433/r", {"host": "one,two", "port": "5432,5433"} | WRITE),
    ("postgresql://one,two:5433,[fe80::1]/r", {"host": "one,two,fe80::1", "port": ",5433,"} | WRITE),
    ("postgresql://one,two/r?port=5433", {"host": "one,two", "port": "5433"} | WRITE),
    ("postgresql:///r?host=one,two&port=1,2", {"host": "one,two", "port": "1,2"} | WRITE),
    (
        "postgresql://one,two/r?target_session_attrs=primary",
        {"host": "one,two", "port": ",", "target_session_attrs": "primary"},
    ),
    (
        "postgresql://one,two/r?target_session_attrs=any",
        {"host": "one,two", "port": ",", "target_session_attrs": "any"},
    ),
    ("postgresql://one/r?target_session_attrs=read-write", {"host": "one"} | WRITE),
    (
        "postgresql://one,two/r?load_balance_hosts=random&connect_timeout=3",
        {"host": "one,two", "port": ",", "load_balance_hosts": "random", "connect_timeout": "3"} | WRITE,
    ),
    ("postgresql:///?service=registry", {"service": "registry"}),
    ("postgresql://db/r?ssl=true", {"host": "db", "sslmode": "require"}),
    ("postgresql://db/r?user=a%40b&password=p%2Fw", {"host": "db", "user": "a@b", "password": "p/w"}),
    ("postgresql://a:p%40%3A%2F%3Fw@db/r%20s", {"host": "db", "user": "a", "password": "p@:/?w", "dbname": "r s"}),
    ("postgresql+psycopg://db/r", {"host": "db"}),
    ("postgresql:///r?host=one:5432&host=two:5433", {"host": "one,two", "port": "5432,5433"} | WRITE),  # SQLAlchemy's
    ("postgresql:///r?host=one&host=two", {"host": "one,two"} | WRITE),
    ("postgresql:///r?host=[::1]:5432", {"host": "::1", "port": "5432"}),
]


@pytest.fixture(autouse=True)
def _nothing_said_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("PGHOST", "PGPORT", "PGSERVICE", "PGCONNECT_TIMEOUT", "PGTARGETSESSIONATTRS", "PGOPTIONS"):
        monkeypatch.delenv(variable, raising=False)


def given(location: str) -> dict[str, str]:
    """The parameters for libpq, without the defaults."""
    found = parameters(database_url(location))
    assert int(found["connect_timeout"]) > 0
    always = {"connect_timeout": "5", "keepalives_idle": "30", "tcp_user_timeout": "30000"}
    always |= {"application_name": "tui-registry", "dbname": "r"}
    return {name: value for name, value in found.items() if always.get(name) != value}


@pytest.mark.parametrize(("location", "expected"), URLS, ids=[location for location, _ in URLS])
def test_what_a_url_says(location: str, expected: dict[str, str]) -> None:
    assert given(location) == expected


@pytest.mark.parametrize(
    ("location", "redacted"),
    [
        ("postgresql://ada:pw@one:5432,[::1]/r?sslpassword=pw", "postgresql://ada:***@one:5432,[::1]/r"),
        ("postgresql:///r?user=ada&password=pw&host=/tmp", "postgresql://ada:***@%2Ftmp/r"),
        ("postgresql://one,two/r?port=5433", "postgresql://one:5433,two:5433/r"),
        ("postgresql:///?service=registry", "postgresql:///?service=registry"),
    ],
)
def test_redacted_urls(location: str, redacted: str) -> None:
    assert redact_url(location) == redacted


@pytest.mark.parametrize(
    "location",
    [
        "postgresql://ada:x@SECRET@db/r",
        "postgresql://ada:x@y:SECRET@db:1/r",
        "postgresql://ada:SEC/RET@db/r",
        "postgresql://ada:1/SECRET@db/r",
        "postgresql://ada:1/SECRET?SECRET@db/r",
        "postgresql://ada:1/x?SECRET=SECRET@db/r",
        "postgresql://ada:%SECRET@db/r",
        "postgresql://ada:SECRET@db:port/r",
        "postgresql://ada:SECRET@db:0/r",
        "postgresql://ada:SECRET@db:65536/r",
        "postgresql://ada:SECRET@[::1/r",
        "postgresql://ada:SECRET%00@db/r",
        "postgresql://ada:SECRET%ff@db/r",
        "postgresql://ada:SECRET@db/r?sslmode",
    ],
)
def test_what_cannot_be_read_is_not_quoted(location: str) -> None:
    with pytest.raises(InvalidParameterValue, match="URL is invalid") as raised:
        database_url(location)
    assert "SECRET" not in str(raised.value)


def test_a_parameter_that_libpq_does_not_know() -> None:
    with pytest.raises(InvalidParameterValue, match="a parameter 'targetServerType' that") as raised:
        database_url("postgresql://ada:SECRET@db/r?targetServerType=primary")
    assert "SECRET" not in str(raised.value)


@pytest.mark.parametrize("attributes", ["standby", "read-only", "prefer-standby"])
def test_a_standby_is_for_reading(attributes: str) -> None:
    url = database_url(f"postgresql://one,two/r?target_session_attrs={attributes}")
    make_engine(url, write=False).dispose()  # for a backup, for example
    with pytest.raises(InvalidParameterValue, match="cannot be written to"):
        make_engine(url, write=True)


def test_what_is_said_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From a service, whose hosts psycopg would not find, or from variables; the URL takes precedence."""
    services = tmp_path / "services"
    services.write_text("[registry]\nhost=one,two\nport=1,2\nconnect_timeout=7\noptions=-c x=y\ndbname=elsewhere\n")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    hosts = {"host": "one,two", "port": "1,2", "connect_timeout": "7", "options": "-c x=y"} | WRITE
    assert given("postgresql:///?service=registry") == hosts | {"service": "registry"}
    assert given("postgresql://three:3/?service=registry&connect_timeout=4") == {
        "service": "registry",
        "host": "three",
        "port": "3",
        "connect_timeout": "4",
        "options": "-c x=y",
    }
    monkeypatch.setenv("PGHOST", "one,two")
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "9")
    assert given("postgresql:///r") == {"host": "one,two", "connect_timeout": "9"} | WRITE
