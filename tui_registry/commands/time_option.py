"""Options that take a time: a date, or a duration before now."""

import time

import click


def parse_time(_context: click.Context, _option: click.Parameter, value: str | None) -> int | None:
    """The callback of such an option: milliseconds since the epoch."""
    from tui_registry.queries.search_syntax import parse_moment

    if value is None:
        return None
    moment = parse_moment(value, time.time())
    if moment is None:
        raise click.BadParameter(f"'{value}' is neither a duration such as 30m, 12h, 7d or 2w, nor a date.")
    return moment
