"""Options of ``serve`` for those who operate it: what is watched, what is logged, how it ends. Each is a field of
service.Options of the same name."""

from collections.abc import Callable
from typing import TypedDict, TypeVar

import click

from tui_registry_server.output import LOG_FORMATS, LOG_LEVELS

Command = TypeVar("Command", bound=Callable[..., object])

DRAIN = 1.0  # seconds


class OperatingOptions(TypedDict):
    """Their values."""

    metrics_port: int | None
    metrics_host: str
    log_level: str
    log_format: str
    access_log: bool
    drain: float


_OPTIONS = (
    click.option(
        "--metrics-port",
        type=click.IntRange(0, 65535),
        help="Serve /metrics for Prometheus, /health and /ready on this port, without a token and without TLS.",
    ),
    click.option("--metrics-host", default="127.0.0.1", show_default=True, help="The address of this port."),
    click.option(
        "--log-level",
        type=click.Choice(LOG_LEVELS, case_sensitive=False),
        default="warning",
        show_default=True,
        help="The least severe messages that are logged, on stderr.",
    ),
    click.option(
        "--log-format",
        type=click.Choice(LOG_FORMATS),
        default="text",
        show_default=True,
        help="Lines for people, or JSON objects.",
    ),
    click.option("--access-log", is_flag=True, help="Log each request: id, user, route, status, milliseconds, bytes."),
    click.option(
        "--drain",
        metavar="SECONDS",
        default=DRAIN,
        show_default=True,
        type=click.FloatRange(0, 3600),
        help="Serve for this long after SIGTERM, not ready, so load balancers notice. A second one stops at once.",
    ),
)


def operating_options(command: Command) -> Command:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
