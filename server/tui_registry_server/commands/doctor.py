"""``doctor``: whether a server with these options would run well, with the same options as ``serve``."""

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from tui_registry_server.output import print_lines
from tui_registry_server.program import FAILED
from tui_registry_server.wire import diagnosis
from tui_registry_server.wire.diagnosis import Status

if TYPE_CHECKING:
    from tui_registry_server.service import Options

HELP = """Check whether a server with these options would run well: they are those of 'serve'.

Looks at the database, its schema and audit log, the clock, disks, permissions, backups, the TLS certificate, the
tracking server, the OpenID provider, the mail server and webhooks' receivers. It changes nothing, and the server may
run meanwhile. Exits with 1 if anything fails.
"""


def doctor(serve: click.Command) -> click.Command:
    """The command, for the options that ``serve`` takes."""

    def run(*, as_json: bool, **options: Any) -> None:
        click.get_current_context().invoke(serve, **options, use=lambda given: _examine(given, as_json=as_json))

    as_json = click.Option(["--json", "as_json"], is_flag=True, help="Print JSON.")
    settings = [each for each in serve.params if each.expose_value]
    return type(serve)("doctor", callback=run, params=[*settings, as_json], help=HELP)


def _examine(options: "Options", *, as_json: bool) -> None:
    from tui_registry_server.doctor.checks import CHECKS, explain
    from tui_registry_server.doctor.subject import Server

    found = diagnosis.examine(Server(options), CHECKS, explain)
    print_lines([json.dumps(diagnosis.as_json(found))] if as_json else diagnosis.as_lines(found))
    if diagnosis.worst(found) == Status.FAIL:
        sys.exit(FAILED)
