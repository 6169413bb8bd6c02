"""URLs of PostgreSQL, parsed by libpq itself (PostgreSQL's manual, "Connection URIs"): several hosts, socket folders,
services, and all of libpq's parameters."""

import os
import re
from urllib.parse import parse_qsl, quote

from sqlalchemy import URL

from tui_registry_server.rules.errors import InvalidParameterValue

DRIVER = "postgresql+psycopg"
INVALID_URL_MESSAGE = (
    "The database's URL is invalid. It is written as postgresql://user@host:5432/registry, with several hosts "
    "as postgresql://user@one:5432,two:5432/registry; in a user's name or a password, characters such as @ : / are "
    "written as %40 %3A %2F."
)
MAX_PORT = 65535

_DEFAULTS = {
    "connect_timeout": "5",  # seconds, for each address
    "keepalives_idle": "30",  # seconds
    "tcp_user_timeout": "30000",  # milliseconds that sent data may go unacknowledged
    "application_name": "tui-registry",
}
"""Defaults of libpq's parameters: a server that has disappeared is detected within half a minute."""

_HOST_SETTINGS = ("host", "hostaddr", "port", "connect_timeout", "target_session_attrs", "load_balance_hosts")
_SERVICE_VARIABLES = {"service": "PGSERVICE", "servicefile": "PGSERVICEFILE"}
_HOST_AND_PORT = re.compile(r"(?P<host>[^:/\[\]]+|\[[^\]]+\]):(?P<port>\d+)")
_NAME = re.compile(r"\w+", re.ASCII)


def postgresql_url(location: str) -> URL:
    """Parse ``postgresql://`` or ``postgres://``, also with the name of SQLAlchemy's driver, and several hosts in
    SQLAlchemy's form: ``?host=one:5432&host=two:5432``. Everything but user, password and database is in ``query``.

    Raises InvalidParameterValue with a message that contains no part of a password.
    """
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    rest = location.partition("://")[2]
    authority, _, path = rest.partition("?")[0].partition("/")
    query = rest.partition("?")[2]
    try:
        found = {name: str(value) for name, value in conninfo_to_dict(f"postgresql://{rest}").items() if value}
    except (ProgrammingError, ValueError):  # whose message quotes the URL
        raise InvalidParameterValue(_unknown_parameter(query) or INVALID_URL_MESSAGE) from None
    if "@" in path:  # a password with a slash: what is before it was parsed as a host
        raise InvalidParameterValue(INVALID_URL_MESSAGE)
    given = parse_qsl(query, keep_blank_values=True)
    for name in ("host", "port"):
        if len(several := [value for key, value in given if key == name]) > 1:
            found[name] = ",".join(several)
    _separate_ports(found)
    if any("@" in host[1:] for host in found.get("host", "").split(",")) or not _are_ports(found.get("port", "")):
        raise InvalidParameterValue(INVALID_URL_MESSAGE)  # with a password that was not escaped
    if authority.count("@") > 1:
        raise InvalidParameterValue(INVALID_URL_MESSAGE)
    return URL.create(
        DRIVER,
        username=found.pop("user", None),
        password=found.pop("password", None),
        database=found.pop("dbname", None),
        query=found,
    )


def _unknown_parameter(query: str) -> str | None:
    """The message about a parameter that libpq does not know, unless it may be a part of a password."""
    from psycopg.pq import Conninfo

    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    for name, _ in parse_qsl(query, keep_blank_values=True):
        if name not in known and _NAME.fullmatch(name) and "@" not in query:
            return (
                f"The database's URL has a parameter '{name}' that PostgreSQL's library does not know. Check its "
                "spelling: parameters are written as ?sslmode=require&connect_timeout=5."
            )
    return None


def _separate_ports(found: dict[str, str]) -> None:
    """Split hosts with ports in the query into libpq's form: two lists of the same length."""
    hosts = found.get("host", "").split(",")
    parts = [_HOST_AND_PORT.fullmatch(host) for host in hosts]
    if not any(parts):
        return
    found["host"] = ",".join(
        part["host"].strip("[]") if part else host for part, host in zip(parts, hosts, strict=True)
    )
    found["port"] = ",".join(part["port"] if part else "" for part in parts)


def _are_ports(ports: str) -> bool:
    return all(not port or (port.isdecimal() and 0 < int(port) <= MAX_PORT) for port in ports.split(","))


def parameters(url: URL) -> dict[str, str]:
    """The parameters for libpq of a parsed URL. By default, the first writable one of several hosts is used: a standby
    may be behind."""
    given = {name: str(value) for name, value in url.query.items()}
    named = {"user": url.username, "password": None if url.password is None else str(url.password)}
    given |= {name: value for name, value in (named | {"dbname": url.database}).items() if value}
    from_environment = _from_environment(given)
    # libpq itself reads the environment, but psycopg, which tries the hosts one after another, does not.
    found = {name: from_environment[name] for name in _HOST_SETTINGS if name in from_environment} | given
    if "options" in from_environment:
        found.setdefault("options", from_environment["options"])
    if has_several_hosts(found):
        found.setdefault("target_session_attrs", "read-write")
    return {name: value for name, value in _DEFAULTS.items() if name not in from_environment} | found


def has_several_hosts(found: dict[str, str]) -> bool:
    """Whether there is more than one host."""
    return any("," in found.get(name, "") for name in ("host", "hostaddr"))


def _from_environment(given: dict[str, str]) -> dict[str, str]:
    """The parameters of the service file, or else of the environment, that differ from libpq's defaults."""
    from psycopg.pq import Conninfo

    before = {variable: os.environ.get(variable) for variable in _SERVICE_VARIABLES.values()}
    os.environ.update({_SERVICE_VARIABLES[name]: value for name, value in given.items() if name in _SERVICE_VARIABLES})
    try:
        options = Conninfo.get_defaults()
    finally:
        for variable, value in before.items():
            os.environ.pop(variable, None)
            if value is not None:
                os.environ[variable] = value
    return {
        option.keyword.decode(): option.val.decode()
        for option in options
        if option.val is not None and option.val != option.compiled
    }


def redacted_url(url: URL) -> str:
    """The URL for messages and logs, without secrets."""
    hosts = str(url.query.get("host", "")).split(",")
    ports = str(url.query.get("port", "")).split(",")
    if len(ports) != len(hosts):
        ports = ports[:1] * len(hosts)
    where = ",".join(
        (f"[{host}]" if ":" in host else quote(host, safe="@")) + (f":{port}" if port else "")
        for host, port in zip(hosts, ports, strict=True)
    )
    who = quote(url.username or "", safe="") + (":***" if url.password else "")
    service = f"?service={quote(str(url.query['service']), safe='')}" if "service" in url.query else ""
    return f"postgresql://{who}{'@' if who else ''}{where}/{quote(url.database or '', safe='')}{service}"
